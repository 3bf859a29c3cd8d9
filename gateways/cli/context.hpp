#pragma once

#include "config/problem.hpp"
#include "gateways/cli/api.hpp"
#include "gateways/cli/fault.hpp"
#include "gateways/cli/surroundings.hpp"
#include "gateways/cli/table.hpp"

#include <boost/json/value.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace bpci::cli {

enum class format : std::uint8_t { table, json, yaml };

/// The options that every command takes.
struct global_options {
  std::string url;
  std::string token;
  std::string token_file;
  std::string output = "table";
  std::string timeout = "30";
  bool no_colour = false;
};

/// What a command works with: the options, the API, and the way to show what came of it.
class context {
public:
  context(surroundings& around, global_options given);

  [[nodiscard]] surroundings& around() const noexcept { return around_; }
  [[nodiscard]] format how() const noexcept { return format_; }
  [[nodiscard]] std::chrono::milliseconds timeout() const noexcept { return timeout_; }

  /// `http://host:port`: --url, BPCI_URL, or this machine.
  [[nodiscard]] std::string url() const;

  /// Whether the user has named a node.
  [[nodiscard]] bool url_given() const;

  /// The bearer token, or empty when none is to be found. Errors: a file that was named and cannot
  /// be read.
  [[nodiscard]] outcome<std::string> token() const;

  /// Errors: those of `token`.
  [[nodiscard]] outcome<api> node() const;

  /// Where bpci keeps what belongs to the user: `$XDG_CONFIG_HOME/bpci` or `~/.config/bpci`.
  [[nodiscard]] std::filesystem::path home() const;

  [[nodiscard]] style table_style() const;

  /// Shows the result of a command: as JSON or YAML, or as what `table` makes of it.
  exit_code show(const boost::json::value& data, const std::function<std::string()>& table) const;

  /// Shows why there is none.
  exit_code show(const fault& why) const;

  /// Shows what is wrong with a configuration.
  exit_code show(const std::vector<config::problem>& problems) const;

private:
  [[nodiscard]] bool colour(bool terminal) const;
  void write_error(const boost::json::value& data) const;

  surroundings& around_;
  global_options given_;
  format format_;
  std::chrono::milliseconds timeout_;
};

/// "json", "yaml", "table"; anything else is a table.
format to_format(std::string_view word) noexcept;

} // namespace bpci::cli
