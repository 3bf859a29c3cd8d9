#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

/// How a renewed certificate takes the place of the former one without an interruption, pure:
/// first the member's row lists both, then new connections use the new one, and the former is
/// struck from the row when no connection has it any more, or after a while. Connections are never
/// ended by it.
namespace bpci::tunnel {

/// Write these into the member's row, then call `on_written` or `on_not_written`.
struct announce_certificates {
  std::vector<std::string> fingerprints; ///< the newest first

  bool operator==(const announce_certificates&) const = default;
};

/// From now on connections begin with this one.
struct use_certificate {
  std::string fingerprint;

  bool operator==(const use_certificate&) const = default;
};

using rotation_effect = std::variant<announce_certificates, use_certificate>;
using rotation_effects = std::vector<rotation_effect>;

class rotation {
public:
  using instant = std::chrono::steady_clock::time_point;

  struct timing {
    /// From the row to the first use: the others read the table with each of their heartbeats.
    std::chrono::milliseconds settle{2'000};
    std::chrono::milliseconds retire_after{3'600'000};
  };

  /// The row lists `current` already.
  rotation(std::string current, timing how)
      : how_(how), current_(std::move(current)), written_{current_} {}

  /// The certificate in the files now; the same one again changes nothing.
  void on_found(const std::string& fingerprint);

  void on_written(instant now);
  void on_not_written();

  /// To be called every few seconds. `in_use`: how many connections began with a certificate.
  void on_tick(instant now, const std::function<std::size_t(const std::string&)>& in_use,
               rotation_effects& out);

  [[nodiscard]] const std::string& current() const noexcept { return current_; }

  /// What the row is to list, the newest first.
  [[nodiscard]] std::vector<std::string> shown() const;

private:
  struct former {
    std::string fingerprint;
    instant since;
  };

  [[nodiscard]] bool next_may_be_used(instant now) const;
  void use_next(instant now, rotation_effects& out);

  timing how_;
  std::string current_;
  std::string next_; ///< empty: none
  std::vector<former> former_;
  std::vector<std::string> written_; ///< what the row lists
  std::vector<std::string> asked_;   ///< what it is being asked to list; empty: nothing
  instant written_at_{};
};

} // namespace bpci::tunnel
