#define CAF_SUITE ledger_cost

#include "chain_fixture.hpp"

#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>

/// What a transaction costs on one node beside its signature. Prints, and asserts nothing about
/// time: machines differ, and so does what else they do.
namespace bpci::ledger::test {

namespace {

constexpr std::size_t senders = 500;
constexpr std::size_t each = 10;
constexpr auto count = senders * each;

std::vector<crypto::key_pair>& keys() {
  static auto all = [] {
    std::vector<crypto::key_pair> out;
    for (std::size_t i = 0; i < senders; ++i)
      out.push_back(crypto::from_seed(crypto::sha256(crypto::as_bytes(std::to_string(i)))));
    return out;
  }();
  return all;
}

std::string genesis_text() {
  std::string balances;
  for (const auto& x : keys())
    balances += (balances.empty() ? "" : ",") + ("{\"account\":\"" + crypto::to_hex(x.pub))
                + R"(","FLX":"1000000000000"})";
  auto validator = crypto::to_hex(account_of("ada"));
  return R"({"chain_id":"test","time":1000,"validators":{"members":[{"key":")" + validator
         + R"(","bond":"1000000000000"}]},"coins":{"balances":[)" + balances + "]}}";
}

std::vector<bytes> transactions(std::uint64_t first_nonce) {
  std::vector<bytes> out;
  for (std::uint64_t nonce = first_nonce; nonce < first_nonce + each; ++nonce)
    for (std::size_t i = 0; i < senders; ++i) {
      auto x = payment("ada", nonce, "eve", 1);
      x.sender = keys()[i].pub.bytes;
      x.body = codec::to_canonical(
          coins::transfer{keys()[(i + nonce + 1) % senders].pub.bytes, {token::FLX, 1}});
      sign(x, keys()[i].secret);
      out.push_back(codec::to_canonical(x));
    }
  return out;
}

/// Of this process: what else the machine does does not count.
std::chrono::nanoseconds cpu_now() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

class watch {
public:
  /// Microseconds a transaction since the last call, of the processor.
  double lap() {
    auto now = cpu_now();
    auto took = std::chrono::duration<double, std::micro>(now - last_).count();
    last_ = now;
    return took / static_cast<double>(count);
  }

private:
  std::chrono::nanoseconds last_ = cpu_now();
};

/// Of the sessions of the pool.
std::chrono::nanoseconds database_cpu(chain_node& of) {
  std::istringstream pids{of.sql("SELECT string_agg(pid::text, ' ') FROM pg_stat_activity "
                                 "WHERE datname = current_database() AND pid <> pg_backend_pid()")};
  std::chrono::nanoseconds out{};
  for (std::string pid; pids >> pid;) {
    std::ifstream in{"/proc/" + pid + "/schedstat"};
    if (std::uint64_t ran = 0; in >> ran) out += std::chrono::nanoseconds{ran};
  }
  return out;
}

struct fixture : chain_fixture {};

} // namespace

CAF_TEST_FIXTURE_SCOPE(ledger_cost_tests, fixture)

CAF_TEST(what a transaction costs beside its signature) {
  auto& one = add(genesis_text());
  auto how = one.options();
  how->verify = remembering(ed25519_verifier());
  one.how = how;
  one.start();
  auto all = transactions(0);
  const auto at = one.position();
  auto start = read_genesis(how->modules, how->genesis).value();
  const rules by{how->modules, how->verify};
  const auto next = terms_at(start.state, height{1});

  std::vector<transaction> decoded;
  for (const auto& x : all)
    decoded.push_back(decode_transaction(x).value());
  watch clock;
  auto good = ed25519_verifier();
  for (const auto& x : decoded)
    if (!good(x, {})) CAF_FAIL("a bad signature");
  const auto signature = clock.lap();
  mempool pool;
  for (const auto& x : all)
    if (!pool.add(by, next, start.state, x)) CAF_FAIL("not taken");
  const auto admission = clock.lap() - signature;
  auto offered = pool.offer(count, 1 << 30);
  const auto offer = clock.lap();

  tip_start from;
  from.head = at.head->head;
  from.id = at.head->id;
  from.state = start.state;
  tip here{by, std::move(from)};
  auto skeleton = std::make_shared<const consensus::block>(
      consensus::block_upon(*at.head, "test", at.head->validators.front().id, timestamp_ms{5'000}));
  clock.lap();
  auto filled = here.fill({skeleton, {}}, offered).value();
  const auto fill = clock.lap();
  CAF_REQUIRE_EQUAL(filled.what->transactions.size(), count);
  auto block = *filled.what;
  consensus::fix_roots(block);
  const auto fix = clock.lap();
  auto judge = one.to_validate(block, filled.ticket);
  clock.lap();
  CAF_REQUIRE(here.validate(judge).value().valid);
  const auto validate = clock.lap();
  auto sealed = one.seal(block, at);
  clock.lap();
  auto step = here.prepare(sealed).value();
  const auto prepare = clock.lap();
  here.advance(step);

  // The same by the actor, as one who did not propose it, with its database.
  clock.lap();
  auto judged = one.ask<chain::block_valid>(one.to_validate(block));
  CAF_REQUIRE(judged);
  CAF_REQUIRE(judged->valid);
  const auto by_other = clock.lap();
  CAF_REQUIRE(one.ask<chain::position>(sealed));
  // The next one: the sessions have read their catalog, and the files have grown.
  const auto again = one.seal(one.make_block(transactions(each)), one.position());
  CAF_REQUIRE_EQUAL(again.what->what.transactions.size(), count);
  const auto database_before = database_cpu(one);
  clock.lap();
  const auto wall = std::chrono::steady_clock::now();
  CAF_REQUIRE(one.ask<chain::position>(again));
  const auto append = clock.lap();
  const auto waited =
      std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - wall).count();

  const auto database =
      std::chrono::duration<double, std::micro>(database_cpu(one) - database_before).count();
  std::cout << "microseconds a transaction, " << count << " in a block\n"
            << "  signature                  " << signature << "\n"
            << "  admission, without it      " << admission << "\n"
            << "  offer                      " << offer << "\n"
            << "  fill                       " << fill << "\n"
            << "  roots of the block         " << fix << "\n"
            << "  validate, own              " << validate << "\n"
            << "  prepare to append          " << prepare << "\n"
            << "  validate, another's        " << by_other << "\n"
            << "  append                     " << append << "\n"
            << "  append, of the database    " << database / count << "\n"
            << "  append, by the clock on the wall " << waited / count << ", with the database\n";
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::ledger::test
