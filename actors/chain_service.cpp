#include "actors/chain_service.hpp"

#include "actors/chain/keeper_actor.hpp"
#include "actors/consensus/ed25519_signer.hpp"
#include "actors/consensus/engine_actor.hpp"
#include "actors/consensus/evidence_actor.hpp"
#include "actors/consensus/signing.hpp"
#include "actors/consensus/sync_actor.hpp"
#include "actors/genesis_block.hpp"
#include "actors/ledger/ledger_actor.hpp"
#include "actors/ledger/mempool_actor.hpp"
#include "actors/ledger/signature_cache.hpp"
#include "actors/peers/peers_actor.hpp"

#include <caf/actor_system.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace bpci {

namespace {

using supervision::child_spec;
using supervision::spawn_context;

using spawned = result<caf::actor>;

/// LEDGER and MEMPOOL compute for long: each has a thread of its own.
template <class Actor, caf::spawn_options How = caf::no_spawn_options, class... Options>
child_spec child_of(std::string id, std::string type, Options... how) {
  return {.id = std::move(id),
          .type = std::move(type),
          .spawn = [how...](const spawn_context& in) -> spawned {
            return in.system.spawn<Actor, How>(how...);
          }};
}

// -- what each subsystem is told -------------------------------------------------------------

ledger::ledger_options_ptr ledger_settings(const services_options& x, const chain_setup& chain,
                                           const chain::hold& hold,
                                           const ledger::verifier& verify) {
  auto out = std::make_shared<ledger::ledger_options>();
  out->node = x.node;
  out->root = x.root;
  out->genesis = chain.genesis;
  out->hold = hold;
  out->block_id = consensus::block_id;
  out->genesis_hashes = hashes_of_genesis;
  out->verify = verify;
  out->snapshot_every = x.config.chain.snapshot_every;
  return out;
}

consensus::context_ptr consensus_settings(const services_options& x, const chain_setup& chain,
                                          const chain::hold& hold) {
  const auto& settings = x.config.chain;
  auto out = std::make_shared<consensus::context>();
  out->node = x.node;
  out->root = x.root;
  out->how.chain_id = chain.chain_id;
  out->how.round_base = settings.round_base;
  out->how.round_max = settings.round_max;
  out->how.precision = settings.precision;
  out->how.message_delay = settings.message_delay;
  if (chain.signs)
    out->keys = std::make_shared<consensus::ed25519_signer>(chain.keys);
  else
    out->keys = std::make_shared<consensus::ed25519_follower>();
  out->hold = hold;
  out->data_dir = std::filesystem::absolute(x.config.node.data_dir);
  out->sync.snapshot_gap = settings.snapshot_gap;
  out->sync.trusting_period = settings.trusting_period;
  return out;
}

/// Validated by config/validate.cpp.
consensus::address to_address(const std::string& hex) {
  return crypto::public_key_from_hex(hex).value().bytes;
}

peers::context_ptr peers_settings(const services_options& x, const chain_setup& chain) {
  auto out = std::make_shared<peers::context>();
  out->node = x.node;
  out->root = x.root;
  out->me = {chain.chain_id, chain.keys};
  for (const auto& one : x.config.chain.peers)
    out->known.push_back({to_address(one.key), one.urls});
  out->rules.strangers_max = x.config.chain.max_followers;
  return out;
}

ledger::mempool_limits mempool_settings(const config::chain_settings& x) {
  ledger::mempool_limits out;
  out.count_max = x.mempool_transactions;
  out.bytes_max = x.mempool_bytes;
  return out;
}

/// Everything of the chain on the member that holds it. Whoever is asked stands before who asks.
child_spec live_chain(const services_options& x, const chain_setup& chain,
                      const ledger::verifier& verify, const chain::hold& hold) {
  auto of_ledger = ledger_settings(x, chain, hold, verify);
  auto of_consensus = consensus_settings(x, chain, hold);
  auto of_peers = peers_settings(x, chain);
  supervision::supervisor_options crowd;
  crowd.rules = restart_rules(x.config.supervision);
  supervision::supervisor_options how;
  how.rules = restart_rules(x.config.supervision);
  how.children = {
      child_of<ledger::ledger_actor, caf::detached>("ledger", "LEDGER", of_ledger),
      child_of<ledger::mempool_actor, caf::detached>("mempool", "MEMPOOL", of_ledger,
                                                     mempool_settings(x.config.chain)),
      child_of<consensus::evidence_actor>("evidence", "EVIDENCE", of_consensus),
      supervision::supervisor_child("links", crowd),
      child_of<peers::peers_actor>("peers", "PEERS", of_peers),
      supervision::supervisor_child("instances", crowd),
      child_of<consensus::engine_actor>("engine", "ENGINE", of_consensus),
      child_of<consensus::sync_actor>("sync", "SYNC", of_consensus),
  };
  return supervision::supervisor_child("live", std::move(how));
}

result<std::string> read_text(const std::string& path) {
  auto in = std::ifstream{path, std::ios::binary};
  auto out = std::string{std::istreambuf_iterator<char>{in}, {}};
  if (!in.good() && !in.eof())
    return fail(ec::config_invalid, "chain.genesis: cannot read " + path);
  if (out.empty()) return fail(ec::config_invalid, "chain.genesis: " + path + " is not there");
  return out;
}

std::filesystem::path node_key_file(const config::node_config& x) {
  return std::filesystem::absolute(x.node.data_dir) / "node.key";
}

std::filesystem::path key_file(const config::node_config& x) {
  if (!x.chain.key_file.empty()) return x.chain.key_file;
  return std::filesystem::absolute(x.node.data_dir) / "validator.key";
}

} // namespace

result<std::optional<chain_setup>> load_chain(const config::node_config& x) {
  if (x.chain.genesis.empty()) return std::optional<chain_setup>{};
  chain_setup out;
  auto text = read_text(x.chain.genesis);
  if (!text) return text.error();
  out.genesis = std::move(*text);
  auto read = ledger::read_genesis(ledger::standard_modules(), out.genesis);
  if (!read) return fail(ec::config_invalid, x.chain.genesis + ": " + to_string(read.error()));
  out.chain_id = read->chain_id;
  std::error_code ignored;
  auto file = key_file(x);
  out.signs = std::filesystem::exists(file, ignored);
  if (!out.signs && !x.chain.key_file.empty())
    return fail(ec::config_invalid, "chain.key_file: " + file.string() + " is not there");
  if (!out.signs) file = node_key_file(x);
  auto keys = crypto::load_or_create(file.string());
  if (!keys) return fail(ec::config_invalid, "chain.key_file: " + keys.error().detail);
  out.keys = std::make_shared<const crypto::key_pair>(std::move(*keys));
  return std::optional{std::move(out)};
}

supervision::child_spec chain_service(const services_options& x, const chain_setup& chain) {
  chain::keeper_options keeper;
  keeper.node = x.node;
  keeper.root = x.root;
  keeper.chain_id = chain.chain_id;
  keeper.lease = x.lease;
  // One for all lives of both actors: a signature is checked once.
  keeper.live = [x, chain, verify = ledger::remembering(ledger::ed25519_verifier())](
                    const chain::hold& hold) { return live_chain(x, chain, verify, hold); };
  supervision::supervisor_options how;
  how.rules = restart_rules(x.config.supervision);
  how.children = {child_of<chain::keeper_actor>("keeper", "KEEPER", std::move(keeper))};
  return supervision::supervisor_child("chain", std::move(how));
}

} // namespace bpci
