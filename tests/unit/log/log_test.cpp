#define CAF_SUITE log_output

#include "runtime/log/log.hpp"
#include "runtime/log/outputs.hpp"

#include <boost/json/parse.hpp>
#include <caf/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace bpci;
namespace fs = std::filesystem;

namespace {

struct log_file {
  fs::path folder;

  log_file() {
    auto name = (fs::temp_directory_path() / "bpci-log-XXXXXX").string();
    folder = ::mkdtemp(name.data());
  }
  ~log_file() {
    log::stop();
    fs::remove_all(folder);
  }

  std::string path(std::string_view name = "node.log") const { return (folder / name).string(); }

  bool start(log::level least = log::level::info, bool json = true) const {
    return log::start({.least = least, .json = json, .file = path()}).has_value();
  }

  std::vector<std::string> lines(std::string_view name = "node.log") const {
    std::vector<std::string> all;
    std::ifstream in{path(name)};
    for (std::string line; std::getline(in, line);)
      all.push_back(line);
    return all;
  }
};

std::string member(const std::string& line, std::string_view name) {
  auto parsed = boost::json::parse(line).as_object();
  auto* found = parsed.if_contains(name);
  return found == nullptr ? "(none)" : std::string{found->as_string()};
}

} // namespace

CAF_TEST(a line is in the file when write returns) {
  log_file file;
  CAF_REQUIRE(file.start());
  log::info("first", {{"n", 1}});
  CAF_CHECK_EQUAL(file.lines().size(), 1u);
  log::error("second");
  CAF_REQUIRE_EQUAL(file.lines().size(), 2u);
  CAF_CHECK_EQUAL(member(file.lines()[1], "event"), "second");
  CAF_CHECK_EQUAL(member(file.lines()[1], "level"), "error");
}

CAF_TEST(only lines of the chosen level and above are written) {
  log_file file;
  CAF_REQUIRE(file.start(log::level::warn));
  log::debug("a");
  log::info("b");
  log::warn("c");
  log::error("d");
  CAF_CHECK_EQUAL(file.lines().size(), 2u);
  CAF_CHECK(!log::enabled(log::level::info));
  CAF_CHECK(log::enabled(log::level::warn));
}

CAF_TEST(percent signs and braces of a sender are text and no format) {
  log_file file;
  CAF_REQUIRE(file.start(log::level::debug, false));
  log::debug("odd", {{"k", "%v%s{}{0}"}});
  CAF_REQUIRE_EQUAL(file.lines().size(), 1u);
  CAF_CHECK(file.lines()[0].ends_with("debug odd k=%v%s{}{0}"));
}

CAF_TEST(the correlation id is on every line of its scope and only there) {
  log_file file;
  CAF_REQUIRE(file.start());
  log::info("before");
  {
    log::correlation_scope outer{correlation_id{"outer"}};
    {
      log::correlation_scope inner{correlation_id{"inner"}};
      CAF_CHECK(log::current_correlation() == correlation_id{"inner"});
      log::info("within");
    }
    log::info("between");
    std::thread{[] { log::info("elsewhere"); }}.join();
  }
  log::info("after");
  std::vector<std::string> ids;
  for (const auto& line : file.lines())
    ids.push_back(member(line, "correlation_id"));
  CAF_CHECK(ids == (std::vector<std::string>{"(none)", "inner", "outer", "(none)", "(none)"}));
}

CAF_TEST(after logrotate has moved the file lines go to a new one) {
  log_file file;
  CAF_REQUIRE(file.start());
  log::info("old");
  fs::rename(file.path(), file.path("node.log.1"));
  log::info("still-old");
  CAF_CHECK(log::reopen().has_value());
  log::info("new");
  CAF_CHECK_EQUAL(file.lines("node.log.1").size(), 2u);
  CAF_REQUIRE_EQUAL(file.lines().size(), 1u);
  CAF_CHECK_EQUAL(member(file.lines()[0], "event"), "new");
}

CAF_TEST(a file that cannot be opened again keeps the old one in use) {
  log_file file;
  CAF_REQUIRE(file.start());
  fs::rename(file.path(), file.path("node.log.1"));
  fs::create_directory(file.path());
  auto reopened = log::reopen();
  CAF_REQUIRE(reopened.has_error());
  CAF_CHECK(reopened.error().code == ec::config_invalid);
  log::info("not-lost");
  CAF_CHECK_EQUAL(file.lines("node.log.1").size(), 1u);
}

CAF_TEST(a file that cannot be opened is refused by name) {
  log_file file;
  auto path = file.folder.string();
  auto started = log::start({.least = log::level::info, .json = true, .file = path});
  CAF_REQUIRE(started.has_error());
  CAF_CHECK(started.error().code == ec::config_invalid);
  CAF_CHECK(started.error().detail.find(path) != std::string::npos);
}

CAF_TEST(a file that would become too long is put aside and the oldest go) {
  log_file file;
  CAF_REQUIRE(log::start(log::outputs{.to = {{file.path(), 1'000, 2}}}).has_value());
  for (auto i = 0; i < 50; ++i)
    log::info("line", {{"i", i}});
  for (const auto* name : {"node.log", "node.1.log", "node.2.log"})
    CAF_CHECK(fs::file_size(file.path(name)) <= 1'000);
  CAF_CHECK(!fs::exists(file.path("node.3.log")));
  CAF_CHECK(file.lines().back().find("\"i\":49") != std::string::npos);
}

CAF_TEST(a line goes to every output) {
  struct kept final : log::outlet {
    std::vector<std::string> lines;
    bool finished = false;
    void take(std::string line) noexcept override { lines.push_back(std::move(line)); }
    void finish() noexcept override { finished = true; }
  };
  log_file file;
  const auto outlet = std::make_shared<kept>();
  CAF_REQUIRE(
      log::start(
          {.json = false, .to = {{file.path()}, {file.path("other.log")}}, .outlets = {outlet}})
          .has_value());
  log::info("once");
  CAF_CHECK(log::reopen().has_value());
  log::info("twice");
  log::stop();
  CAF_CHECK(file.lines() == file.lines("other.log"));
  CAF_CHECK_EQUAL(file.lines().size(), 2u);
  CAF_REQUIRE_EQUAL(outlet->lines.size(), 2u);
  CAF_CHECK_EQUAL(member(outlet->lines[1], "event"), "twice");
  CAF_CHECK(outlet->finished);
}

CAF_TEST(a second start appends) {
  log_file file;
  CAF_REQUIRE(file.start());
  log::info("one");
  CAF_REQUIRE(file.start());
  log::info("two");
  CAF_CHECK_EQUAL(file.lines().size(), 2u);
}

CAF_TEST(threads and reopening at the same time neither lose nor mix lines) {
  constexpr auto threads = 4;
  constexpr auto each = 500;
  log_file file;
  CAF_REQUIRE(file.start());
  std::vector<std::thread> writers;
  writers.reserve(threads);
  for (auto t = 0; t < threads; ++t)
    writers.emplace_back([t] {
      for (auto i = 0; i < each; ++i)
        log::info("busy", {{"thread", t}, {"i", i}, {"text", std::string(200, 'x')}});
    });
  for (auto i = 0; i < 20; ++i)
    CAF_CHECK(log::reopen().has_value());
  for (auto& writer : writers)
    writer.join();
  auto lines = file.lines();
  CAF_CHECK_EQUAL(lines.size(), static_cast<std::size_t>(threads * each));
  for (const auto& line : lines)
    if (member(line, "event") != "busy") CAF_FAIL(line);
}

CAF_TEST(levels are read by their names) {
  for (auto x : {log::level::debug, log::level::info, log::level::warn, log::level::error})
    CAF_CHECK(log::level_from_name(log::name(x)).value() == x);
  CAF_CHECK(log::level_from_name("INFO").has_error());
  CAF_CHECK(log::level_from_name("").has_error());
}
