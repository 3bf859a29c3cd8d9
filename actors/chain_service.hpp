#pragma once

#include "actors/services.hpp"

#include <memory>
#include <optional>
#include <string>

namespace bpci {

/// The chain that a node takes part in, read and checked before anything is started.
struct chain_setup {
  std::string chain_id;
  std::string genesis; ///< the document's text
  /// Of the validator; of the node itself where there is none.
  std::shared_ptr<const crypto::key_pair> keys;
  bool signs = false; ///< false: the node only follows
};

/// Empty: none is configured. Errors: config_invalid (the genesis document or the key cannot be
/// read), naming the file.
result<std::optional<chain_setup>> load_chain(const config::node_config& x);

/// KEEPER, and below it, on the member that holds the chain, all actors of the chain.
supervision::child_spec chain_service(const services_options& x, const chain_setup& chain);

} // namespace bpci
