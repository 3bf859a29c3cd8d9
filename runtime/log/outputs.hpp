#pragma once

#include "runtime/log/log.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// Where lines go when it is to more than one file (log.hpp).
namespace bpci::log {

/// Takes lines away from this machine. `runtime/shipping` has one.
class outlet {
public:
  virtual ~outlet() = default;

  /// One JSON line without its end. Called by any thread. Returns at once: it waits for neither
  /// disk nor network, and does not log.
  virtual void take(std::string line) noexcept = 0;

  /// No more lines will come: hands on what it has, within some seconds.
  virtual void finish() noexcept = 0;
};

/// Where lines go on this machine.
struct destination {
  std::string file;               ///< empty: standard error
  std::uint64_t rotate_bytes = 0; ///< `a.log` that would be longer becomes `a.1.log`; 0: never
  std::uint32_t rotate_keep = 9;  ///< of these, then the oldest goes
};

struct outputs {
  level least = level::info;
  bool json = true; ///< false: one readable line each, for a terminal; outlets get JSON
  std::vector<destination> to = {};
  std::vector<std::shared_ptr<outlet>> outlets = {}; ///< neither these nor `to`: standard error
};

/// As `start(options)`, with more than one output; `reopen` opens all files again, and `stop` lets
/// the outlets `finish`. Errors: config_invalid, if a file cannot be opened; then nothing has
/// changed.
result<void> start(const outputs& how);

} // namespace bpci::log
