#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What happened in a run, as those saw it who took part: the material that the checker judges.
/// Plain data; all times are of one steady clock.
namespace bpci::chaos {

using std::chrono::milliseconds;
using instant = std::chrono::steady_clock::time_point;

/// What a client knows of something that it has asked for.
enum class outcome : std::uint8_t {
  ok,
  refused, ///< It has not been done.
  unknown  ///< It may have been done, or be done later.
};

/// One request over HTTP.
struct attempt {
  std::string node;
  instant begun;
  instant ended;
  milliseconds within{0}; ///< the deadline that it carried
  outcome what = outcome::unknown;
  bool answered = false; ///< by anything; else `code` says how the connection failed
  std::string code;      ///< of a refusal
};

/// One `add` that a client wanted done once, by as many requests as it took.
struct operation {
  std::string entity;
  std::string key;
  std::int64_t by = 0;
  std::string tell = {}; ///< the sink that has to hear of it; empty: none
  instant begun = {};
  instant ended = {};
  outcome what = outcome::unknown;
  std::string code = {}; ///< of the last refusal
  // Of an outcome of ok:
  std::int64_t total = 0;
  std::uint64_t count = 0;
  std::vector<attempt> attempts = {};
};

/// A question that was answered.
struct reading {
  std::string entity;
  std::string node;
  instant begun;
  instant ended;
  std::int64_t total = 0;
  std::uint64_t count = 0;
};

/// What the key of an operation gave when it was sent once more, after everything.
struct resent {
  std::string entity;
  std::string key;
  bool repeated = false; ///< It had been done before.
  std::int64_t total = 0;
  std::uint64_t count = 0;
};

/// An entity when all clients were done, and before anything was sent again.
struct final_state {
  std::int64_t total = 0;
  std::uint64_t count = 0;
};

/// What the database holds of an entity at the very end.
struct version_row {
  std::string entity;
  std::uint64_t commands = 0; ///< rows of its inbox
  std::uint64_t distinct = 0; ///< versions in them
  std::uint64_t highest = 0;  ///< of them
  std::uint64_t stands = 0;   ///< in its own row
};

/// What the database itself recorded, in the order in which it happened (`seq`).
struct ownership_event {
  enum class kind : std::uint8_t { claim, commit };
  std::uint64_t seq = 0;
  kind what = kind::claim;
  unsigned slot = 0;
  std::uint64_t epoch = 0; ///< claim: the one that begins
  /// The name that a process gives to its database sessions. Claim: of the new owner, empty:
  /// nobody. Commit: of the one that wrote.
  std::string owner;
  std::string entity; ///< commit
};

struct memory_sample {
  std::string node;
  instant at;
  std::uint64_t bytes = 0;
};

/// A time in which a node may leave a client without an answer: it is stopped, dead, or cut off
/// from the clients.
struct absence {
  std::string node;
  instant from;
  instant to = instant::max();
};

/// From `from` on every entity should take commands again, within `bound`. A later mark overtakes
/// one whose recovery has not been seen.
struct recovery_mark {
  std::string what;
  instant from;
  std::optional<milliseconds> bound; ///< none: it is only measured
};

/// A message from one BPI node to another.
struct message_record {
  std::string id;
  bool stored = false;
  bool acknowledged = false; ///< The sender was told that it is safe.
  unsigned handled = 0;      ///< How often the receiver's handler had it.
  std::string code = {};     ///< what the sender was told, if not that
};

/// Something that a scenario has looked at itself.
struct finding {
  char invariant = 'T';
  bool holds = true;
  std::string what;
};

struct evidence {
  std::vector<operation> operations;
  std::vector<reading> readings;
  std::map<std::string, final_state> finals;
  std::vector<resent> again;
  std::map<std::string, std::vector<std::string>> receipts; ///< keys that each sink has counted
  std::vector<version_row> versions;
  std::vector<ownership_event> ownership;
  std::vector<memory_sample> memory;
  std::vector<absence> absences;
  std::vector<recovery_mark> marks;
  std::vector<message_record> messages;
  std::vector<finding> findings;
};

} // namespace bpci::chaos
