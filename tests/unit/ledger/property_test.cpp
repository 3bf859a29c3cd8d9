#define CAF_SUITE ledger_property

#include "actors/ledger/coins/balances.hpp"
#include "actors/ledger/snapshot.hpp"
#include "actors/ledger/validators/members.hpp"
#include "actors/ledger/validators/set.hpp"
#include "messages/ledger/anchors.hpp"
#include "messages/ledger/governance.hpp"
#include "messages/ledger/treasury.hpp"
#include "world.hpp"

#include <caf/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <cstdlib>
#include <random>

// Random transactions over all modules, valid and not, in random blocks, with misbehaviour, absence
// and leaps in time. What must hold after each block is checked after each block.
//
//     BPCI_LEDGER_STEPS=1000000 BPCI_LEDGER_SEED=7 build/release/bin/unit_ledger_property

using namespace bpci;
using namespace bpci::ledger;
using namespace bpci::ledger::test;

namespace {

#ifdef BPCI_SANITIZE
constexpr std::uint64_t steps = 100'000; ///< the sanitizers make it that much slower
#else
constexpr std::uint64_t steps = 1'000'000;
#endif

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const auto* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

constexpr std::size_t people = 60;

std::string person(std::size_t i) {
  return "p" + std::to_string(i);
}

std::string crowd() {
  std::string members;
  std::string balances;
  for (std::size_t i = 0; i < people; ++i) {
    auto key = crypto::to_hex(account_of(person(i)));
    balances += (i ? "," : "") + ("{\"account\":\"" + key)
                + R"(","GEN":"10000000000000","NEX":1000000,"FLX":"100000000000","AUR":50000})";
    if (i < 7) members += (i ? "," : "") + ("{\"key\":\"" + key) + R"(","bond":"1500000000000"})";
  }
  return R"({"chain_id":"test","time":1000,"validators":{"members":[)" + members
         + R"(]},"coins":{"balances":[)" + balances
         + R"(]},"treasury":{"funds":[{"which":"main","FLX":"9000000000000000"}]}})";
}

__extension__ using wide_signed = __int128;
using sums = std::array<wide_signed, 4>;

void add(sums& to, const coins::holdings& x, int sign) {
  for (auto what : all_tokens)
    to[static_cast<std::size_t>(what)] += sign * static_cast<wide_signed>(coins::units_of(x, what));
}

constexpr std::string_view account_prefix = "coins/account/";

/// What all accounts have, or have more in `now` than in `before`.
sums gained(const state_trie& now, const state_trie& before) {
  sums out{};
  auto count = [&](const state_trie& a, const state_trie& b, int sign) {
    a.for_each_changed(b, [&](std::string_view key, auto value) {
      if (key.starts_with(account_prefix))
        add(out, *codec::from_canonical<coins::holdings>(value), sign);
    });
  };
  count(now, before, 1);
  count(before, now, -1);
  return out;
}

sums supply_of(const state_trie& x) {
  sums out{};
  auto all = coins::get_total(x);
  for (auto what : all_tokens)
    out[static_cast<std::size_t>(what)] = coins::units_of(all, what);
  return out;
}

/// What the events say was made and destroyed, destroyed being negative.
sums named(const execution& done) {
  sums out{};
  auto count = [&](const std::vector<event>& all) {
    for (const auto& x : all) {
      if (x.module != "coins") continue;
      if (x.kind == "minted") CAF_FAIL("coins were made after the genesis");
      if (x.kind != "burned") continue;
      auto lost = codec::from_canonical<coins::burned>(x.body)->what;
      out[static_cast<std::size_t>(lost.what)] -= static_cast<wide_signed>(lost.units);
    }
  };
  count(done.events);
  for (const auto& x : done.receipts)
    count(x.events);
  return out;
}

/// A chain under random load.
class storm {
public:
  storm(std::uint64_t seed, std::uint64_t count) : random_(seed), left_(count), w_(crowd()) {
    base_ = w_.state;
  }

  void run() {
    while (left_ > 0) {
      weather();
      auto offered = make_block();
      auto evidence = make_evidence();
      step(offered, evidence);
      if (++blocks_ % 200 == 0) look_at_everything();
    }
    look_at_everything();
  }

  std::map<std::string, std::uint64_t> outcomes;
  [[nodiscard]] std::uint64_t blocks() const { return blocks_; }

private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  std::string anybody() { return person(below(people)); }

  coin some_coins() {
    auto what = static_cast<token>(below(20) ? below(4) : 7);
    static constexpr std::array<std::uint64_t, 4> most{100 * whole, 20'000, 20'000'000, 2'000};
    auto units = is_token(what) ? below(most[static_cast<std::size_t>(what)]) : 1;
    if (below(50) == 0) units = ~0ULL - below(3);
    return {what, units};
  }

  account some_account() {
    static constexpr std::array modules{"main", "community", "roundtable", "bonds", "governance"};
    if (below(20) == 0) return account_of(modules[below(modules.size())]);
    if (below(20) == 0) return account_of("stranger" + std::to_string(below(2'000)));
    return account_of(anybody());
  }

  template <described Command>
  void put(std::vector<bytes>& to, std::string_view module, const Command& x) {
    to.push_back(w_.tx(anybody(), module, x));
  }

  void stake(std::vector<bytes>& to) {
    amount<gen> units{(500 + below(3'000)) * whole};
    switch (below(8)) {
    case 0:
      return put(to, "validators", validators::join{units});
    case 1:
      return put(to, "validators", validators::add_bond{units});
    case 2:
      return put(to, "validators", validators::unbond{units});
    case 3:
      if (below(4) == 0) put(to, "validators", validators::leave{});
      return;
    case 4:
      return put(to, "validators", validators::unjail{});
    default:
      return put(to, "validators", validators::withdraw{});
    }
  }

  template <described Command>
  void propose(std::vector<bytes>& to, std::string_view module, const Command& x) {
    auto who = w_.now[below(w_.now.size())];
    to.push_back(
        w_.tx(name_of(who.id), "governance",
              governance::propose{"storm", std::string{module}, std::string{message_name(&x)},
                                  codec::to_canonical(x), below(2) == 0}));
  }

  void govern(std::vector<bytes>& to) {
    auto last = last_proposal();
    switch (below(24)) {
    case 0: // money for those who have run out of it
      return propose(to, "treasury",
                     treasury::spend{treasury::fund::main,
                                     account_of(anybody()),
                                     {token::FLX, below(20'000'000'000)},
                                     "storm"});
    case 1:
      return propose(to, "treasury",
                     treasury::spend{static_cast<treasury::fund>(below(4)), some_account(),
                                     some_coins(), "storm"});
    case 2:
      return propose(
          to, "governance",
          governance::set_parameter{"validators.bond_min", (100 + below(1'500)) * whole});
    case 3:
      if (below(50) == 0) propose(to, "governance", governance::halt{});
      return;
    case 4:
      return propose(to, "governance", governance::resume{});
    case 5:
      return put(to, "governance", governance::vote{below(last + 2), below(5) > 0});
    default: {
      auto who = w_.now[below(w_.now.size())];
      auto which = last - std::min(last, below(6));
      to.push_back(w_.tx(name_of(who.id), "governance", governance::vote{which, below(6) > 0}));
    }
    }
  }

  std::uint64_t last_proposal() {
    return w_.ask<governance::get_agenda, governance::agenda>("governance", {})->count;
  }

  void one(std::vector<bytes>& to) {
    auto dice = below(20);
    if (dice < 13)
      put(to, "coins", coins::transfer{some_account(), some_coins()});
    else if (dice < 15)
      stake(to);
    else if (dice < 18)
      govern(to);
    else if (dice < 19)
      put(to, "anchors",
          anchors::anchor{
              static_cast<anchors::subject>(below(4)), std::to_string(below(50)), {}, below(4)});
    else
      to.push_back(world::encode(
          w_.make(anybody(), "coins", "transfer", bytes(below(60), std::uint8_t{1}))));
  }

  std::vector<bytes> make_block() {
    std::vector<bytes> out;
    w_.nonces.clear();
    auto size = below(5) ? below(200) : below(2);
    while (out.size() < size)
      one(out);
    left_ -= std::min<std::uint64_t>(left_, std::max<std::size_t>(out.size(), 1));
    return out;
  }

  std::vector<verified_evidence> make_evidence() {
    if (below(1'500)) return {};
    auto height_of = height{w_.at.get() - std::min(w_.at.get(), below(12'000))};
    return {{account_of(anybody()), height_of, timestamp_ms{w_.time.get() - 1'000},
             consensus::evidence::kind::double_prepare}};
  }

  void weather() {
    if (below(400) == 0) {
      w_.jump(below(12'000), static_cast<std::int64_t>(below(25 * 86'400'000ULL)));
      restart_segment();
    }
    if (below(300) == 0) {
      w_.absent.clear();
      if (below(2)) w_.absent.insert(w_.now[below(w_.now.size())].id);
    }
  }

  /// Executes the block, and checks all that must hold after any block.
  void step(std::vector<bytes> transactions, const std::vector<verified_evidence>& evidence) {
    const auto before = w_.state;
    const auto set_before = w_.after;
    const auto due = w_.change_due;
    auto context = w_.next_block();
    context.evidence = evidence;
    auto done = w_.try_block(transactions, evidence);
    if (!done) { // somebody could not pay, or the chain is halted
      CAF_REQUIRE(w_.state.root() == before.root());
      ++outcomes["block refused"];
      transactions = select_transactions(w_.by, before, context, transactions);
      done = w_.try_block(transactions, evidence);
    }
    if (!done) CAF_FAIL(to_string(done.error()));
    note(*done);

    auto changed = gained(done->state, before);
    auto now = supply_of(done->state);
    auto old = supply_of(before);
    auto said = named(*done);
    for (std::size_t i = 0; i < 4; ++i) {
      CAF_REQUIRE(changed[i] == now[i] - old[i]); // debits equal credits
      CAF_REQUIRE(changed[i] == said[i]);         // but for what a named rule did
    }
    if (transactions.empty() && evidence.empty() && !due && done->events.empty())
      CAF_REQUIRE(done->root == before.root());
    check_set(set_before, done->after_next);
    remember(std::move(context), std::move(transactions), done->root);
  }

  void note(const execution& done) {
    auto count = [&](const std::vector<event>& all) {
      for (const auto& x : all)
        ++outcomes["event " + x.module + "." + x.kind];
    };
    count(done.events);
    for (const auto& x : done.receipts) {
      ++outcomes[x.refusal.empty() ? "ok" : x.refusal];
      count(x.events);
    }
  }

  static void check_set(const std::vector<consensus::validator>& old,
                        const std::vector<consensus::validator>& now) {
    CAF_REQUIRE(!now.empty());
    std::uint64_t moved = 0;
    auto count = [&](const auto& all, const auto& others, bool both) {
      for (const auto& x : all) {
        auto other = validators::weight_of(others, x.id);
        if (!both && other != 0) continue;
        moved += std::max(x.weight, other) - std::min(x.weight, other);
      }
    };
    count(now, old, true);
    count(old, now, false);
    CAF_REQUIRE(moved == 0 || 3 * moved < validators::total_weight(old));
  }

  // -- replay --------------------------------------------------------------------------

  struct past {
    block_context context;
    std::vector<bytes> transactions;
    hash root{};
  };

  void remember(block_context context, std::vector<bytes> transactions, const hash& root) {
    segment_.push_back({std::move(context), std::move(transactions), root});
    if (segment_.size() >= 60) {
      if (++segments_ % 3 == 0) replay();
      restart_segment();
    }
  }

  void restart_segment() {
    segment_.clear();
    base_ = w_.state;
  }

  /// The same blocks upon a state that went through a snapshot give the same roots.
  void replay() {
    std::vector<bytes> chunks;
    auto what = make_snapshot(base_, "test", height{1}, [&](std::uint64_t, bytes chunk) {
      chunks.push_back(std::move(chunk));
    });
    restoration into{what, base_.root()};
    for (std::size_t i = 0; i < chunks.size(); ++i)
      CAF_REQUIRE(into.add(i, chunks[i]));
    auto state = *into.finish();
    for (const auto& x : segment_) {
      auto done = execute(w_.by, state, x.context, x.transactions);
      CAF_REQUIRE(done);
      CAF_REQUIRE(done->root == x.root);
      state = done->state;
    }
    ++outcomes["segment replayed"];
  }

  // -- now and then ------------------------------------------------------------------------

  void look_at_everything() {
    sums all{};
    wide_signed bonds = 0;
    w_.state.for_each([&](std::string_view key, auto value) {
      auto module = key.substr(0, key.find('/'));
      CAF_REQUIRE(module == "ledger" || w_.by.modules.find(module));
      if (key.starts_with(account_prefix)) {
        auto x = *codec::from_canonical<coins::holdings>(value);
        CAF_REQUIRE(x != coins::holdings{});
        add(all, x, 1);
      }
      if (key.starts_with("validators/member/")) {
        auto x = *codec::from_canonical<validators::member>(value);
        bonds += x.bond.get();
        for (const auto& u : x.unbonding)
          bonds += u.units.get();
      }
    });
    CAF_REQUIRE(all == supply_of(w_.state));
    auto held = coins::get_holdings(w_.state, validators::bond_account());
    CAF_REQUIRE(static_cast<wide_signed>(held.gen.get()) == bonds);
  }

  std::mt19937_64 random_;
  std::uint64_t left_;
  std::uint64_t blocks_ = 0;
  world w_;
  state_trie base_;
  std::vector<past> segment_;
  std::uint64_t segments_ = 0;
};

} // namespace

CAF_TEST(whatever is asked of it the ledger loses and invents nothing and replays the same) {
  const auto seed = number_from("BPCI_LEDGER_SEED", 1);
  const auto count = number_from("BPCI_LEDGER_STEPS", steps);
  CAF_MESSAGE("BPCI_LEDGER_SEED=" << seed);
  const auto began = std::chrono::steady_clock::now();
  storm all{seed, count};
  all.run();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
                        std::chrono::steady_clock::now() - began)
                        .count();
  CAF_MESSAGE(count << " steps in " << all.blocks() << " blocks, " << took << " ms");
  for (const auto& [what, times] : all.outcomes)
    CAF_MESSAGE("  " << what << ": " << times);
  // The load reaches what it is meant to reach.
  for (auto* what : {"ok", "balance_too_small", "already_anchored", "bond_below_minimum",
                     "body_malformed", "proposal_closed", "already_a_validator", "segment replayed",
                     "event governance.closed", "event validators.weight_changed"})
    CAF_CHECK(all.outcomes[what] > 0);
}
