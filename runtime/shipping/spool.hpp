#pragma once

#include "runtime/shipping/bulk.hpp"

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace bpci::shipping {

/// Lines on disk that wait to be sent: segments that are only appended to, in a folder of their
/// own, together at most `bytes_max`. Beyond that the oldest segment goes, with what it holds.
/// Nothing is synced: lines outlive the process, not the machine.
///
///     lock       held by the one process that uses the folder
///     position   "<id> <segment> <offset>": everything before it is settled
///     <n>.log    lines; n rises and is never used again
///
/// One thread at a time.
class spool {
public:
  /// Continues what is there; a line that was cut off by a crash is cut away.
  /// Errors: config_invalid, if the folder cannot be made or is used by another process.
  static result<std::unique_ptr<spool>> open(std::filesystem::path folder, std::uint64_t bytes_max);
  ~spool();
  spool(const spool&) = delete;
  spool& operator=(const spool&) = delete;

  /// Returns how many of the lines the disk did not take.
  std::size_t append(const std::vector<std::string>& lines);

  /// The next lines, at least one if there is any; ends before the first that exceeds a bound.
  std::vector<entry> read(std::size_t lines_max, std::size_t bytes_max);

  /// Everything that was read is settled, and will not be read after a restart.
  void settle();

  /// How many unread lines had to go since the last call.
  std::uint64_t take_dropped();

  /// Whether the next life would read the line again.
  [[nodiscard]] bool keeps(const entry& x) const noexcept;

  [[nodiscard]] std::uint64_t unread_lines() const noexcept;
  [[nodiscard]] std::uint64_t unread_bytes() const noexcept;
  [[nodiscard]] std::uint64_t unsettled_bytes() const noexcept;

  /// Of this spool, unlike that of any other: with a sequence it names a line for ever.
  [[nodiscard]] const std::string& id() const noexcept { return id_; }

private:
  struct segment {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
    std::uint64_t lines = 0;
  };

  struct place {
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;
    std::uint64_t lines = 0; ///< of the segment, before the offset
  };

  spool(std::filesystem::path folder, std::uint64_t bytes_max);

  result<void> lock();
  void load_position();
  void save_position() const;
  void load_segments();
  [[nodiscard]] std::filesystem::path file_of(std::uint64_t number) const;
  [[nodiscard]] std::uint64_t bytes_from(const place& from) const;
  bool roll();
  bool write(const std::string& text, std::uint64_t lines);
  void drop_oldest();
  void forget_front();
  void remove_settled();

  std::filesystem::path folder_;
  std::uint64_t bytes_max_;
  std::uint64_t segment_max_;
  std::string id_;
  std::deque<segment> segments_; ///< oldest first; the last one is written to if `out_` is open
  place read_;
  place settled_;
  std::uint64_t next_number_ = 1;
  std::uint64_t dropped_ = 0;
  int lock_ = -1;
  int out_ = -1;
};

} // namespace bpci::shipping
