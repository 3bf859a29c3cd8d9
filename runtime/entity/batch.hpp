#pragma once

#include "runtime/entity/kind.hpp"

#include <boost/describe/enum.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What one transaction of an entity writes, and how it may end. Between the activation, which
/// decides, and the store, which writes.
namespace bpci::entity {

/// SHA-256 of a command's name and body: whether a key that comes again is the same command.
using command_hash = std::array<std::uint8_t, 32>;

struct batch_command {
  std::string key;
  std::string name;
  command_hash hash{};
  std::optional<bytes> response; ///< empty: was refused, and is looked up before it is told so
  std::uint64_t version = 0;     ///< of the state after it
};

/// One of the commands is a timer's.
struct firing {
  std::uint32_t at = 0; ///< which of the commands
  timer_fired what;
};

struct keyed_outgoing {
  std::string key;
  outgoing what;
};

struct batch {
  std::uint64_t known = 0;    ///< the version that all of it is decided on
  std::uint64_t added = 0;    ///< commands that have succeeded
  std::optional<bytes> state; ///< empty: nothing is written, keys are only looked up
  std::vector<batch_command> commands;
  std::vector<firing> firings;
  std::vector<keyed_outgoing> sends;
  std::vector<timer_change> timers; ///< one for each name
  std::vector<item_change> items;   ///< one for each key
};

// clang-format off
/// `done`: committed. `refused`: some of the commands must not be carried out, nothing is written.
/// `stale`: the entity has another version, nothing is written. `fenced`: this node does not own
/// the slot (any more), nothing is written.
BOOST_DEFINE_FIXED_ENUM_CLASS(commit_end, std::uint8_t, done, refused, stale, fenced)

/// `repeated`: the same command was carried out before. `conflict`: another one was, under the same
/// key. `outdated`: a timer that was moved, was stopped or has fired.
BOOST_DEFINE_FIXED_ENUM_CLASS(verdict, std::uint8_t, repeated, conflict, outdated)
// clang-format on

struct refused_command {
  verdict why = verdict::repeated;
  std::uint32_t at = 0; ///< which of the commands
  entity::response response;
};

struct commit_outcome {
  commit_end how = commit_end::done;
  std::vector<refused_command> refused{};
};

/// What stands in the database of an entity.
struct stored_entity {
  std::uint64_t version = 0; ///< 0: it has no row
  std::uint32_t schema = 0;
  std::optional<bytes> state; ///< empty: it is fresh
};

/// Items, and the version of the state that they belong to.
struct stored_items {
  std::uint64_t version = 0;
  items all;
};

} // namespace bpci::entity
