#pragma once

#include "config/node_config.hpp"
#include "config/problem.hpp"
#include "config/yaml_tree.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bpci::config {

/// A key that the file names, and where its value stands.
struct given_key {
  yaml::position at;
  std::string text; ///< of a scalar
};

/// By path; entries of lists by their number: `logging.outputs[0].type`.
using given_keys = std::map<std::string, given_key, std::less<>>;

/// What one document says. A key whose value cannot be taken keeps its default.
struct reading {
  node_config config;
  std::vector<problem> problems; ///< without a file name
  given_keys given;
};

/// Checks names and types, and that a number fits its key. What depends on more than one key
/// is left to `validate`. Internal to this folder.
reading read(const yaml::node& document);

} // namespace bpci::config
