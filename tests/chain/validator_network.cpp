#include "validator_network.hpp"

#include "messages/codec/canonical.hpp"
#include "messages/codec/json.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/time/clock.hpp"

#include <csignal>
#include <fstream>
#include <iostream>
#include <sys/stat.h>

namespace bpci::e2e {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr auto host = "127.0.0.1";
constexpr auto chain_id = "test-net";
constexpr auto call_max = 5'000ms;
constexpr auto command_max = 120'000ms;
constexpr auto token_max = 30'000ms;

std::filesystem::path make_folder() {
  auto name = (std::filesystem::temp_directory_path() / "bpci-chain-XXXXXX").string();
  if (!mkdtemp(name.data())) give_up("no temporary folder can be made: " + name);
  chmod(name.c_str(), 0711); // the account of the database passes through
  return name;
}

std::string name_of(std::size_t number) {
  return "validator-" + std::to_string(number);
}

void write_genesis(const std::filesystem::path& file, const std::vector<ledger::account>& members) {
  json::array validators, balances;
  for (const auto& who : members)
    validators.push_back({{"key", crypto::to_hex(who)}, {"bond", "1000000000000"}});
  for (std::size_t i = 1; i <= validator_network::people; ++i)
    balances.push_back({{"account", crypto::to_hex(validator_network::person(i).pub.bytes)},
                        {"FLX", "9000000000000000"},
                        {"GEN", "1000000000000"}});
  // Whoever the tests kill and cut off must stay a validator: on a busy machine it may miss more
  // than half of a hundred blocks, and what is decided without it is then no fault.
  json::object parameters{{"validators.downtime_min_bp", 500}};
  const json::value document{{"chain_id", chain_id},
                             // Now: a genesis that is too old to be trusted needs every block.
                             {"time", wall_now().get()},
                             {"parameters", std::move(parameters)},
                             {"validators", {{"members", std::move(validators)}}},
                             {"coins", {{"balances", std::move(balances)}}}};
  std::ofstream{file} << codec::to_text(document);
}

} // namespace

validator_network::validator_network(std::size_t count, const std::string& chain_settings)
    : folder_(make_folder()), ways_(count) {
  for (std::size_t i = 1; i <= count; ++i) {
    const auto dir = folder_ / name_of(i);
    std::filesystem::create_directory(dir);
    chmod(dir.c_str(), 0711);
    addresses_.push_back(
        crypto::load_or_create((dir / "validator.key").string()).value().pub.bytes);
  }
  write_genesis(folder_ / "genesis.json", addresses_);
  for (std::size_t from = 1; from <= count; ++from)
    for (std::size_t to = 1; to <= count; ++to)
      if (from != to) proxies_[{from, to}] = std::make_unique<chaos::tcp_proxy>(host);
  for (std::size_t i = 1; i <= count; ++i)
    nodes_.push_back(
        std::make_unique<cluster_node>(folder_, name_of(i), chain_section(i, chain_settings)));
  for (std::size_t i = 1; i <= count; ++i)
    start(i);
}

validator_network::~validator_network() {
  for (auto& x : nodes_)
    if (x->running()) x->stop(SIGKILL);
  nodes_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string validator_network::chain_section(std::size_t number, const std::string& more) const {
  auto out =
      "chain:\n  genesis: " + (folder_ / "genesis.json").string() + "\n" + more + "  peers:\n";
  for (std::size_t to = 1; to <= addresses_.size(); ++to)
    if (to != number)
      out += "    - {key: " + crypto::to_hex(addresses_[to - 1]) + ", urls: [\"ws://" + host + ":"
             + std::to_string(proxies_.at({number, to})->port()) + "/bpi/v1\"]}\n";
  return out;
}

void validator_network::start(std::size_t number) {
  auto& it = node(number);
  it.start();
  for (std::size_t from = 1; from <= size(); ++from)
    if (from != number) proxy(from, number).set_upstream(it.port());
  auto way = way_to(number);
  if (way.token.empty()) {
    if (!eventually(token_max, [&] { return !it.token_shown().empty(); }))
      give_up(it.id() + " shows no token");
    way.token = it.token_shown();
  }
  auto lock = std::lock_guard{mutex_};
  ways_[number - 1] = {true, it.http_url(), std::move(way.token)};
}

void validator_network::stop(std::size_t number, int signal) {
  {
    auto lock = std::lock_guard{mutex_};
    ways_[number - 1].up = false;
  }
  node(number).stop(signal);
}

void validator_network::kill(std::size_t number) {
  stop(number, SIGKILL);
}

void validator_network::wipe_database(std::size_t number) {
  std::filesystem::remove_all(node(number).data_dir() / "postgres");
  auto lock = std::lock_guard{mutex_};
  ways_[number - 1].token.clear(); // it stood there, too
}

bool validator_network::running(std::size_t number) const {
  return way_to(number).up;
}

validator_network::way_in validator_network::way_to(std::size_t number) const {
  auto lock = std::lock_guard{mutex_};
  return ways_.at(number - 1);
}

void validator_network::part(const std::set<std::size_t>& some) {
  for (auto& [ends, between] : proxies_)
    if (some.contains(ends.first) != some.contains(ends.second))
      between->set_mode(chaos::tcp_proxy::mode::stall);
}

void validator_network::heal() {
  for (auto& [ends, between] : proxies_)
    between->set_mode(chaos::tcp_proxy::mode::pass);
}

result<http::response> validator_network::call(std::size_t number, const std::string& method,
                                               const std::string& path, const bytes& body) {
  const auto way = way_to(number);
  if (!way.up) return fail(ec::unavailable, "it is not running");
  http::header_list headers;
  headers.set("Authorization", "Bearer " + way.token);
  if (!body.empty()) headers.set("Content-Type", "application/octet-stream");
  return http::call(way.url, method, path, headers, std::string{body.begin(), body.end()},
                    call_max);
}

json::value validator_network::get(std::size_t number, const std::string& path) {
  const auto answer = call(number, "GET", path);
  if (!answer || answer->status != 200) return nullptr;
  auto parsed = codec::parse_json(answer->body);
  return parsed ? parsed->at("data") : json::value(nullptr);
}

std::uint64_t validator_network::height_of(std::size_t number) {
  if (!running(number)) return 0;
  const auto page = get(number, "/api/v1/chain/blocks?limit=1");
  if (page.is_null() || page.at("blocks").as_array().empty()) return 0;
  return page.at("blocks").at(0).at("at").to_number<std::uint64_t>();
}

std::string validator_network::block_id(std::size_t number, std::uint64_t at) {
  const auto block = get(number, "/api/v1/chain/blocks/" + std::to_string(at));
  return block.is_null() ? std::string{} : std::string{block.at("id").as_string()};
}

std::string validator_network::summary(std::size_t number) {
  const auto state = get(number, "/api/v1/consensus/state");
  if (state.is_null() || !state.at("summary").is_string()) return "it does not answer";
  return std::string{state.at("summary").as_string()};
}

bool validator_network::all_reach(std::uint64_t at, milliseconds within) {
  return eventually(within, [&] {
    for (std::size_t i = 1; i <= size(); ++i)
      if (running(i) && height_of(i) < at) return false;
    return true;
  });
}

std::vector<std::uint64_t> validator_network::forks() {
  auto common = std::uint64_t{0} - 1;
  for (std::size_t i = 1; i <= size(); ++i)
    if (running(i)) common = std::min(common, height_of(i));
  std::vector<std::uint64_t> out;
  for (std::uint64_t at = 1; at <= common; ++at) {
    std::set<std::string> ids;
    for (std::size_t i = 1; i <= size(); ++i)
      if (running(i)) ids.insert(block_id(i, at));
    ids.erase(""); // below a snapshot it has no blocks
    if (ids.size() > 1) out.push_back(at);
  }
  return out;
}

command_outcome validator_network::cli(std::size_t number, std::vector<std::string> words) {
  const auto way = way_to(number);
  return run_command({.program = BPCI_PROGRAM,
                      .arguments = std::move(words),
                      .environment = {{"HOME", (folder_ / "home").string()},
                                      {"XDG_CONFIG_HOME", (folder_ / "home/.config").string()},
                                      {"BPCI_URL", way.url},
                                      {"BPCI_TOKEN", way.token},
                                      {"NO_COLOR", "1"}}},
                     command_max);
}

crypto::key_pair validator_network::person(std::size_t number) {
  return crypto::from_seed(crypto::sha256(crypto::as_bytes("person " + std::to_string(number))));
}

bytes validator_network::transfer(const crypto::key_pair& from, std::uint64_t nonce,
                                  const ledger::account& to, std::uint64_t units) {
  const ledger::coins::transfer what{to, {ledger::token::FLX, units}};
  ledger::transaction out;
  out.chain_id = chain_id;
  out.sender = from.pub.bytes;
  out.nonce = nonce;
  out.fee = amount<flx>{1'000'000};
  out.valid_until = height{1'000'000};
  out.module = "coins";
  out.kind = "transfer";
  out.body = codec::to_canonical(what);
  ledger::sign(out, from.secret);
  return codec::to_canonical(out);
}

// -- paying --------------------------------------------------------------------------------------

payer::payer(validator_network& network, std::size_t person)
    : network_(network), person_(person), thread_([this] { run(); }) {}

payer::~payer() {
  finish();
}

void payer::finish() {
  ending_ = true;
  if (thread_.joinable()) thread_.join();
}

void payer::run() {
  for (std::uint64_t nonce = 0; !ending_; ++nonce) {
    if (!pay(nonce)) return;
    ++paid_;
  }
}

/// Sends it to one after the other until somebody has it in a block: what a node has taken it may
/// forget when it dies.
bool payer::pay(std::uint64_t nonce) {
  const auto what = validator_network::transfer(network_.person(person_), nonce,
                                                network_.person(person_ + 1).pub.bytes, 1'000);
  const auto id = crypto::to_hex(ledger::transaction_id(what));
  constexpr auto asked_each = 100;
  for (auto turn = person_ + nonce;; ++turn) {
    const auto number = turn % network_.size() + 1;
    if (!network_.running(number)) {
      std::this_thread::sleep_for(10ms);
      if (ending_) return false;
      continue;
    }
    (void)network_.call(number, "POST", "/api/v1/chain/transactions", what);
    for (int i = 0; i < asked_each; ++i) {
      const auto state = network_.get(number, "/api/v1/chain/transactions/" + id);
      if (!state.is_null() && state.at("status").as_string() == "done") return true;
      if (ending_) return false;
      std::this_thread::sleep_for(20ms);
    }
  }
}

} // namespace bpci::e2e
