#pragma once

#include "messages/error.hpp"
#include "messages/ids.hpp"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

/// Structured logging: JSON lines with `timestamp`, `level`, `event`, `correlation_id` and
/// `context` (document 5, "Logging"). The only folder that includes spdlog.
///
///     log::warn("link-closed", {{"node", id.get()}, {"code", name(why)}});
///
/// An event is a stable word that an operator can search for and alert on; what varies is in the
/// fields. Never log a key, a token, a signature or a body.
namespace bpci::log {

enum class level : std::uint8_t { debug, info, warn, error };

/// The word of a level on a line and in the configuration: `debug`, `info`, `warn`, `error`.
std::string_view name(level x) noexcept;

/// The reverse of `name`. Errors: invalid_argument.
result<level> level_from_name(std::string_view word);

/// Longer texts are cut, so that no caller's input can fill the disk with one line.
constexpr std::size_t text_bytes_max = 4096;

/// One `key: value` of the context. Values are text or whole numbers. Text may come from anyone:
/// control characters and broken UTF-8 are escaped, so it cannot end a line or forge another.
struct field {
  std::string_view key;
  std::string text;
  std::int64_t number = 0;
  bool is_number = false;
  bool is_unsigned = false; ///< `number` holds the bits of a std::uint64_t.

  field(std::string_view k, std::string_view v) : key(k), text(v) {}
  field(std::string_view k, const char* v) : key(k), text(v) {}
  field(std::string_view k, const std::string& v) : key(k), text(v) {}
  template <std::integral T>
  field(std::string_view k, T v)
      : key(k),
        number(static_cast<std::int64_t>(v)),
        is_number(true),
        is_unsigned(std::unsigned_integral<T>) {}
};

using fields = std::initializer_list<field>;

struct options {
  level least = level::info;
  bool json = true; ///< false: one readable line each, for a terminal
  std::string file; ///< empty: standard error
};

/// Opens the output. Call once at start, before threads. Until then, `warn` and above go to stderr.
/// Errors: config_invalid, if the file cannot be opened; then nothing has changed.
result<void> start(const options& how);

/// Opens the file again by its name; for SIGHUP, after logrotate has moved it away. Does nothing
/// on standard error. May be called while others write, but not inside a signal handler.
/// Errors: config_invalid; then lines still go to the old file.
result<void> reopen();

/// Closes the output; the last call of a program. Each line has long been handed to the system by
/// then. Later lines, as of destructors, go where they went before `start`.
void stop();

bool enabled(level at) noexcept;

/// Writes one line, whole, and hands it to the system before it returns: what is logged outlives a
/// crash of the process. Thread-safe. Never throws for an output that fails, as on a full disk:
/// then a line is lost and, at most once a second, standard error says so.
///
///     {"timestamp":"...","level":"info","event":"link-closed","correlation_id":"...","context":{}}
///     05:01:02.123 info  link-closed node=a code=busy            (plain, UTC)
void write(level at, std::string_view event, fields context = {});

/// The correlation id that `write` puts on every line of this thread while the scope lives.
class correlation_scope {
 public:
  explicit correlation_scope(const correlation_id& id);
  ~correlation_scope();
  correlation_scope(const correlation_scope&) = delete;
  correlation_scope& operator=(const correlation_scope&) = delete;

 private:
  std::string before_;
};

/// The id of the scope that this thread is in, to be carried into requests; empty outside of one.
correlation_id current_correlation();

inline void debug(std::string_view event, fields context = {}) {
  if (enabled(level::debug)) write(level::debug, event, context);
}
inline void info(std::string_view event, fields context = {}) {
  write(level::info, event, context);
}
inline void warn(std::string_view event, fields context = {}) {
  write(level::warn, event, context);
}
inline void error(std::string_view event, fields context = {}) {
  write(level::error, event, context);
}

} // namespace bpci::log
