#pragma once

#include "gateways/cli/cli.hpp"
#include "gateways/clients/cpp/bpi_client.hpp"
#include "gateways/http/message.hpp"
#include "messages/error.hpp"

#include <chrono>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace bpci::cli {

/// One request to the API of a node.
struct api_call {
  std::string base_url;
  std::string method;
  std::string path; ///< with its query
  http::header_list headers;
  std::string body;
  std::chrono::milliseconds timeout;
};

/// Everything that a command touches outside of itself; tests put in their own.
struct surroundings {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  std::size_t columns = 0; ///< of the terminal; 0: unknown
  std::function<std::optional<std::string>(const std::string&)> variable =
      {}; ///< of the environment
  std::function<result<http::response>(const api_call&)> call = {};
  /// Connects as a BPI node, sends one message, and waits for its answers.
  std::function<result<client::report>(client::options, client::outgoing,
                                       std::chrono::milliseconds)>
      send = {};
  std::function<timestamp_ms()> now = {};
  /// Asks on the terminal, without showing what is typed. Errors: unavailable (no terminal).
  std::function<result<std::string>(const std::string& prompt)> ask_secret = {};
  /// Lets time pass; false: do not go on.
  std::function<bool(std::chrono::milliseconds)> pause = {};
  server_hooks hooks = {};
};

/// `run` with the surroundings given. `arguments` begins with the name of the program.
int run(const std::vector<std::string>& arguments, surroundings& around);

} // namespace bpci::cli
