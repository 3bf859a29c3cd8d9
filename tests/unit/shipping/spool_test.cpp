#define CAF_SUITE shipping_spool

#include "runtime/shipping/spool.hpp"

#include <caf/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>

using namespace bpci;
using namespace bpci::shipping;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t plenty = 1'000'000'000;
constexpr std::uint64_t mebibyte = 1024 * 1024;

struct fixture {
  fs::path folder;
  std::unique_ptr<spool> lines;

  fixture() {
    auto name = (fs::temp_directory_path() / "bpci-spool-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    restart();
  }
  ~fixture() { fs::remove_all(folder); }

  void restart() {
    lines.reset();
    lines = spool::open(folder / "s", mebibyte).value();
  }

  /// "a" to "e" as one word each.
  void append(std::string_view letters) {
    std::vector<std::string> all;
    for (const char c : letters)
      all.emplace_back(1, c);
    CAF_CHECK_EQUAL(lines->append(all), 0u);
  }

  std::string read(std::size_t lines_max = plenty, std::size_t bytes_max = plenty) {
    std::string out;
    for (const auto& x : lines->read(lines_max, bytes_max))
      out += x.line;
    return out;
  }

  /// Numbered lines of 1,000 bytes.
  void append_long(int first, int count) {
    std::vector<std::string> all;
    for (auto i = first; i < first + count; ++i) {
      auto text = std::to_string(i) + ' ';
      all.push_back(text + std::string(999 - text.size(), 'x'));
    }
    CAF_CHECK_EQUAL(lines->append(all), 0u);
  }

  std::vector<int> numbers() {
    std::vector<int> out;
    for (const auto& x : lines->read(plenty, plenty))
      out.push_back(std::stoi(x.line));
    return out;
  }

  std::uint64_t bytes_on_disk() const {
    std::uint64_t out = 0;
    for (const auto& x : fs::directory_iterator{folder / "s"})
      if (x.path().extension() == ".log") out += x.file_size();
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(shipping_spool_tests, fixture)

CAF_TEST(lines come out in the order in which they went in) {
  append("abc");
  CAF_CHECK_EQUAL(read(2), "ab");
  append("d");
  CAF_CHECK_EQUAL(read(), "cd");
  CAF_CHECK_EQUAL(read(), "");
  CAF_CHECK_EQUAL(lines->unread_lines(), 0u);
}

CAF_TEST(a bound on bytes lets at least one line pass) {
  append("abc");
  CAF_CHECK_EQUAL(read(plenty, 2), "ab");
  CAF_CHECK_EQUAL(read(plenty, 0), "c");
}

CAF_TEST(what was read and not settled is read again after a restart under the same name) {
  append("abcd");
  const auto id = lines->id();
  read(2);
  lines->settle();
  const auto before = lines->read(plenty, plenty);
  restart();
  CAF_CHECK_EQUAL(lines->id(), id);
  const auto after = lines->read(plenty, plenty);
  CAF_CHECK(before == after);
  CAF_REQUIRE_EQUAL(after.size(), 2u);
  CAF_CHECK_EQUAL(after[0].line, "c");
}

CAF_TEST(no name is given twice though everything before was settled and removed) {
  append("a");
  const auto first = lines->read(plenty, plenty).at(0).sequence;
  lines->settle();
  for (auto i = 0; i < 3; ++i) {
    restart();
    append("b");
    const auto next = lines->read(plenty, plenty).at(0).sequence;
    CAF_CHECK(next > first);
    lines->settle();
  }
  restart();
  CAF_CHECK_EQUAL(bytes_on_disk(), 0u);
}

CAF_TEST(sequences rise across segments) {
  append_long(0, 300);
  std::uint64_t last = 0;
  for (const auto& x : lines->read(plenty, plenty)) {
    CAF_CHECK(x.sequence > last);
    last = x.sequence;
  }
}

CAF_TEST(beyond the bound the oldest lines go and are counted) {
  append_long(0, 3'000);
  CAF_CHECK(bytes_on_disk() <= mebibyte);
  const auto left = numbers();
  CAF_REQUIRE(!left.empty());
  CAF_CHECK_EQUAL(left.back(), 2'999);
  CAF_CHECK_EQUAL(left.size() + lines->take_dropped(), 3'000u);
  CAF_CHECK_EQUAL(left.front(), static_cast<int>(3'000 - left.size()));
  CAF_CHECK_EQUAL(lines->take_dropped(), 0u);
}

CAF_TEST(lines that are under way are not counted as dropped) {
  append_long(0, 10);
  CAF_CHECK_EQUAL(lines->read(10, plenty).size(), 10u);
  append_long(10, 3'000);
  const auto dropped = lines->take_dropped();
  CAF_CHECK_EQUAL(numbers().size() + dropped, 3'000u);
  lines->settle();
  restart();
  CAF_CHECK_EQUAL(lines->unread_lines(), 0u);
}

CAF_TEST(what is settled leaves the disk) {
  append_long(0, 900);
  CAF_CHECK(lines->unsettled_bytes() == 900'000);
  numbers();
  CAF_CHECK(lines->unsettled_bytes() == 900'000);
  lines->settle();
  CAF_CHECK_EQUAL(lines->unsettled_bytes(), 0u);
  CAF_CHECK(bytes_on_disk() < 100'000);
  append("z");
  CAF_CHECK_EQUAL(read(), "z");
}

CAF_TEST(a line that a crash has cut off is cut away) {
  append("ab");
  lines.reset();
  for (const auto& x : fs::directory_iterator{folder / "s"})
    if (x.path().extension() == ".log") std::ofstream{x.path(), std::ios::app} << "half";
  restart();
  append("c");
  CAF_CHECK_EQUAL(read(), "abc");
}

CAF_TEST(a lost position costs names and no lines) {
  append("ab");
  read();
  lines->settle();
  append("c");
  const auto id = lines->id();
  lines.reset();
  fs::remove(folder / "s" / "position");
  restart();
  CAF_CHECK_NOT_EQUAL(lines->id(), id);
  CAF_CHECK_EQUAL(read(), "abc");
}

CAF_TEST(segments that somebody has taken away are counted) {
  append_long(0, 500);
  fs::path first;
  for (const auto& x : fs::directory_iterator{folder / "s"})
    if (x.path().filename() == "1.log") first = x.path();
  CAF_REQUIRE(!first.empty());
  fs::remove(first);
  const auto left = numbers();
  CAF_CHECK_EQUAL(left.size() + lines->take_dropped(), 500u);
  CAF_CHECK_EQUAL(left.back(), 499);
}

CAF_TEST(two processes cannot share a spool) {
  const auto second = spool::open(folder / "s", mebibyte);
  CAF_REQUIRE(second.has_error());
  CAF_CHECK(second.error().code == ec::config_invalid);
}

CAF_TEST(a folder that cannot be made is refused by name) {
  std::ofstream{folder / "file"} << "x";
  const auto got = spool::open(folder / "file" / "s", mebibyte);
  CAF_REQUIRE(got.has_error());
  CAF_CHECK(got.error().detail.find("file/s") != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()
