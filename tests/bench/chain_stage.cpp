#include "tests/bench/chain_stage.hpp"

#include "actors/consensus/ed25519_signer.hpp"
#include "actors/consensus/engine_actor.hpp"
#include "actors/consensus/evidence_actor.hpp"
#include "actors/consensus/quorum.hpp"
#include "actors/consensus/sync_actor.hpp"
#include "actors/consensus/validator_set.hpp"
#include "actors/genesis_block.hpp"
#include "actors/ledger/ledger_actor.hpp"
#include "actors/ledger/mempool_actor.hpp"
#include "actors/ledger/signature_cache.hpp"
#include "actors/oracle/doorman_actor.hpp"
#include "actors/peers/peers_actor.hpp"
#include "gateways/api/front_door.hpp"
#include "gateways/websocket/dialler_actor.hpp"
#include "messages/ledger/coins.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/storage/migrate.hpp"
#include "runtime/storage/pg_pool_actor.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "tests/bench/null_consensus.hpp"

#include <caf/all.hpp>
#include <pqxx/connection>
#include <pqxx/nontransaction>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <thread>

namespace bpci::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto chain_id = "bench";
constexpr auto link_max = 60s;
constexpr auto pool_size = 4; // as a node has it (config/node_config.hpp)
constexpr std::size_t connections_max = 200;

crypto::key_pair keys_of(std::string_view what, std::size_t number) {
  const auto name = std::string{what} + std::to_string(number);
  return crypto::from_seed(crypto::sha256(crypto::as_bytes(name)));
}

std::string genesis(std::size_t validators, std::size_t senders) {
  std::string members, balances;
  for (std::size_t i = 0; i < validators; ++i)
    members += (i == 0 ? "" : ",") + ("{\"key\":\"" + crypto::to_hex(validator_keys(i).pub))
               + R"(","bond":"1000000000000"})";
  for (std::size_t i = 0; i < senders; ++i)
    balances += (i == 0 ? "" : ",") + ("{\"account\":\"" + crypto::to_hex(sender_keys(i).pub))
                + R"(","FLX":"1000000000000"})";
  return R"({"chain_id":")" + std::string{chain_id} + R"(","time":1000,"validators":{"members":[)"
         + members + R"(]},"coins":{"balances":[)" + balances + "]}}";
}

/// Counts what it does.
class counting_signer final : public consensus::signer {
public:
  counting_signer(std::shared_ptr<const crypto::key_pair> keys,
                  std::shared_ptr<signature_counts> counts)
      : signer_(std::move(keys)), counts_(std::move(counts)) {}

  [[nodiscard]] consensus::address self() const override { return signer_.self(); }
  [[nodiscard]] consensus::signature sign(std::span<const std::uint8_t> what) const override {
    ++counts_->made;
    return signer_.sign(what);
  }
  [[nodiscard]] bool verify(const consensus::address& by, std::span<const std::uint8_t> what,
                            const consensus::signature& sig) const override {
    ++counts_->checked;
    return signer_.verify(by, what, sig);
  }

private:
  consensus::ed25519_signer signer_;
  std::shared_ptr<signature_counts> counts_;
};

template <class Actor, caf::spawn_options How = caf::no_spawn_options, class... Options>
supervision::child_spec child_of(std::string id, std::string type, Options... options) {
  return {.id = std::move(id),
          .type = std::move(type),
          .spawn = [options...](const supervision::spawn_context& in) -> result<caf::actor> {
            return in.system.spawn<Actor, How>(options...);
          }};
}

} // namespace

// -- databases -----------------------------------------------------------------------------

chain_databases::chain_databases(const std::filesystem::path& folder) {
  storage::embedded_options how;
  how.data_dir = folder;
  how.max_connections = connections_max;
  auto server = storage::embedded_postgres::start(how);
  if (!server) throw std::runtime_error(to_string(server.error()));
  server_ = std::move(*server);
}

chain_databases::place chain_databases::fresh() {
  auto admin = server_->dsn();
  admin.replace(admin.find("user=bpci"), 9, "user=postgres");
  const auto name = "bench" + std::to_string(++made_);
  {
    pqxx::connection connection{admin};
    pqxx::nontransaction{connection}.exec0("CREATE DATABASE " + name + " OWNER bpci");
  }
  place out;
  out.conninfo = server_->dsn();
  out.conninfo.replace(out.conninfo.find("dbname=bpci"), 11, "dbname=" + name);
  storage::migrate(out.conninfo).value();
  pqxx::connection connection{out.conninfo};
  pqxx::nontransaction session{connection};
  auto who = session.exec1("INSERT INTO member (member_id, link_host, link_port, http_address, "
                           "state) VALUES ('bench', '127.0.0.1', 1, '127.0.0.1:1', 'up') "
                           "RETURNING incarnation");
  const auto owner = who[0].as<std::uint64_t>();
  session.exec_params("UPDATE slot SET owner = $1, epoch = epoch + 1", owner);
  const auto slot = session.exec1("SELECT slot, epoch FROM slot ORDER BY slot LIMIT 1");
  out.hold = {slots::slot_no{slot[0].as<std::uint16_t>()},
              slots::epoch_no{slot[1].as<std::uint64_t>()}, incarnation{owner}};
  return out;
}

// -- keys and transactions -----------------------------------------------------------------

crypto::key_pair validator_keys(std::size_t number) {
  return keys_of("validator ", number);
}

crypto::key_pair sender_keys(std::size_t number) {
  return keys_of("sender ", number);
}

bytes transfer_of(std::size_t sender, std::uint64_t nonce, std::size_t senders) {
  // Made once: that costs more than to sign.
  static std::map<std::size_t, crypto::key_pair> known;
  const auto keys_known = [](std::size_t who) -> const crypto::key_pair& {
    auto found = known.find(who);
    return found != known.end() ? found->second
                                : known.emplace(who, sender_keys(who)).first->second;
  };
  const auto& keys = keys_known(sender);
  const ledger::coins::transfer what{keys_known((sender + 1) % senders).pub.bytes,
                                     {ledger::token::FLX, 1}};
  ledger::transaction out;
  out.chain_id = chain_id;
  out.sender = keys.pub.bytes;
  out.nonce = nonce;
  out.fee = amount<flx>{1'000'000};
  out.valid_until = height{1'000'000};
  out.module = "coins";
  out.kind = message_name(&what);
  out.body = codec::to_canonical(what);
  ledger::sign(out, keys.secret);
  return codec::to_canonical(out);
}

signed_transfer to_check(const bytes& encoded) {
  const auto x = ledger::decode_transaction(encoded).value();
  return {{x.sender}, ledger::signing_bytes(x), {x.sig}};
}

// -- progress --------------------------------------------------------------------------------

void progress::note(std::size_t who, const chain::position& x, instant when) {
  const auto lock = std::lock_guard{mutex_};
  auto& mine = all_[who];
  if (mine.head && x.head->head.at <= mine.head->head.at) return;
  mine.head = x.head;
  const auto at = static_cast<std::size_t>(x.head->head.at.get());
  mine.since.resize(at + 1, when);
  if (x.last) mine.transactions += x.last->what.transactions.size();
  moved_.notify_all();
}

bool progress::wait_for_height(height at, std::chrono::milliseconds longest) {
  auto lock = std::unique_lock{mutex_};
  return moved_.wait_for(lock, longest, [&] {
    return std::ranges::all_of(all_, [&](const one& x) { return x.head && x.head->head.at >= at; });
  });
}

bool progress::wait_for_transactions(std::uint64_t count, std::chrono::milliseconds longest) {
  auto lock = std::unique_lock{mutex_};
  return moved_.wait_for(lock, longest, [&] {
    return std::ranges::all_of(all_, [&](const one& x) { return x.transactions >= count; });
  });
}

std::vector<progress::instant> progress::arrivals(height at) const {
  const auto lock = std::lock_guard{mutex_};
  std::vector<instant> out;
  for (const auto& x : all_)
    out.push_back(x.since.at(static_cast<std::size_t>(at.get())));
  return out;
}

std::shared_ptr<const consensus::chain_head> progress::head() const {
  const auto lock = std::lock_guard{mutex_};
  return all_.front().head;
}

std::uint64_t progress::transactions() const {
  const auto lock = std::lock_guard{mutex_};
  return std::ranges::min(all_, {}, &one::transactions).transactions;
}

// -- a validator -----------------------------------------------------------------------------

class chain_stage::validator {
public:
  validator(caf::actor_system& system, const how& x, std::size_t number,
            const chain_databases::place& where, const std::shared_ptr<signature_counts>& counts)
      : system_(system), by_(x.by) {
    keys_ = std::make_shared<const crypto::key_pair>(validator_keys(number));
    root_ = "/" + x.name + std::to_string(number);
    const auto data = x.folder / (x.name + std::to_string(number));
    std::filesystem::create_directories(data);
    storage::pg_pool_options pool;
    pool.conninfo = where.conninfo;
    pool.size = pool_size;
    put(consensus::path::pool, system_.spawn<storage::pg_pool_actor>(pool));

    auto of_ledger = std::make_shared<ledger::ledger_options>();
    of_ledger->node = node_;
    of_ledger->root = root_;
    of_ledger->genesis = genesis(x.validators, x.senders);
    of_ledger->hold = where.hold;
    of_ledger->block_id = consensus::block_id;
    of_ledger->genesis_hashes = hashes_of_genesis;
    of_ledger->verify = ledger::remembering(ledger::ed25519_verifier());
    ledger_ = of_ledger;

    auto of_consensus = std::make_shared<consensus::context>();
    of_consensus->node = node_;
    of_consensus->root = root_;
    of_consensus->how.chain_id = chain_id;
    of_consensus->keys = std::make_shared<counting_signer>(keys_, counts);
    of_consensus->hold = where.hold;
    of_consensus->data_dir = data;
    consensus_ = of_consensus;
    open_door(number);
  }

  ~validator() {
    for (auto at = actors_.rbegin(); at != actors_.rend(); ++at) {
      caf::scoped_actor self{system_};
      self->send_exit(at->second, caf::exit_reason::user_shutdown);
      self->wait_for(at->second);
      node_->directory.remove(root_ + at->first, at->second);
    }
    actors_.clear();
    server_->stop(0ms);
  }
  validator(const validator&) = delete;
  validator& operator=(const validator&) = delete;

  [[nodiscard]] const crypto::public_key& key() const { return keys_->pub; }
  [[nodiscard]] peers::known_peer card() const {
    return {keys_->pub.bytes, {"ws://127.0.0.1:" + std::to_string(port_) + "/bpi/v1"}};
  }
  [[nodiscard]] caf::actor find(std::string_view where) const {
    return node_->directory.find(root_ + std::string{where});
  }

  void begin(const std::vector<peers::known_peer>& known, std::size_t number,
             const std::shared_ptr<progress>& seen) {
    auto of_peers = std::make_shared<peers::context>();
    of_peers->node = node_;
    of_peers->root = root_;
    of_peers->me = {chain_id, keys_};
    of_peers->known = known;
    supervision::supervisor_options how;
    how.children = {
        child_of<ledger::ledger_actor, caf::detached>("ledger", "LEDGER", ledger_),
        child_of<ledger::mempool_actor, caf::detached>("mempool", "MEMPOOL", ledger_,
                                                       ledger::mempool_limits{}),
        supervision::supervisor_child("links", {}),
        child_of<peers::peers_actor>("peers", "PEERS", peers::context_ptr{of_peers}),
    };
    if (by_ == deciding::by_engine) {
      how.children.push_back(
          child_of<consensus::evidence_actor>("evidence", "EVIDENCE", consensus_));
      how.children.push_back(supervision::supervisor_child("instances", {}));
      how.children.push_back(child_of<consensus::engine_actor>("engine", "ENGINE", consensus_));
      how.children.push_back(child_of<consensus::sync_actor>("sync", "SYNC", consensus_));
    } else {
      how.children.push_back(child_of<null_consensus_actor>("engine", "NULL", consensus_));
    }
    const auto live = supervision::spawn_supervisor(system_, root_ + std::string{chain::path::live},
                                                    std::move(how), node_);
    actors_.emplace_back(chain::path::live, live);
    watch(number, seen);
  }

  [[nodiscard]] std::size_t links() const {
    const auto peers = find(chain::path::peers);
    if (!peers) return 0;
    std::size_t out = 0;
    caf::scoped_actor self{system_};
    self->request(peers, 5s, chain::get_peers{})
        .receive(
            [&](const chain::peer_list& x) {
              out = static_cast<std::size_t>(
                  std::ranges::count(x.peers, true, &chain::peer_status::linked));
            },
            [](const caf::error&) {});
    return out;
  }

private:
  void put(std::string_view where, const caf::actor& who) {
    node_->directory.put(root_ + std::string{where}, who);
    actors_.emplace_back(std::string{where}, who);
  }

  /// HTTP, DOORMAN, DIALLER, and KEEPER's part of letting peers in.
  void open_door(std::size_t number) {
    auto door = std::make_shared<oracle::context>();
    door->node = node_;
    door->root = root_;
    oracle::limits limits; // of the nodes of BPIs, which there are none of
    limits.max_frame_bytes = 1'048'576;
    limits.handshake_timeout_ms = 5'000;
    limits.max_in_flight = limits.max_targets = limits.rate_limit_per_sec = 100;
    door->identity = std::make_shared<oracle::server_identity>(
        oracle::server_identity{member_id{"bench"}, validator_keys(number), limits});
    put(gateway::path::doorman, system_.spawn<oracle::doorman_actor>(door));
    put(peers::path::dialler, system_.spawn<gateway::dialler_actor>());
    put(chain::path::keeper,
        system_.spawn([node = node_, root = root_](caf::event_based_actor* self) -> caf::behavior {
          return {[node, root, self](const oracle::admit_peer& x) -> caf::result<caf::message> {
            auto peers = node->directory.find(root + chain::path::peers);
            if (!peers) return to_caf(ec::unavailable);
            return self->delegate(peers, x);
          }};
        }));
    auto front = std::make_shared<gateway::context>();
    front->root = root_;
    front->node = node_;
    server_ = http::make_server(http::server_options{}, std::make_shared<gateway::front_door>(
                                                            front, std::vector<gateway::route>{}));
    port_ = server_->start().value();
  }

  void watch(std::size_t number, const std::shared_ptr<progress>& seen) {
    auto observer = system_.spawn([number, seen](caf::event_based_actor*) -> caf::behavior {
      return {[number, seen](const chain::position& x) {
        seen->note(number, x, std::chrono::steady_clock::now());
      }};
    });
    actors_.emplace_back("/observer", observer);
    for (auto i = 0; i < 500 && !find(chain::path::ledger); ++i)
      std::this_thread::sleep_for(10ms);
    caf::send_as(observer, find(chain::path::ledger), chain::watch_position{});
  }

  caf::actor_system& system_;
  deciding by_;
  std::shared_ptr<const crypto::key_pair> keys_;
  std::string root_;
  supervision::node_context_ptr node_ = std::make_shared<supervision::node_context>();
  ledger::ledger_options_ptr ledger_;
  consensus::context_ptr consensus_;
  std::vector<std::pair<std::string, caf::actor>> actors_;
  std::unique_ptr<http::server> server_;
  std::uint16_t port_ = 0;
};

// -- all of them -----------------------------------------------------------------------------

chain_stage::chain_stage(caf::actor_system& system, chain_databases& where, how x)
    : how_(std::move(x)), progress_(std::make_shared<progress>(how_.validators)) {
  for (std::size_t i = 0; i < how_.validators; ++i)
    all_.push_back(std::make_unique<validator>(system, how_, i, where.fresh(), counts_));
  std::vector<peers::known_peer> known;
  for (const auto& one : all_)
    known.push_back(one->card());
  for (std::size_t i = 0; i < all_.size(); ++i) {
    auto others = known;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    all_[i]->begin(others, i, progress_);
  }
  const auto deadline = std::chrono::steady_clock::now() + link_max;
  const auto linked = [&] {
    return std::ranges::all_of(all_,
                               [&](const auto& one) { return one->links() + 1 == all_.size(); });
  };
  while (!linked()) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("the validators do not come together");
    std::this_thread::sleep_for(50ms);
  }
  if (!progress_->wait_for_height(height{0}, link_max))
    throw std::runtime_error("a LEDGER does not load");
}

chain_stage::~chain_stage() = default;

caf::actor chain_stage::mempool(std::size_t who) const {
  return all_[who]->find(chain::path::mempool);
}

std::size_t chain_stage::proposer() const {
  const auto head = progress_->head();
  const auto who = consensus::validator_set{head->validators}.proposer(head->head.proposer, {});
  const auto found =
      std::ranges::find_if(all_, [&](const auto& x) { return x->key().bytes == who; });
  return static_cast<std::size_t>(found - all_.begin());
}

std::size_t chain_stage::quorum() const {
  return static_cast<std::size_t>(consensus::quorum_of(all_.size()));
}

} // namespace bpci::bench
