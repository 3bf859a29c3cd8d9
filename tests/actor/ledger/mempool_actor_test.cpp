#define CAF_SUITE mempool_actor

#include "chain_fixture.hpp"

/// MEMPOOL beside a LEDGER.
namespace bpci::ledger::test {

namespace {

struct fixture : chain_fixture {
  std::shared_ptr<told> heard = std::make_shared<told>();
  std::vector<caf::actor> others;
  chain_node& one = add();

  fixture() {
    one.start();
    one.start_mempool();
    CAF_REQUIRE(eventually([&] { return verdict_of_nonce() != "unavailable"; }));
  }

  ~fixture() {
    for (const auto& x : others)
      one.end(x);
  }

  std::string verdict_of_nonce() {
    auto got = one.ask_of<chain::nonce_free>(one.mempool, chain::find_nonce{account_of("ada")});
    return got ? "none" : std::string{name(got.error().code)};
  }

  chain::nonce_free nonce_of(std::string_view who) {
    return *one.ask_of<chain::nonce_free>(one.mempool, chain::find_nonce{account_of(who)});
  }

  /// "none", "none known", or the detail of the refusal up to its colon.
  std::string submit(bytes encoded) {
    auto got = one.ask_of<chain::transaction_taken>(one.mempool,
                                                    chain::submit_transaction{std::move(encoded)});
    if (got) return got->known ? "none known" : "none";
    const auto& why = got.error();
    return std::string{name(why.code)} + " " + why.detail.substr(0, why.detail.find(':'));
  }

  /// "2 transactions, not to ada".
  void play_peers() {
    auto who = sys.spawn([heard = heard](caf::event_based_actor*) -> caf::behavior {
      return {
          [=](const chain::tell_peers& x) {
            const auto& all = std::get<chain::share_transactions>(*x.what).encoded;
            heard->note(std::to_string(all.size()) + " transactions, not to "
                        + (x.except == consensus::address{} ? "nobody" : name_of(x.except)));
          },
          [=](const chain::peer_misbehaved& x) { heard->note(name_of(x.who) + " misbehaved"); },
      };
    });
    others.push_back(who);
    one.put(chain::path::peers, who);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(mempool_actor_tests, fixture)

CAF_TEST(what was submitted waits and then stands in a block) {
  const auto encoded = pay("ada", 0, "eve", 5);
  CAF_CHECK_EQUAL(submit(encoded), "none");
  CAF_CHECK_EQUAL(submit(encoded), "none known");
  CAF_CHECK_EQUAL(submit(pay("ada", 2, "eve", 5)), "none");
  auto free = nonce_of("ada");
  CAF_CHECK_EQUAL(free.next, 1u);
  CAF_CHECK_EQUAL(free.waiting, 2u);
  const auto id = transaction_id(encoded);
  auto waiting = one.ask<chain::transaction_shown>(chain::get_transaction{id});
  CAF_REQUIRE(waiting);
  CAF_CHECK(!waiting->at);
  CAF_CHECK(waiting->encoded == encoded);
  one.decide();
  auto shown = one.ask<chain::transaction_shown>(chain::get_transaction{id});
  CAF_REQUIRE(shown);
  CAF_CHECK(shown->at == height{1});
  CAF_CHECK(eventually([&] { return nonce_of("ada").waiting == 1; }));
  CAF_CHECK_EQUAL(nonce_of("ada").next, 1u);
}

CAF_TEST(a refusal has its name ahead) {
  CAF_CHECK_EQUAL(submit(pay("ada", 65, "eve", 5)), "conflict nonce_ahead");
  CAF_CHECK_EQUAL(submit(bytes{1, 2, 3}), "malformed transaction_malformed");
  auto forged = payment("ada", 0, "eve", 5);
  CAF_CHECK_EQUAL(submit(codec::to_canonical(forged)), "bad_signature signature_wrong");
  CAF_CHECK_EQUAL(submit(pay("ada", 0, "eve", 5)), "none");
  CAF_CHECK_EQUAL(submit(pay("ada", 0, "eve", 6)), "conflict replacement_pays_too_little");
  auto status = one.ask_of<chain::pool_status>(one.mempool, chain::get_pool{});
  CAF_REQUIRE(status);
  CAF_CHECK_EQUAL(status->transactions, 1u);
  CAF_CHECK_EQUAL(status->refused, 4u);
}

CAF_TEST(what is new and good goes on to the other peers) {
  play_peers();
  submit(pay("ada", 0, "eve", 5));
  CAF_CHECK(eventually([&] { return heard->count("1 transactions, not to nobody") == 1; }));
  self->send(one.mempool,
             chain::transactions_shared{
                 account_of("bob"),
                 {pay("ada", 0, "eve", 5), pay("ada", 1, "eve", 5), pay("fay", 0, "eve", 5)}});
  CAF_CHECK(eventually([&] { return heard->count("2 transactions, not to bob") == 1; }));
  CAF_CHECK_EQUAL(nonce_of("ada").next, 2u);
}

CAF_TEST(a peer that shares rubbish is told on) {
  play_peers();
  self->send(one.mempool,
             chain::transactions_shared{account_of("bob"),
                                        {codec::to_canonical(payment("ada", 0, "eve", 5))}});
  CAF_CHECK(eventually([&] { return heard->count("bob misbehaved") == 1; }));
  // It may not have seen the last block yet: no reason to be angry with it.
  self->send(one.mempool,
             chain::transactions_shared{account_of("cyd"), {pay("ada", 99, "eve", 5)}});
  CAF_CHECK_EQUAL(verdict_of_nonce(), "none");
  CAF_CHECK_EQUAL(heard->count("cyd misbehaved"), 0u);
}

CAF_TEST(of what a peer shares at once no more is looked at than an honest one sends) {
  chain::transactions_shared much{account_of("bob"), {}};
  for (std::uint64_t nonce = 0; nonce < 3; ++nonce) {
    auto x = payment("ada", nonce, "eve", 5);
    x.body.resize(60'000);
    x.fee = amount<flx>{100'000'000};
    much.encoded.push_back(world::encode(x));
  }
  self->send(one.mempool, much);
  CAF_CHECK(eventually([&] { return nonce_of("ada").waiting == 2; }));
  CAF_CHECK_EQUAL(nonce_of("ada").waiting, 2u);
}

CAF_TEST(who watches is told that there is work when there comes to be and while there is) {
  auto watcher = sys.spawn([this](caf::event_based_actor* me) -> caf::behavior {
    me->send(one.mempool, chain::watch_work{});
    return {[h = heard](const chain::work_waiting&) { h->note("work"); }};
  });
  others.push_back(watcher);
  submit(pay("ada", 1, "eve", 5));
  CAF_CHECK_EQUAL(heard->count("work"), 0u);
  submit(pay("ada", 0, "eve", 5));
  CAF_CHECK(eventually([&] { return heard->count("work") >= 2; }));
  one.decide();
  CAF_CHECK(eventually([&] { return nonce_of("ada").waiting == 0; }));
}

CAF_TEST(what waits outlives LEDGER) {
  submit(pay("ada", 0, "eve", 5));
  one.restart();
  one.position();
  CAF_CHECK_EQUAL(nonce_of("ada").waiting, 1u);
  auto block = one.decide();
  CAF_CHECK_EQUAL(block.what->what.transactions.size(), 1u);
  // It has found the new one.
  CAF_CHECK(eventually([&] { return nonce_of("ada").waiting == 0; }));
}

CAF_TEST(without a MEMPOOL blocks are empty) {
  submit(pay("ada", 0, "eve", 5));
  one.end(one.mempool);
  auto block = one.decide();
  CAF_CHECK(block.what->what.transactions.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::ledger::test
