#pragma once

#include <string>
#include <vector>

namespace bpci::config {

/// The path of every key, in the order of defaults.yaml; a list is one key.
const std::vector<std::string>& all_keys();

} // namespace bpci::config
