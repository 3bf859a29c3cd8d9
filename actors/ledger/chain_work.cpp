#include "actors/ledger/chain_work.hpp"

#include "actors/ledger/transaction.hpp"
#include "runtime/actor/failpoint.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"

#include <caf/blocking_actor.hpp>
#include <caf/send.hpp>
#include <caf/spawn_options.hpp>

#include <algorithm>
#include <thread>

namespace bpci::ledger {

namespace {

using std::chrono::milliseconds;

constexpr auto again_first = milliseconds{50};
constexpr auto again_max = milliseconds{500};

/// How often a page is tried that nobody waits for without end.
constexpr int attempts_max = 20;

/// Rows of the state in one query; a row has 200 bytes, most often.
constexpr std::size_t page_rows = 2'000;
constexpr std::size_t page_bytes = 4 << 20;
constexpr std::uint64_t drop_rows = 10'000;
constexpr std::size_t parts_page = 16;

/// The database, asked from an actor that may wait.
class desk {
public:
  desk(caf::blocking_actor* self, ledger_options_ptr how, stop_flag stop)
      : self_(self), how_(std::move(how)), stop_(std::move(stop)) {}

  [[nodiscard]] const ledger_options& how() const { return *how_; }
  [[nodiscard]] bool stopped() const { return *stop_; }

  /// Again while its failure may pass; `attempts` of 0: for as long as LEDGER lives.
  template <class T, class F>
  result<T> query(F what, int attempts = attempts_max) {
    auto pause = again_first;
    for (auto tried = 1;; ++tried) {
      if (stopped()) return fail(ec::shutting_down, "LEDGER has ended");
      auto got = once<T>(what);
      if (got || !may_pass(got.error().code) || tried == attempts) return got;
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, again_max);
    }
  }

private:
  static bool may_pass(ec code) {
    return code == ec::busy || code == ec::unavailable || code == ec::timeout
           || code == ec::restarted || code == ec::shutting_down;
  }

  template <class T, class F>
  result<T> once(const F& what) {
    result<T> out = fail(ec::unavailable, "the database");
    auto pool = how_->find(how_->pool);
    if (!pool) return out;
    auto bad = [&](const failure& why) { out = why; };
    if constexpr (std::is_void_v<T>)
      storage::run<T>(self_, pool, query_max, what).receive([&] { out = result<T>{}; }, bad);
    else
      storage::run<T>(self_, pool, query_max, what).receive([&](T x) { out = std::move(x); }, bad);
    return out;
  }

  caf::blocking_actor* self_;
  ledger_options_ptr how_;
  stop_flag stop_;
};

/// Thrown through a visitor, which can't return anything.
struct abandoned {
  failure why;
};

// -- the state as a whole ------------------------------------------------------------------

/// The database has nothing of any state but the live one behind this.
result<void> tidy(desk& at) {
  for (;;) {
    auto gone = at.query<std::uint64_t>([hold = at.how().hold](pqxx::work& tx) {
      return store::drop_other_editions(tx, hold, drop_rows);
    });
    if (!gone) return gone.error();
    if (*gone == 0) return {};
  }
}

/// Writes a state page by page under an edition that nobody else has.
class stager {
public:
  stager(desk& at, std::uint64_t edition) : desk_(at), edition_(edition) {}

  void add(std::string_view key, std::span<const std::uint8_t> value) {
    page_.push_back({std::string{key}, bytes{value.begin(), value.end()}});
    size_ += key.size() + value.size();
    if (page_.size() >= page_rows || size_ >= page_bytes) flush();
  }

  void flush() {
    if (page_.empty()) return;
    auto rows = std::make_shared<const std::vector<state_row>>(std::move(page_));
    auto done =
        desk_.query<void>([hold = desk_.how().hold, edition = edition_, rows](pqxx::work& tx) {
          return store::stage_state(tx, hold, edition, *rows);
        });
    if (!done) throw abandoned{done.error()};
    page_.clear();
    size_ = 0;
  }

private:
  desk& desk_;
  std::uint64_t edition_;
  std::vector<state_row> page_;
  std::size_t size_ = 0;
};

/// Its edition.
result<std::uint64_t> stage(desk& at, const state_trie& state) {
  if (auto clean = tidy(at); !clean) return clean.error();
  auto edition = at.query<std::uint64_t>(store::new_edition);
  if (!edition) return edition;
  try {
    stager to{at, *edition};
    state.for_each([&](auto key, auto value) { to.add(key, value); });
    to.flush();
  } catch (const abandoned& x) {
    return x.why;
  }
  return edition;
}

struct whole_state {
  state_trie state;
  std::uint64_t keys = 0;
};

result<whole_state> load_state(desk& at, std::uint64_t edition) {
  whole_state out;
  for (std::string after;;) {
    auto page = at.query<store::state_page>(
        [edition, after](pqxx::work& tx) {
          return store::read_state(tx, edition, after, page_rows);
        },
        0);
    if (!page) return page.error();
    if (page->rows.empty()) return out;
    after = page->last;
    out.keys += page->rows.size();
    std::vector<state_change> changes;
    changes.reserve(page->rows.size());
    for (auto& x : page->rows) {
      auto path = path_of(x.key);
      changes.push_back({path, std::move(x.key), std::move(x.value)});
    }
    out.state = out.state.apply(std::move(changes));
  }
}

// -- loading -----------------------------------------------------------------------------

using parts_list = std::vector<store::block_part>;

result<parts_list> load_parts(desk& at, height head) {
  parts_list out;
  auto from = head.get() + 1 > attendance_blocks ? head.get() + 1 - attendance_blocks : 0;
  while (from <= head.get()) {
    auto page = at.query<parts_list>(
        [from](pqxx::work& tx) { return store::read_parts(tx, height{from}, parts_page); }, 0);
    if (!page) return page;
    if (page->empty()) break;
    from = page->back().what.head.at.get() + 1;
    std::ranges::move(*page, std::back_inserter(out));
  }
  return out;
}

failure damaged(const std::string& what) {
  return fail(ec::storage_failed,
              what
                  + ": the stored chain is damaged. `bpci chain verify` shows where; or remove "
                    "the chain's tables' rows, and this node fetches the chain from others");
}

/// Heights whose validators are known, up to the head's.
std::vector<chain::past_height> recent_of(const parts_list& all) {
  std::vector<chain::past_height> out;
  constexpr std::size_t recent = 3;
  for (auto x = all.rbegin(); x != all.rend() && out.size() < recent; ++x) {
    if (x->validators.empty()) break;
    out.push_back({x->what.head.at, x->id, x->what.head.time, x->validators});
  }
  std::ranges::reverse(out);
  return out;
}

tip_start to_start(parts_list parts, whole_state state) {
  tip_start out;
  out.recent = recent_of(parts);
  const auto& last = parts.back();
  out.head = last.what.head;
  out.id = last.id;
  out.seals = last.seals;
  out.state = std::move(state.state);
  out.keys = state.keys;
  for (auto& x : parts)
    out.before.push_back(std::move(x.what));
  return out;
}

result<chain_at_hand> load_as_stored(desk& at, store::chain_row row) {
  for (;;) {
    auto state = load_state(at, row.edition);
    if (!state) return state.error();
    auto parts = load_parts(at, row.at);
    if (!parts) return parts.error();
    // A commit of this node's own that was in flight when LEDGER ended may have come between.
    auto again = at.query<std::optional<store::chain_row>>(store::find_chain, 0);
    if (!again) return again.error();
    if (*again && **again != row) {
      row = **again;
      continue;
    }
    if (parts->empty() || parts->back().what.head.at != row.at || parts->back().id != row.id
        || at.how().block_id(parts->back().what.head) != row.id)
      return damaged("block " + std::to_string(row.at.get()) + " is not the one that was stored");
    if (const auto& wanted = parts->back().what.head.state_root; state->state.root() != wanted)
      return damaged("the state has the root " + crypto::to_hex(state->state.root())
                     + ", the header of block " + std::to_string(row.at.get()) + " has "
                     + crypto::to_hex(wanted));
    return chain_at_hand{row, to_start(std::move(*parts), std::move(*state))};
  }
}

struct genesis_block {
  genesis what;
  consensus::sealed_block block;
  hash id{};
};

result<genesis_block> make_genesis(const ledger_options& how) {
  auto read = read_genesis(how.modules, how.genesis);
  if (!read) return fail(ec::config_invalid, "the genesis document: " + to_string(read.error()));
  genesis_block out{std::move(*read), {}, {}};
  out.block.what.head = genesis_header(out.what, how.genesis_hashes(out.what.validators));
  out.id = how.block_id(out.block.what.head);
  return out;
}

result<void> begin_chain(desk& at, const genesis_block& x) {
  auto edition = stage(at, x.what.state);
  if (!edition) return edition.error();
  const store::chain_row now{x.what.chain_id, x.id, *edition, height{0}, height{0}, x.id, 0};
  auto first =
      std::make_shared<const block_row>(to_row(x.block, x.id, x.what.validators, {}, {}, {}));
  auto done = at.query<void>(
      [hold = at.how().hold, now, first, keys = x.what.state.size()](pqxx::work& tx) {
        return store::replace_chain(tx, hold, std::nullopt, now, keys, std::span{first.get(), 1});
      });
  // Somebody was first: perhaps this node itself, whose answer was lost.
  if (!done && done.error().code != ec::conflict) return done;
  log::info("chain-begun", {{"chain", x.what.chain_id}, {"genesis", crypto::to_hex(x.id)}});
  return {};
}

result<chain_at_hand> load(desk& at) {
  auto first = make_genesis(at.how());
  if (!first) return first.error();
  auto row = at.query<std::optional<store::chain_row>>(store::find_chain, 0);
  if (row && !*row) {
    if (auto begun = begin_chain(at, *first); !begun) return begun.error();
    row = at.query<std::optional<store::chain_row>>(store::find_chain, 0);
  }
  if (!row) return row.error();
  if (!*row) return fail(ec::unavailable, "the chain was removed while it was begun");
  if ((*row)->genesis != first->id)
    return fail(ec::config_invalid,
                "the database has the chain " + (*row)->chain_id + " with the genesis block "
                    + crypto::to_hex((*row)->genesis) + ", the genesis document makes "
                    + first->what.chain_id + " with " + crypto::to_hex(first->id)
                    + ": name the document of that chain, or another database");
  if (auto clean = tidy(at); !clean) return clean.error();
  return load_as_stored(at, **row);
}

// -- restoring ----------------------------------------------------------------------------

/// The validators of an earlier block, where the header tells that they are the same.
std::vector<consensus::validator> validators_of(const consensus::header& x,
                                                const chain::final_header& at) {
  if (x.validators_hash == at.head.validators_hash) return at.validators;
  if (x.validators_hash == at.head.next_validators_hash) return at.next_validators;
  return {};
}

/// Those before the head keep only what tells who was there: nobody has executed them here.
std::vector<block_row> rows_of(const ledger_options& how, const restored_parts& x) {
  std::vector<block_row> out;
  for (const auto& one : x.before) {
    const auto& head = one->what.head;
    if (one == x.before.back()) {
      std::vector<hash> ids;
      for (const auto& encoded : one->what.transactions)
        ids.push_back(transaction_id(encoded));
      out.push_back(
          to_row({one->what, x.at.seals}, how.block_id(head), x.at.validators, ids, {}, {}));
    } else {
      out.push_back(to_row(without_transactions(*one), how.block_id(head),
                           validators_of(head, x.at), {}, {}, {}));
    }
  }
  return out;
}

tip_start to_start(const ledger_options& how, const restored_parts& x, state_trie state) {
  parts_list parts;
  for (const auto& one : x.before)
    parts.push_back({without_transactions(*one).what, how.block_id(one->what.head), one->seals,
                     validators_of(one->what.head, x.at)});
  parts.back().seals = x.at.seals;
  auto keys = state.size();
  auto out = to_start(std::move(parts), whole_state{std::move(state), keys});
  out.last = std::make_shared<const consensus::sealed_block>(
      consensus::sealed_block{x.before.back()->what, x.at.seals});
  return out;
}

result<chain_at_hand> restore(desk& at, const store::chain_row& present, const restored_parts& x) {
  auto state = x.state->finish();
  if (!state) return state.error();
  auto edition = stage(at, *state);
  if (!edition) return edition.error();
  failpoint("chain-restore-staged");
  auto now = present;
  now.edition = *edition;
  now.first = now.at = x.at.head.at;
  now.id = at.how().block_id(x.at.head);
  now.transactions = x.before.back()->what.transactions.size();
  auto rows = std::make_shared<const std::vector<block_row>>(rows_of(at.how(), x));
  auto done = at.query<void>(
      [hold = at.how().hold, present, now, rows, keys = state->size()](pqxx::work& tx) {
        auto there = store::find_chain(tx);
        if (there == now) return result<void>{}; // done before, and the answer was lost
        return store::replace_chain(tx, hold, present, now, keys, *rows);
      });
  if (!done) return done.error();
  // What is left of the old state is in nobody's way: the next start removes it as well.
  if (auto clean = tidy(at); !clean)
    log::warn("chain-state-not-tidied", {{"code", name(clean.error().code)}});
  return chain_at_hand{now, to_start(at.how(), x, std::move(*state))};
}

// -- snapshots ------------------------------------------------------------------------------

result<void> write_snapshot(desk& at, const state_trie& state, const std::string& chain_id,
                            height of) {
  try {
    auto manifest =
        make_snapshot(state, chain_id, of, [&](std::uint64_t index, const bytes& chunk) {
          auto data = std::make_shared<const bytes>(chunk);
          auto kept = at.query<void>([hold = at.how().hold, of, index, data](pqxx::work& tx) {
            return store::keep_chunk(tx, hold, of, index, *data);
          });
          if (!kept) throw abandoned{kept.error()};
        });
    return at.query<void>(
        [hold = at.how().hold, manifest, kept = at.how().snapshots_kept](pqxx::work& tx) {
          return store::keep_snapshot(tx, hold, manifest, kept);
        });
  } catch (const abandoned& x) {
    return x.why;
  }
}

/// Runs `work(desk&)` in an actor with a thread of its own, and sends what it returns to LEDGER.
template <class Work>
caf::actor start_work(caf::actor_system& in, caf::actor ledger, ledger_options_ptr how,
                      stop_flag stop, Work work) {
  return in.spawn<caf::detached>([=](caf::blocking_actor* self) {
    desk at{self, how, stop};
    caf::anon_send(ledger, work(at));
  });
}

/// `Message` with what was made, or why nothing was.
template <class Message, class Make>
Message told(Make make) {
  try {
    auto got = make();
    if (!got) return {nullptr, got.error()};
    return {std::make_shared<chain_at_hand>(std::move(*got)), {}};
  } catch (const std::exception& e) {
    return {nullptr, fail(ec::internal, e.what())};
  }
}

} // namespace

caf::actor start_loading(caf::actor_system& in, caf::actor ledger, ledger_options_ptr how,
                         stop_flag stop) {
  return start_work(in, std::move(ledger), std::move(how), std::move(stop),
                    [](desk& at) { return told<chain_loaded>([&] { return load(at); }); });
}

caf::actor start_restoring(caf::actor_system& in, caf::actor ledger, ledger_options_ptr how,
                           stop_flag stop, store::chain_row present, restored_parts parts) {
  return start_work(in, std::move(ledger), std::move(how), std::move(stop),
                    [present = std::move(present), parts = std::move(parts)](desk& at) {
                      return told<chain_restored>([&] { return restore(at, present, parts); });
                    });
}

caf::actor start_snapshot(caf::actor_system& in, caf::actor ledger, ledger_options_ptr how,
                          stop_flag stop, state_trie state, std::string chain_id, height at) {
  return start_work(in, std::move(ledger), std::move(how), std::move(stop),
                    [state = std::move(state), chain_id = std::move(chain_id), at](desk& by) {
                      snapshot_written out{at, {ec::none, {}}};
                      try {
                        auto done = write_snapshot(by, state, chain_id, at);
                        if (!done) out.why = done.error();
                      } catch (const std::exception& e) {
                        out.why = fail(ec::internal, e.what());
                      }
                      return out;
                    });
}

} // namespace bpci::ledger
