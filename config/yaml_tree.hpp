#pragma once

#include "messages/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// A YAML document as plain data with positions. Its .cpp is the only file that includes
/// yaml-cpp. Internal to this folder.
namespace bpci::config::yaml {

/// What is read at most; beyond it the document is refused, not cut. Far above any
/// configuration, and low enough that no file can hold up the start of a node.
inline constexpr std::size_t document_bytes_max = 1'048'576;
inline constexpr std::size_t nodes_max = 10'000; ///< after aliases have been replaced
inline constexpr std::size_t value_bytes_max = 4'096;
inline constexpr std::size_t depth_max = 16;

struct position {
  int line = 0;   ///< from 1
  int column = 0; ///< from 1
};

enum class kind : std::uint8_t { null, scalar, list, map };

struct node {
  kind is = kind::null;
  position at;
  std::string key;         ///< in a map; unique only if the file is right
  position key_at;         ///< in a map
  std::string text;        ///< of a scalar
  bool quoted = false;     ///< a scalar in quotes is text, whatever it looks like
  std::vector<node> items; ///< of a list or of a map, in the order of the file
};

/// Why there is no document: for a person, and where.
struct refusal {
  position at;
  std::string what;
  std::string remedy;
};

/// Exactly one document; an empty one is `null`. An alias is replaced by a copy of what its
/// anchor marks; merge keys (`<<`) have no meaning, and tags are refused.
std::variant<node, refusal> parse(std::string_view text);

} // namespace bpci::config::yaml
