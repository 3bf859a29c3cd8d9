#include "gateways/cli/surroundings.hpp"
#include "gateways/http/client.hpp"
#include "runtime/time/clock.hpp"

#include <cstdlib>
#include <iostream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace bpci::cli {

namespace {

/// What the answers may take beyond the message's own deadline, so that the client reports it.
constexpr auto report_slack = std::chrono::milliseconds{2'000};

std::optional<std::string> read_variable(const std::string& name) {
  const auto* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

std::size_t terminal_columns() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

result<client::report> send_once(client::options how, client::outgoing what,
                                 std::chrono::milliseconds timeout) {
  client::bpi_client link{std::move(how)};
  if (auto open = link.connect(timeout); !open) return open.error();
  auto answers = link.send(std::move(what));
  if (answers.wait_for(timeout + report_slack) != std::future_status::ready)
    return fail(ec::timeout, "the message has no answer");
  return answers.get();
}

} // namespace

int run(int argc, char** argv, const server_hooks& hooks) {
  surroundings around{.out = std::cout, .err = std::cerr};
  around.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  around.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  around.columns = around.out_is_terminal ? terminal_columns() : 0;
  around.variable = read_variable;
  around.call = [](const api_call& x) {
    return http::call(x.base_url, x.method, x.path, x.headers, x.body, x.timeout);
  };
  around.send = send_once;
  around.now = wall_now;
  around.hooks = hooks;
  return run(std::vector<std::string>(argv, argv + argc), around);
}

} // namespace bpci::cli
