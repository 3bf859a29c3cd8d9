#define CAF_SUITE ledger_actor

#include "actors/ledger/receipts.hpp"
#include "actors/ledger/state/proof.hpp"
#include "chain_fixture.hpp"

/// LEDGER over a real PostgreSQL.
namespace bpci::ledger::test {

namespace {

struct fixture : chain_fixture {
  std::uint64_t flx_of(chain_node& at, std::string_view who) {
    auto answer = at.ask<chain::module_answer>(chain::ask_module{
        "coins", "get_account", codec::to_canonical(coins::get_account{account_of(who)})});
    CAF_REQUIRE(answer);
    return codec::from_canonical<coins::account_answer>(answer->body)->has.flx.get();
  }

  /// "2.1 2.0 1.0": where the transactions of a history are.
  std::string history(chain_node& at, std::string_view who, const std::string& before = {},
                      std::uint64_t limit = 0) {
    auto page = at.ask<chain::history_page>(chain::get_history{account_of(who), before, limit});
    if (!page) return std::string{name(page.error().code)};
    std::string out;
    for (const auto& x : page->transactions)
      out += (out.empty() ? "" : " ") + std::to_string(x.at->get()) + "." + std::to_string(x.index);
    return page->next.empty() ? out : out + ":" + page->next;
  }

  /// In the tables alone: a block of one payment, which has three keys, that of its id first.
  static void move_block(chain_node& at, std::uint64_t from, std::uint64_t to) {
    const auto window = std::to_string(to / window_blocks);
    at.sql("UPDATE chain_block SET height = " + std::to_string(to)
           + ", keys = (SELECT array_agg(CASE WHEN n = 1 THEN k ELSE k # " + window
           + " END ORDER BY n) FROM unnest(keys) WITH ORDINALITY AS u (k, n)) WHERE height = "
           + std::to_string(from));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(ledger_actor_tests, fixture)

CAF_TEST(a chain begins with the genesis block and is the same after a restart) {
  auto& one = add();
  one.start();
  auto at = one.position();
  CAF_CHECK_EQUAL(at.head->head.at.get(), 0u);
  CAF_CHECK(at.recent.size() == 1);
  one.restart();
  auto again = one.position();
  CAF_CHECK(again.head->id == at.head->id);
  CAF_CHECK(again.head->validators == at.head->validators);
  CAF_CHECK(again.recent == at.recent);
  CAF_CHECK_EQUAL(one.sql("SELECT count(*) FROM chain"), "1");
}

CAF_TEST(blocks are stored and the chain goes on behind them after a restart) {
  auto& one = add();
  one.start();
  one.decide({pay("ada", 0, "eve", 5), pay("bob", 0, "eve", 6)});
  one.decide();
  auto last = one.decide({pay("ada", 1, "gus", 7)});
  auto before = one.position();
  CAF_CHECK(before.last == last.what);
  one.restart();
  auto after = one.position();
  CAF_CHECK_EQUAL(after.head->head.at.get(), 3u);
  CAF_CHECK(after.head->id == last.id);
  CAF_CHECK(after.head->seals == last.what->seals);
  CAF_CHECK(after.recent == before.recent);
  CAF_CHECK_EQUAL(flx_of(one, "eve"), 1'000'000'000'000u + 11);
  one.decide({pay("ada", 2, "eve", 1)});
  CAF_CHECK_EQUAL(flx_of(one, "eve"), 1'000'000'000'000u + 12);
}

CAF_TEST(what two nodes execute has the same root whoever proposed it) {
  auto& one = add();
  auto& two = add();
  one.start();
  two.start();
  two.position();
  for (std::uint64_t i = 0; i < 5; ++i) {
    auto block = one.decide({pay("ada", i, "eve", 5)});
    // The other one has never seen it.
    auto judged = two.ask<chain::block_valid>(two.to_validate(block.what->what));
    CAF_REQUIRE(judged);
    CAF_CHECK(judged->valid);
    if (i % 2 == 0)
      CAF_CHECK_EQUAL(two.verdict<chain::position>(block), "none");
    else {
      two.restart();
      two.position();
      CAF_CHECK_EQUAL(two.verdict<chain::position>(block), "none");
    }
  }
  CAF_CHECK(one.root_now() == two.root_now());
}

CAF_TEST(a block that is appended twice is there once) {
  auto& one = add();
  one.start();
  auto first = one.decide({pay("ada", 0, "eve", 5)});
  CAF_CHECK_EQUAL(one.verdict<chain::position>(first), "none");
  auto second = one.decide();
  auto got = one.ask<chain::position>(first);
  CAF_REQUIRE(got);
  CAF_CHECK(got->head->id == second.id);
  CAF_CHECK_EQUAL(one.sql("SELECT count(*) FROM chain_block"), "3");
  CAF_CHECK_EQUAL(one.sql("SELECT transactions FROM chain"), "1");
  auto other = *first.what;
  other.what.head.time = timestamp_ms{other.what.head.time.get() + 1};
  first.what = std::make_shared<const consensus::sealed_block>(other);
  first.id = consensus::block_id(other.what.head);
  CAF_CHECK_EQUAL(one.verdict<chain::position>(first), "conflict");
}

CAF_TEST(a block whose storing was not heard of is there when it is appended again) {
  auto& one = add();
  one.start();
  auto block = one.seal(one.make_block({pay("ada", 0, "eve", 5)}), one.position());
  *one.losses = 1;
  CAF_CHECK_EQUAL(one.verdict<chain::position>(block), "timeout");
  CAF_CHECK_EQUAL(one.position().head->head.at.get(), 0u);
  CAF_CHECK_EQUAL(one.verdict<chain::position>(block), "none");
  CAF_CHECK_EQUAL(one.position().head->head.at.get(), 1u);
  one.decide({pay("ada", 1, "eve", 5)});
  CAF_CHECK_EQUAL(one.sql("SELECT sum(transactions) FROM chain_block"), "2");
}

CAF_TEST(blocks that are handed over together are appended one after the other) {
  auto& one = add();
  auto& two = add();
  one.start();
  two.start();
  two.position();
  std::vector<chain::append_block> blocks;
  for (std::uint64_t i = 0; i < 10; ++i)
    blocks.push_back(one.decide({pay("ada", i, "eve", 5)}));
  for (const auto& x : blocks)
    self->send(two.ledger, x);
  CAF_CHECK(eventually([&] { return two.position().head->head.at.get() == 10; }));
  CAF_CHECK(one.root_now() == two.root_now());
}

CAF_TEST(a block with another state root is neither valid nor stored) {
  auto& one = add();
  one.start();
  auto block = one.make_block({pay("ada", 0, "eve", 5)});
  block.head.state_root[0] ^= 1;
  auto judged = one.ask<chain::block_valid>(one.to_validate(block, one.last_ticket));
  CAF_REQUIRE(judged);
  CAF_CHECK(!judged->valid);
  CAF_CHECK(judged->why.find("state root") != std::string::npos);
  auto sealed = one.seal(block, one.position());
  CAF_CHECK_EQUAL(one.verdict<chain::position>(sealed), "invalid_argument");
  CAF_CHECK_EQUAL(one.position().head->head.at.get(), 0u);
  auto invalid = one.make_block({});
  invalid.transactions.push_back(pay("ada", 7, "eve", 5));
  consensus::fix_roots(invalid);
  judged = one.ask<chain::block_valid>(one.to_validate(invalid, one.last_ticket));
  CAF_REQUIRE(judged);
  CAF_CHECK(!judged->valid);
  CAF_CHECK(judged->why.find("nonce_ahead") != std::string::npos);
}

CAF_TEST(a block upon another head is refused) {
  auto& one = add();
  one.start();
  auto old = one.make_block({});
  one.decide();
  auto sealed = one.seal(old, one.position());
  old.head.at = height{3};
  CAF_CHECK_EQUAL(one.verdict<chain::position>(one.seal(old, one.position())), "conflict");
  CAF_CHECK_EQUAL(one.verdict<chain::block_valid>(one.to_validate(old)), "unavailable");
  CAF_CHECK_EQUAL(one.verdict<chain::block_filled>(
                      chain::fill_block{std::make_shared<const consensus::block>(old), {}}),
                  "conflict");
}

CAF_TEST(who has lost the slot stores nothing) {
  auto& one = add();
  one.start();
  one.decide();
  auto block = one.seal(one.make_block({}), one.position());
  one.db.give_to(one.db.join("node-2"));
  CAF_CHECK_EQUAL(one.verdict<chain::position>(block), "fenced");
  CAF_CHECK_EQUAL(one.sql("SELECT height FROM chain"), "1");
}

CAF_TEST(a database with another chain is refused) {
  auto& one = add();
  one.start();
  one.position();
  one.end(one.ledger);
  auto other = one.options();
  other->genesis.replace(other->genesis.find("1000"), 4, "1001");
  one.how = other;
  one.start();
  CAF_CHECK_EQUAL(to_string(one.last_words()).substr(0, 14), "config_invalid");
}

CAF_TEST(a damaged row of the state is found at the start) {
  auto& one = add();
  one.start();
  one.decide({pay("ada", 0, "eve", 5)});
  one.end(one.ledger);
  one.sql("UPDATE chain_state SET value = set_byte(value, 3, get_byte(value, 3) # 1) "
          "WHERE key = (SELECT key FROM chain_state ORDER BY key LIMIT 1)");
  one.start();
  auto why = one.last_words();
  CAF_CHECK(why.code == ec::storage_failed);
  CAF_CHECK(why.detail.find("bpci chain verify") != std::string::npos);
}

CAF_TEST(a head that stands elsewhere than LEDGER knows ends it and the next one loads it) {
  auto& one = add();
  one.start();
  auto block = one.seal(one.make_block({}), one.position());
  // A commit of an earlier incarnation comes late.
  one.sql("UPDATE chain SET height = 5");
  self->send(one.ledger, block);
  CAF_CHECK(one.last_words().code == ec::conflict);
}

CAF_TEST(the state and the receipts are proven against headers) {
  auto& one = add();
  one.start();
  one.decide({pay("ada", 0, "eve", 5), pay("bob", 0, "eve", 6), pay("ada", 1, "eve", 7)});
  auto wanted = transaction_id(pay("bob", 0, "eve", 6));
  one.decide({pay("gus", 0, "eve", 5)});
  one.decide();
  one.restart();
  one.position();
  auto receipt = one.ask<chain::receipt_proven>(chain::prove_receipt{wanted});
  CAF_REQUIRE(receipt);
  CAF_CHECK_EQUAL(receipt->head.at.get(), 1u);
  CAF_CHECK(receipt->receipt.transaction == wanted);
  CAF_CHECK(receipt->seals.block_id == consensus::block_id(receipt->head));
  CAF_CHECK(
      verify_receipt(receipt->head.state_root, receipt->head.at, receipt->receipt, receipt->proof));
  auto key =
      "coins/account/" + std::string{reinterpret_cast<const char*>(account_of("eve").data()), 32};
  auto state = one.ask<chain::state_proven>(chain::prove_state{key});
  CAF_REQUIRE(state);
  CAF_REQUIRE(state->value);
  CAF_CHECK(verify_inclusion(state->head.state_root, key, *state->value, state->proof));
  auto nothing = one.ask<chain::state_proven>(chain::prove_state{"nothing"});
  CAF_REQUIRE(nothing);
  CAF_CHECK(!nothing->value);
  CAF_CHECK(verify_exclusion(nothing->head.state_root, "nothing", nothing->proof));
  CAF_CHECK_EQUAL(one.verdict<chain::receipt_proven>(chain::prove_receipt{{}}), "not_found");
}

CAF_TEST(an account has what it sent and what it was sent in its history newest first) {
  auto& one = add();
  one.start();
  one.decide({pay("ada", 0, "eve", 5), pay("bob", 0, "fay", 6), pay("ada", 1, "gus", 7)});
  one.decide({pay("eve", 0, "ada", 5)});
  CAF_CHECK_EQUAL(history(one, "ada"), "2.0 1.2 1.0");
  CAF_CHECK_EQUAL(history(one, "eve"), "2.0 1.0");
  CAF_CHECK_EQUAL(history(one, "fay"), "1.1");
  CAF_CHECK_EQUAL(history(one, "dan"), "");
  CAF_CHECK_EQUAL(history(one, "ada", {}, 2), "2.0 1.2:1.2");
  CAF_CHECK_EQUAL(history(one, "ada", "1.2", 2), "1.0");
  CAF_CHECK_EQUAL(history(one, "ada", "1"), "malformed");
  CAF_CHECK_EQUAL(history(one, "ada", "1.-2"), "malformed");
}

CAF_TEST(a history goes on below the windows in which the account did nothing) {
  auto& one = add();
  one.start();
  one.decide({pay("ada", 0, "eve", 5)});
  one.decide({pay("ada", 1, "eve", 6)});
  one.decide({pay("ada", 2, "fay", 7)});
  // As if nobody had done anything for long before the third, and then between it and the second.
  move_block(one, 3, 40 * window_blocks + 5);
  move_block(one, 2, 7 * window_blocks);
  one.sql("UPDATE chain SET height = 50 * 4096");
  CAF_CHECK_EQUAL(history(one, "ada"), "163845.0 28672.0 1.0");
  CAF_CHECK_EQUAL(history(one, "eve"), "28672.0 1.0");
  CAF_CHECK_EQUAL(history(one, "ada", {}, 1), "163845.0:163845.0");
  CAF_CHECK_EQUAL(history(one, "ada", "163845.0", 1), "28672.0:28672.0");
  CAF_CHECK_EQUAL(history(one, "ada", "28672.0", 1), "1.0");
  CAF_CHECK_EQUAL(history(one, "dan"), "");
}

CAF_TEST(two that share a key are told apart) {
  auto& one = add();
  one.start();
  one.decide({pay("ada", 0, "eve", 5), pay("bob", 0, "fay", 6)});
  one.decide({pay("ada", 1, "eve", 7)});
  // Each block has the keys of everybody for each of its transactions.
  const auto add_keys = [&](const account& who) {
    one.sql("UPDATE chain_block SET keys = keys || array_fill("
            + std::to_string(key_of_account(who, 0))
            + "::bigint, ARRAY[transactions]), owners = owners || (SELECT array_agg(i) FROM "
              "generate_series(0, transactions - 1) AS i) WHERE transactions > 0");
  };
  for (const auto* who : {"bob", "fay"})
    add_keys(account_of(who));
  CAF_CHECK_EQUAL(history(one, "fay"), "1.1");
  CAF_CHECK_EQUAL(history(one, "fay", {}, 1), "1.1");
  CAF_CHECK_EQUAL(history(one, "bob", "1.1"), "");
}

CAF_TEST(the database and this program make the same keys) {
  auto& one = add();
  const auto who = account_of("ada");
  const auto first_bytes = "('x' || encode(substring('\\x" + crypto::to_hex(who)
                           + "'::bytea FOR 8), 'hex'))::bit(64)::bigint";
  CAF_CHECK_EQUAL(one.sql("SELECT " + first_bytes), std::to_string(key_of_id(who)));
  CAF_CHECK_EQUAL(one.sql("SELECT " + first_bytes + " # (81920::bigint / 4096)"),
                  std::to_string(key_of_account(who, 20)));
}

CAF_TEST(blocks and transactions are found) {
  auto& one = add();
  one.start();
  auto first = one.decide({pay("ada", 0, "eve", 5), pay("bob", 0, "fay", 6)});
  auto second = one.decide();
  auto by_height = one.ask<chain::block_shown>(chain::get_block{height{1}, {}});
  CAF_REQUIRE(by_height);
  CAF_CHECK(by_height->id == first.id);
  CAF_CHECK(by_height->what == *first.what);
  auto by_id = one.ask<chain::block_shown>(chain::get_block{{}, second.id});
  CAF_REQUIRE(by_id);
  CAF_CHECK(by_id->what == *second.what);
  CAF_CHECK_EQUAL(one.verdict<chain::block_shown>(chain::get_block{height{3}, {}}), "not_found");
  CAF_CHECK_EQUAL(one.verdict<chain::block_shown>(chain::get_block{}), "invalid_argument");
  auto page = one.ask<chain::block_page>(chain::list_blocks{{}, 2});
  CAF_REQUIRE(page);
  CAF_REQUIRE_EQUAL(page->blocks.size(), 2u);
  CAF_CHECK_EQUAL(page->blocks[1].transactions, 2u);
  CAF_CHECK(page->blocks[1].id == first.id);
  CAF_CHECK(page->next == height{1});
  const auto encoded = pay("bob", 0, "fay", 6);
  auto shown = one.ask<chain::transaction_shown>(chain::get_transaction{transaction_id(encoded)});
  CAF_REQUIRE(shown);
  CAF_CHECK(shown->encoded == encoded);
  CAF_CHECK(shown->at == height{1});
  CAF_CHECK_EQUAL(shown->index, 1u);
  CAF_REQUIRE(shown->receipt);
  CAF_CHECK_EQUAL(shown->receipt->code, "none");
  CAF_CHECK_EQUAL(one.verdict<chain::transaction_shown>(chain::get_transaction{}), "not_found");
  auto all = one.ask<chain::chain_overview>(chain::get_overview{});
  CAF_REQUIRE(all);
  CAF_CHECK_EQUAL(all->blocks_here, 3u);
  CAF_CHECK_EQUAL(all->transactions, 2u);
  CAF_CHECK_EQUAL(std::to_string(all->accounts), one.sql("SELECT count(*) FROM chain_state"));
}

CAF_TEST(blocks are read for others as they were sealed) {
  auto& one = add();
  one.start();
  std::vector<chain::append_block> all;
  for (std::uint64_t i = 0; i < 4; ++i)
    all.push_back(one.decide({pay("ada", i, "eve", 5)}));
  auto range = one.ask<chain::block_range>(chain::read_blocks{height{2}, 10, 1 << 20});
  CAF_REQUIRE(range);
  CAF_REQUIRE_EQUAL(range->blocks.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i)
    CAF_CHECK(range->blocks[i] == codec::to_canonical(*all[i + 1].what));
  auto one_only = one.ask<chain::block_range>(chain::read_blocks{height{2}, 10, 1});
  CAF_REQUIRE(one_only);
  CAF_CHECK_EQUAL(one_only->blocks.size(), 1u);
  CAF_CHECK_EQUAL(one.verdict<chain::block_range>(chain::read_blocks{height{5}, 10, 1'000}),
                  "not_found");
  for (auto at : {0u, 2u, 4u}) {
    auto header = one.ask<chain::final_header>(chain::read_header{height{at}});
    CAF_REQUIRE(header);
    CAF_CHECK_EQUAL(header->head.at.get(), at);
    CAF_CHECK(header->head.validators_hash == consensus::validators_hash(header->validators));
    CAF_CHECK(header->head.next_validators_hash
              == consensus::validators_hash(header->next_validators));
  }
  auto past = one.ask<chain::past_height>(chain::get_past{height{1}});
  CAF_REQUIRE(past);
  CAF_CHECK(past->id == all[0].id);
  CAF_CHECK_EQUAL(one.verdict<chain::past_height>(chain::get_past{height{9}}), "not_found");
}

CAF_TEST(whoever watches is told where the chain stands and when it moves) {
  auto& one = add();
  auto heard = std::make_shared<told>();
  one.start();
  one.position();
  auto watcher = sys.spawn([&](caf::event_based_actor* me) -> caf::behavior {
    me->send(one.ledger, chain::watch_position{});
    return {[heard](const chain::position& x) {
      heard->note(std::to_string(x.head->head.at.get()) + (x.last ? " with its block" : ""));
    }};
  });
  CAF_CHECK(eventually([&] { return heard->count("0") == 1; }));
  one.decide();
  CAF_CHECK(eventually([&] { return heard->count("1 with its block") == 1; }));
  send_exit_now(watcher, caf::exit_reason::kill);
}

CAF_TEST(a snapshot restores the chain in an empty database and it goes on from there) {
  auto& one = add();
  auto often = one.options();
  often->snapshot_every = 3;
  one.how = often;
  one.start();
  auto has_snapshot_of = [&](const char* at) {
    return eventually([&] { return one.sql("SELECT max(height) FROM chain_snapshot") == at; });
  };
  std::vector<chain::append_block> all;
  for (std::uint64_t i = 0; i < 8; ++i) {
    all.push_back(one.decide({pay("ada", i, "eve", 5)}));
    // One that comes due while another is being written is left out.
    if (i == 2) CAF_REQUIRE(has_snapshot_of("3"));
  }
  CAF_REQUIRE(has_snapshot_of("6"));
  auto found = one.ask<chain::snapshot_here>(chain::find_snapshot{});
  CAF_REQUIRE(found);
  CAF_REQUIRE_EQUAL(found->what.at.get(), 6u);
  auto header = one.ask<chain::final_header>(chain::read_header{height{6}});
  CAF_REQUIRE(header);

  auto& two = add();
  two.start();
  two.position();
  CAF_CHECK_EQUAL(two.verdict<chain::restore_progress>(chain::add_chunk{0, nullptr}), "not_found");
  auto lie = found->what;
  lie.entries += 1;
  chain::finish_restore finish;
  for (std::size_t i = 0; i < 6; ++i)
    finish.before.push_back(all[i].what);
  auto restore_with = [&](const snapshot_manifest& manifest) {
    auto begun = two.ask<chain::restore_progress>(chain::begin_restore{*header, manifest});
    CAF_REQUIRE(begun);
    CAF_CHECK(begun->missing == 0u);
    CAF_CHECK_EQUAL(two.verdict<chain::position>(finish), "unavailable");
    for (std::uint64_t i = 0; i < manifest.chunks.size(); ++i) {
      auto chunk = one.ask<chain::chunk_here>(chain::read_chunk{height{6}, i});
      CAF_REQUIRE(chunk);
      CAF_CHECK_EQUAL(two.verdict<chain::restore_progress>(chain::add_chunk{i, chunk->data}),
                      "none");
    }
    return two.verdict<chain::position>(finish);
  };
  CAF_CHECK_EQUAL(restore_with(lie), "malformed");
  CAF_CHECK_EQUAL(two.position().head->head.at.get(), 0u);
  auto wrong = finish;
  wrong.before[2] = all[3].what;
  std::swap(finish, wrong);
  CAF_CHECK_EQUAL(restore_with(found->what), "invalid_argument");
  std::swap(finish, wrong);
  *two.losses = 3;
  CAF_CHECK_EQUAL(two.verdict<chain::position>(finish), "none");

  auto at = two.position();
  CAF_CHECK_EQUAL(at.head->head.at.get(), 6u);
  CAF_CHECK(at.head->id == all[5].id);
  CAF_CHECK_EQUAL(at.recent.size(), 3u);
  two.restart();
  CAF_CHECK(two.position().recent == at.recent);
  CAF_CHECK(two.position().head->id == all[5].id);
  CAF_CHECK_EQUAL(two.sql("SELECT count(DISTINCT edition) FROM chain_state"), "1");
  CAF_CHECK_EQUAL(two.verdict<chain::block_shown>(chain::get_block{height{5}, {}}), "not_found");
  CAF_CHECK_EQUAL(two.verdict<chain::block_shown>(chain::get_block{height{6}, {}}), "none");
  for (std::size_t i = 6; i < 8; ++i)
    CAF_CHECK_EQUAL(two.verdict<chain::position>(all[i]), "none");
  CAF_CHECK(one.root_now() == two.root_now());
  auto overview = two.ask<chain::chain_overview>(chain::get_overview{});
  CAF_REQUIRE(overview);
  CAF_CHECK_EQUAL(overview->blocks_here, 3u);
  CAF_CHECK_EQUAL(overview->transactions, 3u);
  CAF_CHECK_EQUAL(std::to_string(overview->accounts), two.sql("SELECT count(*) FROM chain_state"));
  CAF_CHECK_EQUAL(two.verdict<chain::restore_progress>(chain::begin_restore{*header, found->what}),
                  "conflict");
}

CAF_TEST(who was absent is known after a restart and after a restore) {
  account_of("dan");
  auto& one = add();
  auto once = one.options();
  once->snapshot_every = 101;
  one.how = once;
  one.absent = "dan";
  one.start();
  auto& two = add();
  two.start();
  two.position();
  std::vector<chain::append_block> all;
  auto follow = [&](chain_node& who, std::size_t from) {
    for (auto i = from; i < all.size(); ++i)
      CAF_CHECK_EQUAL(who.verdict<chain::position>(all[i]), "none");
  };
  for (auto until : {40u, 102u, 106u}) {
    const auto from = all.size();
    while (all.size() < until)
      all.push_back(one.decide());
    follow(two, from);
    two.restart();
    two.position();
  }
  // Of 100 heights he has sealed none.
  CAF_CHECK_EQUAL(one.position().head->validators.size(), 3u);
  CAF_CHECK(one.position().recent == two.position().recent);
  CAF_REQUIRE(
      eventually([&] { return one.sql("SELECT max(height) FROM chain_snapshot") == "101"; }));
  auto found = one.ask<chain::snapshot_here>(chain::find_snapshot{}).value();
  auto header = one.ask<chain::final_header>(chain::read_header{height{101}}).value();
  auto& three = add();
  three.start();
  three.position();
  CAF_CHECK_EQUAL(three.verdict<chain::restore_progress>(chain::begin_restore{header, found.what}),
                  "none");
  for (std::uint64_t i = 0; i < found.what.chunks.size(); ++i)
    CAF_CHECK_EQUAL(three.verdict<chain::restore_progress>(chain::add_chunk{
                        i, one.ask<chain::chunk_here>(chain::read_chunk{height{101}, i})->data}),
                    "none");
  chain::finish_restore finish;
  for (std::size_t i = 0; i < 101; ++i)
    finish.before.push_back(all[i].what);
  CAF_CHECK_EQUAL(three.verdict<chain::position>(finish), "none");
  three.restart();
  three.position();
  follow(three, 101);
  CAF_CHECK(three.root_now() == one.root_now());
}

CAF_TEST(however often LEDGER is killed while it begins the chain begins once and whole) {
  std::string more;
  for (std::uint32_t i = 0; i < 2'500; ++i)
    more += R"({"account":")" + crypto::to_hex(account_of(std::to_string(i))) + R"(","FLX":7},)";
  auto genesis = default_genesis();
  const std::string_view balances = R"("balances":[)";
  genesis.insert(genesis.find(balances) + balances.size(), more);
  auto& one = add(genesis);
  const auto root = read_genesis(standard_modules(), genesis).value().root;
  for (auto i = 0; i < 12; ++i) {
    one.start();
    std::this_thread::sleep_for(std::chrono::milliseconds{5 + 15 * i});
    one.end(one.ledger);
  }
  *one.losses = 3;
  one.start();
  CAF_CHECK(one.root_now() == root);
  CAF_CHECK_EQUAL(one.sql("SELECT count(DISTINCT edition) FROM chain_state"), "1");
  one.decide({pay("ada", 0, "eve", 5)});
  one.restart();
  CAF_CHECK_EQUAL(one.position().head->head.at.get(), 1u);
}

CAF_TEST(however often LEDGER is killed while it appends it has the block or has it not ) {
  auto& one = add();
  one.start();
  std::uint64_t nonce = 0;
  for (auto i = 0; i < 12; ++i) {
    auto before = one.position();
    auto block = one.seal(one.make_block({pay("ada", nonce, "eve", 5)}), before);
    self->send(one.ledger, block);
    std::this_thread::sleep_for(std::chrono::microseconds{500 * i});
    one.restart();
    auto after = one.position();
    if (after.head->id == block.id) {
      ++nonce;
    } else {
      CAF_CHECK(after.head->id == before.head->id);
    }
    // Its commit may come only now; then LEDGER is right to start again.
    if (one.verdict<chain::position>(block) == "none" && after.head->id != block.id) ++nonce;
    if (eventually([&] { return bool{one.ask<chain::position>(chain::get_position{})}; })) continue;
    one.restart();
  }
  CAF_CHECK_EQUAL(one.sql("SELECT sum(transactions) FROM chain_block"), std::to_string(nonce));
  CAF_CHECK_EQUAL(std::to_string(one.position().head->head.at.get()), std::to_string(nonce));
}

CAF_TEST(who does not hold the chain does not even load it) {
  auto& one = add();
  one.db.give_to(one.db.join("node-2"));
  one.start();
  CAF_CHECK(one.last_words().code == ec::fenced);
}

CAF_TEST(the last two snapshots are kept) {
  auto& one = add();
  auto often = one.options();
  often->snapshot_every = 1;
  one.how = often;
  one.start();
  for (std::uint64_t i = 1; i <= 4; ++i) {
    one.decide({pay("ada", i - 1, "eve", 5)});
    CAF_REQUIRE(eventually(
        [&] { return one.sql("SELECT max(height) FROM chain_snapshot") == std::to_string(i); }));
  }
  CAF_CHECK_EQUAL(one.sql("SELECT string_agg(height::text, ' ' ORDER BY height) "
                          "FROM chain_snapshot"),
                  "3 4");
  CAF_CHECK_EQUAL(one.sql("SELECT string_agg(DISTINCT height::text, ' ') "
                          "FROM chain_snapshot_chunk"),
                  "3 4");
}

CAF_TEST(nothing is answered while the chain is loaded) {
  auto& one = add();
  one.node->directory.remove(one.how->root + "/storage/pool", one.lossy);
  one.start();
  CAF_CHECK_EQUAL(one.verdict<chain::position>(chain::get_position{}), "unavailable");
  CAF_CHECK_EQUAL(one.verdict<chain::chain_overview>(chain::get_overview{}), "unavailable");
  one.put("/storage/pool", one.lossy);
  CAF_CHECK_EQUAL(one.position().head->head.at.get(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::ledger::test
