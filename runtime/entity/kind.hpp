#pragma once

#include "messages/error.hpp"
#include "messages/runtime/entities.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a kind of durable entity is: its state, and what each command makes of it. Pure.
/// docs/entities.md shows how to write one; `make_kind<T>()` (runtime/entity/durable.hpp) turns
/// such a struct into a `kind`.
namespace bpci::entity {

class context; // runtime/entity/durable.hpp

/// A command for another entity, sent once the transaction that it comes from is committed: at
/// least once, in order for each source, and with its effect once, for the target's inbox knows its
/// key.
struct outgoing {
  entity_ref to;
  std::string name;
  bytes body;
};

/// Sets, moves or (without `due`) stops a timer of the entity. When it is due the entity gets a
/// `timer_fired` command.
struct timer_change {
  std::string name; ///< 1 to 64 of the alphabet of node ids
  std::optional<timestamp_ms> due;
  std::uint64_t every_ms = 0; ///< 0: once
  entity::catch_up catch_up = entity::catch_up::each;
};

/// Writes or (without `value`) removes an item. Items are parts of the state that are too many to
/// be written whole with each command; they are read by `read_items`.
struct item_change {
  std::string key; ///< 1 to 200 bytes; items are ordered by it, byte by byte
  std::optional<bytes> value;
};

struct item {
  std::string key;
  bytes value;
};

using items = std::vector<item>;

/// Which items a command or a question needs: those with these `keys`, if there are any, else those
/// with keys above `after` in order, at most `limit` (1,000 at the most).
struct item_range {
  std::string after;
  std::uint64_t limit = 0;
  std::vector<std::string> keys{};
};

/// What a command is decided with, beside the state.
struct circumstances {
  timestamp_ms now; ///< the database's clock, as this node knows it
  entity_ref self;
  entity::items items{}; ///< what `items_for` has asked for, in the order of the keys
};

class instance;
using instance_ptr = std::shared_ptr<const instance>;

/// What a command has come to. Nothing of it has happened until it is committed.
struct decision {
  bytes answer;
  std::vector<outgoing> sends{};
  std::vector<timer_change> timers{};
  std::vector<item_change> items{};
  instance_ptr after; ///< the entity as it is then
};

/// One entity in memory: its state, decoded. Never changes: a command makes the next one.
class instance {
public:
  virtual ~instance() = default;

  /// A failure is the answer; nothing is written. Must not throw for bad input: an exception ends
  /// the actor, and the third one of the same command puts it in quarantine.
  virtual result<decision> decide(const command& what, const circumstances& at) const = 0;

  /// Answers a question (a command without a key) from the state.
  virtual result<bytes> answer(const command& what, const entity::items& read) const = 0;

  /// Which items this command or question is to be given.
  virtual std::optional<item_range> items_for(const command& what) const = 0;

  /// As it is stored.
  virtual bytes encode() const = 0;

  /// As JSON, without secrets.
  virtual std::string describe() const = 0;
};

/// Thread-safe, for it has no state of its own.
class kind {
public:
  virtual ~kind() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::uint32_t schema() const = 0;

  /// An entity that has never had a command.
  virtual instance_ptr fresh() const = 0;
  /// Errors: storage_failed (the bytes are not what a schema up to this one has written).
  virtual result<instance_ptr> load(const bytes& state, std::uint32_t schema) const = 0;
};

using kind_ptr = std::shared_ptr<const kind>;

/// Every entity has this command: one of its timers is due. Its key is made of the timer's name and
/// `fire`, so that it has its effect once.
struct timer_fired {
  std::string timer;
  timestamp_ms due;         ///< when it should have fired
  std::uint64_t fire = 0;   ///< rises, and never comes again for the same entity
  std::uint64_t missed = 0; ///< with catch_up::once: how many further times have passed

  bool operator==(const timer_fired&) const = default;
};
BPCI_MESSAGE(timer_fired, timer, due, fire, missed)

} // namespace bpci::entity
