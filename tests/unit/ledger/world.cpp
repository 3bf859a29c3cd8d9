#include "world.hpp"

#include "actors/ledger/coins/balances.hpp"
#include "actors/ledger/validators/set.hpp"
#include "runtime/crypto/keys.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

namespace bpci::ledger::test {

namespace {

std::map<account, std::string>& names() {
  static std::map<account, std::string> all;
  return all;
}

account make_account(std::string_view name) {
  for (auto* module : {"treasury/main", "treasury/community", "treasury/roundtable",
                       "validators/bonds", "governance"})
    if (std::string_view{module}.ends_with(name)) return module_account(module);
  return crypto::from_seed(crypto::sha256(crypto::as_bytes(name))).pub.bytes;
}

} // namespace

account account_of(std::string_view name) {
  static std::map<std::string, account, std::less<>> known;
  auto found = known.find(name);
  if (found == known.end()) {
    found = known.emplace(name, make_account(name)).first;
    names().emplace(found->second, name);
  }
  return found->second;
}

std::string name_of(const account& who) {
  auto found = names().find(who);
  return found == names().end() ? crypto::to_hex(who) : found->second;
}

signature checksum_of(const account& by, std::span<const std::uint8_t> what) {
  std::uint64_t sum = 0xcbf29ce484222325; // FNV-1a
  auto add = [&](std::uint8_t x) { sum = (sum ^ x) * 0x100000001b3; };
  std::ranges::for_each(by, add);
  std::ranges::for_each(what, add);
  signature out{};
  for (std::size_t i = 0; i < 8; ++i)
    out[i] = static_cast<std::uint8_t>(sum >> (8 * i));
  return out;
}

verifier checksum_verifier() {
  return [](const transaction& x, const hash&) {
    return checksum_of(x.sender, signing_bytes(x)) == x.sig;
  };
}

std::string default_genesis() {
  std::string members;
  std::string balances;
  for (auto* who : {"ada", "bob", "cyd", "dan", "eve", "fay", "gus"}) {
    auto key = crypto::to_hex(account_of(who));
    balances += (balances.empty() ? "" : ",") + ("{\"account\":\"" + key)
                + R"(","GEN":"10000000000000","NEX":1000000,"FLX":"1000000000000","AUR":5})";
    if (std::string_view{who} < "eve")
      members +=
          (members.empty() ? "" : ",") + ("{\"key\":\"" + key) + R"(","bond":"1000000000000"})";
  }
  return R"({"chain_id":"test","time":1000,"validators":{"members":[)" + members
         + R"(]},"coins":{"balances":[)" + balances
         + R"(]},"treasury":{"funds":[{"which":"community","NEX":500,"GEN":"700000000000"}]}})";
}

world::world(const std::string& genesis_text, const module_table& modules)
    : by{modules, checksum_verifier()} {
  auto read = read_genesis(modules, genesis_text);
  if (!read) CAF_FAIL(to_string(read.error()));
  start = std::move(*read);
  state = start.state;
  time = start.time;
  now = start.validators;
  after = now;
}

transaction world::make(std::string_view who, std::string_view module, std::string_view kind,
                        bytes body) {
  transaction out;
  out.chain_id = start.chain_id;
  out.sender = account_of(who);
  auto [nonce, fresh] = nonces.try_emplace(out.sender, 0);
  if (fresh) nonce->second = coins::get_holdings(state, out.sender).nonce;
  out.nonce = nonce->second++;
  out.fee = amount<flx>{body.size() < 500 ? 1'000'000 : 1'000'000 + 1'000 * body.size()};
  out.valid_until = height{at.get() + 100};
  out.module = module;
  out.kind = kind;
  out.body = std::move(body);
  return out;
}

bytes world::encode(transaction x) {
  x.sig = checksum_of(x.sender, signing_bytes(x));
  return codec::to_canonical(x);
}

block_context world::next_block() const {
  block_context out;
  out.chain_id = start.chain_id;
  out.at = height{at.get() + 1};
  out.time = timestamp_ms{time.get() + 1000};
  out.proposer = now.front().id;
  out.validators = now;
  for (const auto& x : sealings)
    if (x.at.get() + 102 >= out.at.get() && x.at.get() + 3 <= out.at.get()) out.sealed.push_back(x);
  return out;
}

result<execution> world::try_block(const std::vector<bytes>& transactions,
                                   std::vector<verified_evidence> evidence) {
  auto block = next_block();
  block.evidence = std::move(evidence);
  nonces.clear();
  auto done = execute(by, state, block, transactions);
  if (!done) return done;
  sealing by_whom{block.at, {}};
  for (const auto& x : now)
    if (!absent.contains(x.id)) by_whom.by.push_back(x.id);
  sealings.push_back(std::move(by_whom));
  if (sealings.size() > 150) sealings.erase(sealings.begin());
  state = done->state;
  at = block.at;
  time = block.time;
  now = done->next;
  after = done->after_next;
  change_due = done->change_due;
  last_events = done->events;
  return done;
}

execution world::block(const std::vector<bytes>& transactions,
                       std::vector<verified_evidence> evidence) {
  auto done = try_block(transactions, std::move(evidence));
  if (!done) CAF_FAIL(to_string(done.error()));
  return std::move(*done);
}

void world::blocks(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    block();
}

std::string world::outcome(bytes one) {
  auto done = try_block({std::move(one)});
  if (!done) return "not in a block: " + done.error().detail;
  const auto& x = done->receipts.front();
  return x.refusal.empty() ? "ok" : x.refusal;
}

void world::jump(std::uint64_t heights, std::int64_t ms) {
  at = height{at.get() + heights};
  time = timestamp_ms{time.get() + ms};
  now = after;
  sealings.clear();
}

std::uint64_t world::balance(std::string_view who, token what) const {
  return coins::units_of(coins::get_holdings(state, account_of(who)), what);
}

std::uint64_t world::supply_of(token what) const {
  return coins::units_of(coins::get_total(state), what);
}

std::string world::weights() const {
  std::map<std::string, std::uint64_t> all;
  for (const auto& x : after)
    all[name_of(x.id)] = x.weight;
  std::string out;
  for (const auto& [who, weight] : all)
    out += (out.empty() ? "" : ", ") + who + " " + std::to_string(weight);
  return out;
}

} // namespace bpci::ledger::test
