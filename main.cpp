/// The program: reads the command line, and builds the node from its tables (actors/services.cpp,
/// gateways/gateways.cpp).

#include "actors/chain_service.hpp"
#include "actors/consensus/ed25519_signer.hpp"
#include "actors/services.hpp"
#include "actors/verify_chain.hpp"
#include "config/load.hpp"
#include "gateways/cli/cli.hpp"
#include "gateways/cli/exit_code.hpp"
#include "gateways/gateways.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/cluster/node_uuid.hpp"
#include "runtime/crypto/keys.hpp"
#include "runtime/log/log.hpp"
#include "runtime/shipping/outputs.hpp"
#include "runtime/supervision/supervision_tree.hpp"
#include "runtime/time/clock.hpp"

#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>

#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <pthread.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace bpci;

/// What a node gets to stop in good order; then it leaves as it is.
constexpr auto stop_max = std::chrono::seconds{30};

constexpr int exit_fenced = static_cast<int>(cli::exit_code::fenced);
constexpr int exit_refused = static_cast<int>(cli::exit_code::usage);

int refuse(const failure& why) {
  std::fprintf(stderr, "bpci: %s\n  %s\n", to_string(why).c_str(),
               std::string{next_step(why.code)}.c_str());
  return exit_refused;
}

result<void> start_log(const config::node_config& x) {
  const auto outputs = shipping::log_outputs(x);
  if (!outputs) return outputs.error();
  return log::start(*outputs);
}

result<void> make_data_dir(const std::filesystem::path& where) {
  std::error_code error;
  if (std::filesystem::exists(where, error)) return {};
  std::filesystem::create_directories(where, error);
  if (error)
    return fail(ec::config_invalid, "node.data_dir: " + where.string() + ": " + error.message());
  // The unprivileged account of the database passes through; what is secret has a mode of its own.
  ::chmod(where.c_str(), 0711);
  return {};
}

std::string fresh_session_tag() {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "bpci/%016llx",
                static_cast<unsigned long long>(random_u64()));
  return text.data();
}

/// The signals that end a node come to `wait_for_end`, and to no thread of a library.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (auto x : {SIGINT, SIGTERM, SIGHUP, SIGUSR1})
    sigaddset(&set, x);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

/// Until a signal says so, or the tree has failed (SIGUSR1, from ourselves).
int wait_for_end(const sigset_t& signals) {
  for (;;) {
    int got = 0;
    sigwait(&signals, &got);
    if (got == SIGHUP) {
      if (auto ok = log::reopen(); !ok)
        log::warn("log-reopen-failed", {{"detail", ok.error().detail}});
      continue;
    }
    if (got == SIGUSR1) return exit_fenced;
    log::info("stopping", {{"signal", got}});
    return 0;
  }
}

/// What governance can set, with the values that hold unless it has.
std::vector<ledger::parameter_setting> known_parameters() {
  std::vector<ledger::parameter_setting> out;
  for (const auto& x : ledger::standard_modules().parameters())
    out.push_back({std::string{x.name}, x.fallback, x.min, x.max});
  return out;
}

class node_system : public actor_config {
public:
  explicit node_system(std::size_t threads) : actor_config(threads) {
    load<caf::io::middleman>();
    register_messages(*this);
  }
};

/// Everything of a running node, in the order in which it is made.
int run_node(const cli::start_request& asked, std::string dsn, crypto::key_pair identity,
             std::optional<chain_setup> chain) {
  const auto& config = asked.config;
  auto signals = block_signals();
  auto main_thread = pthread_self();
  auto end_now = [main_thread] { pthread_kill(main_thread, SIGUSR1); };

  auto member = config::effective_id(config);
  auto root = "/" + member.get();
  auto node = std::make_shared<supervision::node_context>();
  auto http_port = std::make_shared<std::atomic<std::uint16_t>>(0);
  services_options services;
  services.config = config;
  services.member = member;
  services.root = root;
  services.dsn = std::move(dsn);
  services.node = node;
  services.http_port = http_port;
  // No more writes, no more answers: others have taken over.
  services.on_fenced = [] { ::_exit(exit_fenced); };
  services.session_tag = fresh_session_tag();
  services.lease = std::make_shared<cluster::lease>(config.cluster.lease);
  auto gateways = std::make_shared<gateway::context>();
  gateways->config = config;
  gateways->member = member;
  gateways->root = root;
  gateways->node = node;
  gateways->http_port = http_port;
  if (asked.compat_ports) gateways->further_ports = config::older_ports(config.oracle);
  gateways->parameters = known_parameters();
  gateways->show_token = [](const std::string& token) {
    std::printf("admin token (shown once): %s\n", token.c_str());
    std::fflush(stdout);
  };

  node_system settings{config.scheduler.threads};
  caf::actor_system system{settings};
  supervision::supervisor_options top;
  top.rules = restart_rules(config.supervision);
  top.children = {storage_service(services), gateway::gateways(gateways), cluster_service(services),
                  entities_service(services)};
  if (chain) top.children.push_back(chain_service(services, *chain));
  top.children.push_back(inter_app_service(services));
  top.children.push_back(oracle_service(services, std::move(identity)));
  top.children.push_back(governance_service(services, chain && chain->signs ? chain->keys : nullptr));
  auto status = 0;
  {
    supervision::supervision_tree tree{
        system,
        root,
        std::move(top),
        node,
        {.on_ready =
             [&] {
               log::info("node-ready", {{"member", member.get()}, {"port", http_port->load()}});
               std::printf("%s is ready: http://%s:%u\n", member.get().c_str(),
                           config.listen.host.c_str(), unsigned{http_port->load()});
               std::fflush(stdout);
             },
         .on_failed = [end_now](const failure&) { end_now(); }}};
    status = wait_for_end(signals);
    if (auto stopped = tree.stop(stop_max); !stopped)
      log::warn("stop-incomplete", {{"detail", stopped.error().detail}});
  }
  log::info("stopped", {{"status", status}});
  log::stop();
  // The actor system's destructor waits for sockets of stalled peers; all work is done by now.
  ::_exit(status);
}

int start_server(const cli::start_request& asked) {
  const auto& config = asked.config;
  cluster::ensure_unique_node_uuid();
  crypto::init();
  auto data_dir = std::filesystem::absolute(config.node.data_dir);
  if (auto ok = make_data_dir(data_dir); !ok) return refuse(ok.error());
  if (auto ok = start_log(config); !ok) return refuse(ok.error());
  auto dsn = config::storage_dsn(config.storage);
  if (!dsn) return refuse(dsn.error());
  auto identity = crypto::load_or_create((data_dir / "node.key").string());
  if (!identity) return refuse(identity.error());
  auto chain = load_chain(config);
  if (!chain) return refuse(chain.error());
  return run_node(asked, std::move(*dsn), std::move(*identity), std::move(*chain));
}

// -- what the command line asks of the chain's own code --------------------------------------

result<cli::genesis_facts> read_genesis(const std::string& text) {
  const auto x = ledger::read_genesis(ledger::standard_modules(), text);
  if (!x) return x.error();
  const auto head = genesis_head(*x);
  return cli::genesis_facts{x->chain_id, crypto::to_hex(head.id), crypto::to_hex(x->root),
                            x->validators.size()};
}

result<cli::chain_facts> verify(const cli::verify_request& asked) {
  const ledger::rules rules{ledger::standard_modules(), ledger::ed25519_verifier()};
  const consensus::ed25519_signer keys{crypto::generate()}; // it only verifies
  const auto x = verify_chain(
      {rules, keys}, asked.genesis, height{asked.height},
      [&](height at) { return asked.block(at.get()); },
      [&](height at) { asked.progress(at.get()); });
  if (!x) return x.error();
  return cli::chain_facts{x->chain_id,
                          crypto::to_hex(x->genesis),
                          x->at.get(),
                          crypto::to_hex(x->id),
                          crypto::to_hex(x->state_root),
                          x->transactions,
                          x->seals};
}

} // namespace

int main(int argc, char** argv) {
  return cli::run(
      argc, argv,
      {.start_server = start_server, .read_genesis = read_genesis, .verify_chain = verify});
}
