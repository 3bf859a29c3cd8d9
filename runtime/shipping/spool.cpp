#include "runtime/shipping/spool.hpp"

#include "runtime/time/clock.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <numeric>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace bpci::shipping {

namespace {

namespace fs = std::filesystem;

/// Dropping the oldest segment loses at most this share of the spool.
constexpr std::uint64_t segments_of_spool = 16;
constexpr std::uint64_t segment_least = 64 * 1024;
constexpr std::uint64_t segment_most = 4 * 1024 * 1024;

/// The offset stands in the lower half of a sequence.
constexpr int offset_bits = 32;

constexpr auto suffix = ".log";
constexpr ::mode_t for_us_alone = 0600;

std::string fresh_id() {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(random_u64()));
  return text.data();
}

/// 0 for a file that is no segment.
std::uint64_t number_of(const fs::path& file) {
  const auto stem = file.stem().string();
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), out);
  const auto is_number = error == std::errc{} && end == stem.data() + stem.size();
  return is_number && file.extension() == suffix ? out : 0;
}

std::string text_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::uint64_t count_lines(std::string_view text) {
  return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

failure refused(const fs::path& folder, const std::string& why) {
  return fail(ec::config_invalid, "the log buffer " + folder.string() + " " + why);
}

} // namespace

spool::spool(fs::path folder, std::uint64_t bytes_max)
    : folder_(std::move(folder)),
      bytes_max_(bytes_max),
      segment_max_(std::clamp(bytes_max / segments_of_spool, segment_least, segment_most)) {}

spool::~spool() {
  if (out_ >= 0) ::close(out_);
  if (lock_ >= 0) ::close(lock_);
}

result<std::unique_ptr<spool>> spool::open(fs::path folder, std::uint64_t bytes_max) {
  std::error_code why;
  fs::create_directories(folder, why);
  if (why) return refused(folder, "cannot be made: " + why.message());
  fs::permissions(folder, fs::perms::owner_all, why);
  std::unique_ptr<spool> out{new spool{std::move(folder), bytes_max}};
  if (auto ok = out->lock(); !ok) return ok.error();
  out->load_position();
  out->load_segments();
  return out;
}

result<void> spool::lock() {
  lock_ = ::open((folder_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, for_us_alone);
  if (lock_ < 0) return refused(folder_, std::string{"cannot be used: "} + std::strerror(errno));
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0)
    return refused(folder_, "is used by another process, or by two outputs");
  return {};
}

/// Without it everything that is there is sent, under new names.
void spool::load_position() {
  std::ifstream in{folder_ / "position"};
  place found;
  if (in >> id_ >> found.segment >> found.offset)
    settled_ = found;
  else
    id_ = fresh_id();
  next_number_ = settled_.segment + 1;
}

void spool::save_position() const {
  const auto fresh = folder_ / "position.new";
  std::ofstream out{fresh, std::ios::trunc};
  out << id_ << ' ' << settled_.segment << ' ' << settled_.offset << '\n';
  out.close();
  std::error_code ignored; // then lines are sent again under the same names, and refused
  if (out) fs::rename(fresh, folder_ / "position", ignored);
}

void spool::load_segments() {
  std::error_code why;
  for (const auto& file : fs::directory_iterator{folder_, why}) {
    const auto number = number_of(file.path());
    if (number == 0) continue;
    next_number_ = std::max(next_number_, number + 1);
    auto text = text_of(file.path());
    const auto whole = text.rfind('\n') + 1; // npos + 1 is 0
    if (whole < text.size()) fs::resize_file(file.path(), whole, why);
    text.resize(whole);
    segments_.push_back({number, text.size(), count_lines(text)});
    if (number == settled_.segment)
      settled_.lines = count_lines(std::string_view{text}.substr(0, settled_.offset));
  }
  std::ranges::sort(segments_, {}, &segment::number);
  if (segments_.empty() || segments_.front().number > settled_.segment)
    settled_ = {segments_.empty() ? settled_.segment : segments_.front().number, 0, 0};
  remove_settled();
  read_ = settled_;
  save_position();
}

fs::path spool::file_of(std::uint64_t number) const {
  return folder_ / (std::to_string(number) + suffix);
}

/// Begins a new segment.
bool spool::roll() {
  if (out_ >= 0) ::close(out_);
  const auto number = next_number_++;
  out_ = ::open(file_of(number).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, for_us_alone);
  if (out_ < 0) return false;
  segments_.push_back({number, 0, 0});
  if (segments_.size() == 1) read_ = settled_ = {number, 0, 0};
  return true;
}

/// All or nothing.
bool spool::write(const std::string& text, std::uint64_t lines) {
  auto& to = segments_.back();
  std::size_t done = 0;
  while (done < text.size()) {
    const auto n = ::write(out_, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  if (done < text.size()) {
    if (::ftruncate(out_, static_cast<::off_t>(to.bytes)) == 0) return false;
    to.bytes += done; // and nothing is written behind half a line
    ::close(out_);
    out_ = -1;
    return false;
  }
  to.bytes += text.size();
  to.lines += lines;
  return true;
}

std::size_t spool::append(const std::vector<std::string>& lines) {
  std::size_t lost = 0;
  for (std::size_t i = 0; i < lines.size();) {
    const auto is_full = out_ >= 0 && segments_.back().bytes >= segment_max_;
    if ((out_ < 0 || is_full) && !roll()) return lost + lines.size() - i;
    std::string text;
    const auto first = i;
    do
      text += lines[i++] + '\n';
    while (i < lines.size() && segments_.back().bytes + text.size() < segment_max_);
    if (!write(text, i - first)) lost += i - first;
    drop_oldest();
  }
  return lost;
}

/// The one that is written to stays.
void spool::drop_oldest() {
  const auto total = [this] {
    return std::accumulate(segments_.begin(), segments_.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const segment& x) { return sum + x.bytes; });
  };
  while (segments_.size() > 1 && total() > bytes_max_)
    forget_front();
}

void spool::forget_front() {
  const auto gone = segments_.front();
  segments_.pop_front();
  std::error_code ignored;
  fs::remove(file_of(gone.number), ignored);
  const auto next = segments_.empty() ? place{} : place{segments_.front().number, 0, 0};
  if (read_.segment == gone.number) {
    dropped_ += gone.lines - read_.lines;
    read_ = next;
  }
  if (settled_.segment == gone.number) settled_ = next;
}

std::vector<entry> spool::read(std::size_t lines_max, std::size_t bytes_max) {
  std::vector<entry> out;
  std::size_t bytes = 0;
  while (out.size() < lines_max && unread_lines() > 0) {
    auto at = std::ranges::find(segments_, read_.segment, &segment::number);
    if (read_.lines == at->lines) {
      read_ = {std::next(at)->number, 0, 0};
      continue;
    }
    std::ifstream in{file_of(at->number), std::ios::binary};
    in.seekg(static_cast<std::streamoff>(read_.offset));
    std::string line;
    while (out.size() < lines_max && read_.lines < at->lines && std::getline(in, line)) {
      if (!out.empty() && bytes + line.size() > bytes_max) return out;
      bytes += line.size();
      out.push_back({(at->number << offset_bits) | read_.offset, line});
      read_.offset += line.size() + 1;
      ++read_.lines;
    }
    if (read_.lines == at->lines || out.size() == lines_max) continue;
    dropped_ += at->lines - read_.lines; // somebody has taken the file away
    read_ = {at->number, at->bytes, at->lines};
  }
  return out;
}

void spool::settle() {
  settled_ = read_;
  remove_settled();
  save_position();
}

void spool::remove_settled() {
  const auto is_settled = [this](const segment& x) {
    return x.number < settled_.segment
           || (x.number == settled_.segment && settled_.offset >= x.bytes);
  };
  while (!segments_.empty() && is_settled(segments_.front())
         && (segments_.size() > 1 || out_ < 0 || segments_.front().bytes >= segment_max_)) {
    const auto gone = segments_.front();
    segments_.pop_front();
    std::error_code ignored;
    fs::remove(file_of(gone.number), ignored);
    if (gone.number != settled_.segment) continue;
    if (segments_.empty() && out_ >= 0) {
      ::close(out_);
      out_ = -1;
    }
    if (!segments_.empty()) read_ = settled_ = {segments_.front().number, 0, 0};
  }
}

std::uint64_t spool::take_dropped() {
  return std::exchange(dropped_, 0);
}

bool spool::keeps(const entry& x) const noexcept {
  return !segments_.empty() && (x.sequence >> offset_bits) >= segments_.front().number;
}

std::uint64_t spool::unread_lines() const noexcept {
  std::uint64_t out = 0;
  for (const auto& x : segments_)
    if (x.number >= read_.segment) out += x.lines;
  return segments_.empty() ? 0 : out - read_.lines;
}

std::uint64_t spool::bytes_from(const place& from) const {
  std::uint64_t out = 0;
  for (const auto& x : segments_)
    if (x.number >= from.segment) out += x.bytes;
  return segments_.empty() ? 0 : out - from.offset;
}

std::uint64_t spool::unread_bytes() const noexcept {
  return bytes_from(read_);
}

std::uint64_t spool::unsettled_bytes() const noexcept {
  return bytes_from(settled_);
}

} // namespace bpci::shipping
