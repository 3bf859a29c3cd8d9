#include "runtime/log/log.hpp"

#include "runtime/log/line.hpp"
#include "runtime/log/outputs.hpp"
#include "runtime/time/clock.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <memory>
#include <utility>

namespace bpci::log {

namespace {

/// Where lines go; replaced as a whole, so that a writer sees the old or the new one.
struct output {
  outputs how;
  /// A sink that passes on to another one, which `reopen` exchanges under its lock.
  std::shared_ptr<spdlog::sinks::dist_sink_mt> switchboard;
  std::shared_ptr<spdlog::logger> logger;
  bool writes_here = true; ///< false: outlets only
};

constexpr auto bare_text = "%v";

using sink_ptr = std::shared_ptr<spdlog::sinks::sink>;

sink_ptr open_file(const destination& x) {
  if (x.rotate_bytes == 0) return std::make_shared<spdlog::sinks::basic_file_sink_mt>(x.file);
  return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(x.file, x.rotate_bytes,
                                                                x.rotate_keep);
}

/// The text of spdlog's complaint names the file that it is about.
std::vector<sink_ptr> open_sinks(const outputs& how) {
  std::vector<sink_ptr> out;
  for (const auto& x : how.to)
    out.push_back(x.file.empty() ? std::make_shared<spdlog::sinks::stderr_sink_mt>()
                                 : open_file(x));
  if (out.empty() && how.outlets.empty())
    out.push_back(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  for (auto& x : out)
    x->set_pattern(bare_text);
  return out;
}

std::shared_ptr<const output> open(const outputs& how) {
  auto sinks = open_sinks(how);
  auto made = std::make_shared<output>();
  made->how = how;
  made->writes_here = !sinks.empty();
  made->switchboard = std::make_shared<spdlog::sinks::dist_sink_mt>(std::move(sinks));
  made->logger = std::make_shared<spdlog::logger>("bpci", made->switchboard);
  made->logger->set_pattern(bare_text);
  made->logger->set_level(spdlog::level::trace);
  made->logger->flush_on(spdlog::level::trace);
  return made;
}

outputs before_start() {
  return {.least = level::warn, .json = false};
}

/// Never destroyed, so that destructors of other statics can still log.
std::atomic<std::shared_ptr<const output>>& current() {
  static auto& kept = *new std::atomic<std::shared_ptr<const output>>(open(before_start()));
  return kept;
}

/// A copy of `current()->how.least` that `enabled` can read at the cost of a load.
std::atomic<level> least = level::warn;

thread_local std::string correlation;

failure cannot_open(const spdlog::spdlog_ex& why) {
  return fail(ec::config_invalid, std::string{"a log file cannot be opened: "} + why.what()
                                      + "; create its folder or name another file");
}

void exchange(const outputs& how) {
  const auto before = current().exchange(open(how));
  least = how.least;
  for (const auto& x : before->how.outlets)
    x->finish();
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

result<void> start(const outputs& how) {
  try {
    exchange(how);
    return {};
  } catch (const spdlog::spdlog_ex& why) {
    return cannot_open(why);
  }
}

result<void> start(const options& how) {
  outputs all{.least = how.least, .json = how.json};
  if (!how.file.empty()) all.to.push_back({.file = how.file});
  return start(all);
}

result<void> reopen() {
  auto now = current().load();
  try {
    now->switchboard->set_sinks(open_sinks(now->how));
    return {};
  } catch (const spdlog::spdlog_ex& why) {
    return cannot_open(why);
  }
}

void stop() {
  exchange(before_start());
}

bool enabled(level at) noexcept {
  return at >= least.load(std::memory_order_relaxed);
}

void write(level at, std::string_view event, fields context) {
  if (!enabled(at)) return;
  auto now = current().load();
  line x{wall_now(), at, event, correlation, context};
  auto json = now->how.json || !now->how.outlets.empty() ? json_line(x) : std::string{};
  // The level was decided above and stands in the text: spdlog only carries it out.
  if (now->writes_here) now->logger->log(spdlog::level::info, now->how.json ? json : plain_line(x));
  for (const auto& outlet : now->how.outlets)
    outlet->take(json);
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
