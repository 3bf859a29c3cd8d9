#pragma once

#include "chance.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// What is going to happen in a run, all of it fixed before it begins: so a part of it can be
/// played again.
namespace bpci::consensus::sim {

using std::chrono::milliseconds;

/// What can go wrong. `who` and `whom` are processes.
enum class trouble : std::uint8_t {
  cut,       ///< no message from `who` to `whom`
  isolate,   ///< none from `who` to anybody, nor back
  split,     ///< only within the group `mask` and within the rest
  clog,      ///< messages from `who` to `whom` wait until it is over
  slow,      ///< all of `who` takes `amount` ms longer
  lose,      ///< `amount` percent of all messages
  repeat,    ///< `amount` percent come twice
  lag,       ///< each message takes up to `amount` ms longer: they overtake each other
  skew,      ///< the clock of `who` is `amount` ms ahead (negative: behind)
  slow_disk, ///< each fsync of `who` takes `amount` ms longer
  crash      ///< `who` dies after `steps` more steps, and comes back when it is over
};

/// What the crash leaves of the record that was being written.
enum class torn : std::uint8_t { nothing, a_part, all };

/// What else the crash does to the disk.
enum class disk_fate : std::uint8_t {
  intact,
  damaged, ///< a bit in the middle of the journal flips
  wiped,   ///< the journal is gone, the blocks are there
  amnesia  ///< the same, and it says that there never was one: the validator is a traitor by that
};

struct fault {
  instant at{};
  instant lasts{};
  trouble what{};
  std::size_t who = 0;
  std::size_t whom = 0;
  std::uint64_t mask = 0;
  std::int64_t amount = 0;
  std::uint32_t steps = 0;
  torn tail{};
  disk_fate disk{};
};

std::string to_string(const fault& x);

/// Whose validator lies, and how.
enum class conduct_kind : std::uint8_t {
  honest,
  equivocator,  ///< proposes one block to some and another one to others, and votes for all it sees
  double_voter, ///< votes for every block that it hears of
  false_claimer, ///< its round changes claim what was never prepared
  mute,          ///< says nothing
  half_mute,     ///< says some things to some
  replayer,      ///< says again what was said, at other heights and on other chains
  bomber,        ///< names rounds and heights up to the highest
  seal_forger,   ///< answers with blocks that nobody sealed
  amnesiac       ///< forgets in a round change what it has committed to
};
std::string to_string(conduct_kind x);

/// A transaction, and who learns of it first (the others by gossip).
struct work {
  instant at{};
  std::uint64_t mask = ~0ULL;
  std::uint64_t id = 0;
  bool sets_weight = false; ///< a change of the validators
  std::size_t who = 0;      ///< its key
  std::uint64_t weight = 0;
};

struct traitor {
  std::size_t who = 0; ///< process
  conduct_kind how{};
};

/// What every host does wrong, to see that it is found. Nothing, but in such tests.
struct host_mistakes {
  bool careless_disk = false; ///< sends before it has persisted
  bool careless_sync = false; ///< believes blocks without checking their seals
};
host_mistakes& usual_mistakes();

struct plan {
  std::uint64_t seed = 1;
  // who there is
  std::vector<std::uint64_t> weights{1, 1, 1, 1}; ///< of the processes; 0: not a validator yet
  std::vector<std::size_t> twins;                 ///< keys that a further process uses as well
  std::vector<traitor> traitors;
  // how long
  instant trouble_ends{};
  instant ends{};
  bool live = false; ///< after `trouble_ends` everybody has to decide within the bound
  // the settings of the engines
  milliseconds base{1'000};
  milliseconds cap{8'000};
  // the way it is when nothing is wrong
  instant delay_min{1'000};
  instant delay_max{20'000}; ///< the paper's delta
  instant fsync_max{3'000};
  instant execute_max{3'000};
  bool pipelined = false; ///< inputs are taken while the disk is awaited
  // what happens
  std::vector<fault> faults;
  std::vector<work> works;
  bool measures = false; ///< counts the bytes that are sent
  host_mistakes mistakes = usual_mistakes();

  [[nodiscard]] std::size_t processes() const { return weights.size() + twins.size(); }
  /// The key that process `number` uses.
  [[nodiscard]] std::size_t key(std::size_t number) const {
    return number < weights.size() ? number : twins[number - weights.size()];
  }
  [[nodiscard]] conduct_kind conduct(std::size_t number) const;
  /// Whether that key may do what honest ones never do.
  [[nodiscard]] bool is_guilty(std::size_t key) const;
};

/// One line for each thing that is not as usual.
std::string to_string(const plan& x);

} // namespace bpci::consensus::sim
