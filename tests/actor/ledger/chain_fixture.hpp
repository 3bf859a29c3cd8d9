#pragma once

#include "actors/consensus/body.hpp"
#include "actors/consensus/signing.hpp"
#include "actors/consensus/validator_set.hpp"
#include "actors/ledger/coins/balances.hpp"
#include "actors/ledger/ledger_actor.hpp"
#include "actors/ledger/mempool_actor.hpp"
#include "actors/ledger/signature_cache.hpp"
#include "messages/chain/paths.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/storage/pg_pool_actor.hpp"
#include "tests/unit/entity/database.hpp"
#include "tests/unit/ledger/world.hpp"

#include <caf/all.hpp>
#include <caf/test/unit_test.hpp>

#include <map>
#include <mutex>

/// Chains that are driven by hand: the test is consensus, and all validators agree with it.
namespace bpci::ledger::test {

using namespace std::chrono_literals;
using bpci::storage::test::eventually;

inline constexpr auto answer_max = 30s;

/// Stands between an actor and the pool, and loses as many answers as it is told to.
class forgetful_pool final : public caf::event_based_actor {
public:
  forgetful_pool(caf::actor_config& cfg, caf::actor real, std::shared_ptr<std::atomic<int>> losses)
      : event_based_actor(cfg), real_(std::move(real)), losses_(std::move(losses)) {}

  caf::behavior make_behavior() override {
    return {[this](const storage::job_ptr& what) {
      auto promise = make_response_promise<storage::job_ptr>();
      request(real_, 10s, what)
          .then(
              [this, promise](const storage::job_ptr& x) mutable {
                if (losses_->load() > 0 && losses_->fetch_sub(1) > 0)
                  promise.deliver(to_caf(ec::timeout, "lost"));
                else
                  promise.deliver(x);
              },
              [promise](const caf::error& why) mutable { promise.deliver(why); });
      return promise;
    }};
  }
  void on_exit() override { real_ = nullptr; }

private:
  caf::actor real_;
  std::shared_ptr<std::atomic<int>> losses_;
};

/// What an actor that stands in for another was told. Thread-safe.
struct told {
  std::mutex mutex;
  std::vector<std::string> words; // guarded by mutex

  void note(std::string x) {
    auto lock = std::lock_guard{mutex};
    words.push_back(std::move(x));
  }

  std::size_t count(const std::string& what) {
    auto lock = std::lock_guard{mutex};
    return static_cast<std::size_t>(std::ranges::count(words, what));
  }
};

/// A node with a database, a LEDGER and, where a test wants it, a MEMPOOL.
struct chain_node {
  chain_node(caf::actor_system& in, caf::scoped_actor& by, std::string root,
             std::string genesis = default_genesis())
      : sys(in), self(by) {
    auto options = std::make_shared<ledger_options>();
    options->node = node;
    options->root = std::move(root);
    options->genesis = std::move(genesis);
    options->hold = {slots::slot_no{7}, db.epoch, db.self};
    options->block_id = consensus::block_id;
    options->genesis_hashes = [](const std::vector<consensus::validator>& all) {
      const consensus::block empty;
      return header_hashes{consensus::transactions_root(empty), consensus::evidence_root(empty),
                           consensus::validators_hash(all), consensus::parent_seals_root(empty)};
    };
    options->verify = remembering(checksum_verifier());
    options->snapshot_every = 0;
    how = options;
    storage::pg_pool_options pool_how;
    pool_how.conninfo = db.dsn;
    pool_how.size = 2;
    pool = sys.spawn<storage::pg_pool_actor>(pool_how);
    lossy = sys.spawn<forgetful_pool>(pool, losses);
    put("/storage/pool", lossy);
  }

  ~chain_node() {
    for (const auto& x : {mempool, ledger, lossy, pool})
      end(x);
    for (const auto& [at, who] : places)
      node->directory.remove(at, who);
  }
  chain_node(const chain_node&) = delete;
  chain_node& operator=(const chain_node&) = delete;

  void put(std::string_view at, const caf::actor& who) {
    places.insert_or_assign(how->root + std::string{at}, who);
    node->directory.put(how->root + std::string{at}, who);
  }

  void end(const caf::actor& who) {
    if (!who) return;
    send_exit_now(who, caf::exit_reason::kill);
    self->wait_for(who);
  }

  void start() {
    ledger = sys.spawn<ledger_actor, caf::detached>(how);
    put(chain::path::ledger, ledger);
  }

  void start_mempool() {
    mempool = sys.spawn<mempool_actor>(how);
    put(chain::path::mempool, mempool);
  }

  void restart() {
    end(ledger);
    start();
  }

  /// Why LEDGER has ended.
  failure last_words() {
    failure out;
    self->monitor(ledger);
    self->receive([&](const caf::down_msg& x) { out = from_caf(x.reason); },
                  caf::after(answer_max) >> [] { CAF_FAIL("LEDGER goes on"); });
    return out;
  }

  template <class Reply, class Message>
  result<Reply> ask_of(const caf::actor& who, Message what) {
    result<Reply> out = fail(ec::internal);
    self->request(who, answer_max, std::move(what))
        .receive([&](Reply& x) { out = std::move(x); },
                 [&](caf::error& why) { out = from_caf(why); });
    return out;
  }

  template <class Reply, class Message>
  result<Reply> ask(Message what) {
    return ask_of<Reply>(ledger, std::move(what));
  }

  template <class Reply, class Message>
  std::string verdict(Message what) {
    auto got = ask<Reply>(std::move(what));
    return std::string{name(got ? ec::none : got.error().code)};
  }

  chain::position position() {
    result<chain::position> out = fail(ec::internal);
    auto there = eventually([&] {
      out = ask<chain::position>(chain::get_position{});
      return out || out.error().code != ec::unavailable;
    });
    if (!there || !out) CAF_FAIL("no position: " + to_string(out.error()));
    return std::move(*out);
  }

  hash root_now() { return position().head->head.state_root; }

  /// The block of these transactions upon the head, as its proposer has LEDGER make it.
  consensus::block make_block(const std::vector<bytes>& transactions,
                              chain::evidence_list evidence = {}) {
    auto at = position();
    auto stand_in = mempool;
    if (!mempool) {
      auto offer = caf::make_message(chain::transactions_offered{transactions});
      stand_in = sys.spawn([offer](caf::event_based_actor*) -> caf::behavior {
        return {[=](const chain::offer_transactions&) { return offer; }};
      });
      node->directory.put(how->root + chain::path::mempool, stand_in);
    }
    auto skeleton = consensus::block_upon(*at.head, "test", at.head->validators.front().id,
                                          timestamp_ms{at.head->head.time.get() + 1'000});
    const auto order = chain::fill_block{
        std::make_shared<const consensus::block>(std::move(skeleton)), std::move(evidence)};
    auto filled = ask<chain::block_filled>(order);
    // LEDGER waits for them no longer than a proposer has time, which a busy machine may not give.
    const auto came_late = [&] {
      return filled && filled->what->transactions.empty() && !transactions.empty();
    };
    for (auto tries = 0; came_late() && tries < 3; ++tries)
      filled = ask<chain::block_filled>(order);
    if (!mempool) {
      node->directory.remove(how->root + chain::path::mempool, stand_in);
      end(stand_in);
    }
    if (!filled) CAF_FAIL("not filled: " + to_string(filled.error()));
    last_ticket = filled->ticket;
    auto out = *filled->what;
    consensus::fix_roots(out);
    return out;
  }

  chain::append_block seal(const consensus::block& x, const chain::position& at) const {
    auto id = consensus::block_id(x.head);
    consensus::certificate seals{x.head.at, {}, id, {}};
    for (const auto& v : at.head->validators)
      if (name_of(v.id) != absent) seals.seals.push_back({v.id, {}});
    return {
        std::make_shared<const consensus::sealed_block>(consensus::sealed_block{x, seals}), id, {}};
  }

  chain::validate_block to_validate(const consensus::block& x, std::uint64_t ticket = 0) {
    return {std::make_shared<const consensus::block>(x), consensus::block_id(x.head), {}, ticket};
  }

  /// Makes, judges and appends it.
  chain::append_block decide(const std::vector<bytes>& transactions = {}) {
    auto made = make_block(transactions);
    auto judged = ask<chain::block_valid>(to_validate(made, last_ticket));
    if (!judged || !judged->valid) CAF_FAIL("not valid: " + (judged ? judged->why : ""));
    auto out = seal(made, position());
    auto done = ask<chain::position>(out);
    if (!done) CAF_FAIL("not appended: " + to_string(done.error()));
    return out;
  }

  std::string sql(const std::string& text) { return db.sql(text); }

  caf::actor_system& sys;
  caf::scoped_actor& self;
  entity::test::database db;
  supervision::node_context_ptr node = std::make_shared<supervision::node_context>();
  std::shared_ptr<ledger_options> options() { return std::make_shared<ledger_options>(*how); }
  ledger_options_ptr how;
  std::shared_ptr<std::atomic<int>> losses = std::make_shared<std::atomic<int>>(0);
  caf::actor pool, lossy, ledger, mempool;
  std::map<std::string, caf::actor> places;
  std::uint64_t last_ticket = 0;
  std::string absent; ///< who seals nothing
};

/// "ada" gives units of FLX to "bob".
inline transaction payment(std::string_view from, std::uint64_t nonce, std::string_view to,
                           std::uint64_t units) {
  const coins::transfer what{account_of(to), {token::FLX, units}};
  transaction out;
  out.chain_id = "test";
  out.sender = account_of(from);
  out.nonce = nonce;
  out.fee = amount<flx>{1'000'000};
  out.valid_until = height{1'000};
  out.module = "coins";
  out.kind = message_name(&what);
  out.body = codec::to_canonical(what);
  return out;
}

inline bytes pay(std::string_view from, std::uint64_t nonce, std::string_view to,
                 std::uint64_t units) {
  return world::encode(payment(from, nonce, to, units));
}

struct chain_fixture {
  actor_config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  std::vector<std::unique_ptr<chain_node>> nodes;

  ~chain_fixture() {
    nodes.clear();
    self->await_all_other_actors_done();
  }

  chain_node& add(const std::string& genesis = default_genesis()) {
    auto root = "/n" + std::to_string(nodes.size() + 1);
    return *nodes.emplace_back(std::make_unique<chain_node>(sys, self, root, genesis));
  }
};

} // namespace bpci::ledger::test
