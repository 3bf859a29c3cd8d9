#include "runtime/log/log.hpp"

#include "runtime/log/line.hpp"
#include "runtime/time/clock.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <memory>
#include <utility>

namespace bpci::log {

namespace {

/// Where lines go; replaced as a whole, so that a writer sees the old or the new one.
struct output {
  options how;
  /// A sink that passes on to another one, which `reopen` exchanges under its lock.
  std::shared_ptr<spdlog::sinks::dist_sink_mt> switchboard;
  std::shared_ptr<spdlog::logger> logger;
};

constexpr auto bare_text = "%v";

std::shared_ptr<spdlog::sinks::sink> open_file(const std::string& path) {
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  sink->set_pattern(bare_text);
  return sink;
}

std::shared_ptr<const output> open(const options& how) {
  std::shared_ptr<spdlog::sinks::sink> target;
  if (how.file.empty())
    target = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  else
    target = open_file(how.file);
  auto made = std::make_shared<output>();
  made->how = how;
  made->switchboard = std::make_shared<spdlog::sinks::dist_sink_mt>(std::vector{target});
  made->logger = std::make_shared<spdlog::logger>("bpci", made->switchboard);
  made->logger->set_pattern(bare_text);
  made->logger->set_level(spdlog::level::trace);
  made->logger->flush_on(spdlog::level::trace);
  return made;
}

options before_start() {
  return {.least = level::warn, .json = false, .file = {}};
}

/// Never destroyed, so that destructors of other statics can still log.
std::atomic<std::shared_ptr<const output>>& current() {
  static auto& kept = *new std::atomic<std::shared_ptr<const output>>(open(before_start()));
  return kept;
}

/// A copy of `current()->how.least` that `enabled` can read at the cost of a load.
std::atomic<level> least = level::warn;

thread_local std::string correlation;

failure cannot_open(const std::string& path, const spdlog::spdlog_ex& why) {
  return fail(ec::config_invalid, "the log file " + path + " cannot be opened: " + why.what()
                                      + "; create its folder or name another file");
}

} // namespace

std::string_view name(level x) noexcept {
  switch (x) {
  case level::debug:
    return "debug";
  case level::info:
    return "info";
  case level::warn:
    return "warn";
  case level::error:
    return "error";
  }
  return "error";
}

result<level> level_from_name(std::string_view word) {
  for (auto x : {level::debug, level::info, level::warn, level::error})
    if (name(x) == word) return x;
  return fail(ec::invalid_argument, "a log level is debug, info, warn or error");
}

result<void> start(const options& how) {
  try {
    current().store(open(how));
    least = how.least;
    return {};
  } catch (const spdlog::spdlog_ex& why) {
    return cannot_open(how.file, why);
  }
}

result<void> reopen() {
  auto now = current().load();
  if (now->how.file.empty()) return {};
  try {
    now->switchboard->set_sinks({open_file(now->how.file)});
    return {};
  } catch (const spdlog::spdlog_ex& why) {
    return cannot_open(now->how.file, why);
  }
}

void stop() {
  current().store(open(before_start()));
  least = before_start().least;
}

bool enabled(level at) noexcept {
  return at >= least.load(std::memory_order_relaxed);
}

void write(level at, std::string_view event, fields context) {
  if (!enabled(at)) return;
  auto now = current().load();
  line x{wall_now(), at, event, correlation, context};
  // The level was decided above and stands in the text: spdlog only carries it out.
  now->logger->log(spdlog::level::info, now->how.json ? json_line(x) : plain_line(x));
}

correlation_scope::correlation_scope(const correlation_id& id)
    : before_(std::exchange(correlation, id.get())) {}

correlation_scope::~correlation_scope() {
  correlation = std::move(before_);
}

correlation_id current_correlation() {
  return correlation_id{correlation};
}

} // namespace bpci::log
