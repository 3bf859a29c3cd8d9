#include "gateways/cli/surroundings.hpp"
#include "gateways/http/client.hpp"
#include "runtime/time/clock.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <iostream>
#include <sys/ioctl.h>
#include <termios.h>
#include <thread>
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

/// The terminal with its echo off, as long as this lives.
class silent_terminal {
public:
  silent_terminal() : file_(::open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (file_ < 0 || ::tcgetattr(file_, &before_) != 0) return;
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ready_ = ::tcsetattr(file_, TCSAFLUSH, &silent) == 0;
  }
  ~silent_terminal() {
    if (ready_) ::tcsetattr(file_, TCSAFLUSH, &before_);
    if (file_ >= 0) ::close(file_);
  }
  silent_terminal(const silent_terminal&) = delete;
  silent_terminal& operator=(const silent_terminal&) = delete;

  [[nodiscard]] bool ready() const noexcept { return ready_; }

  void write(const std::string& text) const {
    [[maybe_unused]] const auto written = ::write(file_, text.data(), text.size());
  }

  [[nodiscard]] std::string read_line() const {
    std::string out;
    char one = 0;
    while (out.size() < line_max && ::read(file_, &one, 1) == 1 && one != '\n')
      out += one;
    return out;
  }

private:
  static constexpr std::size_t line_max = 1'024;

  int file_;
  bool ready_ = false;
  termios before_{};
};

result<std::string> ask_secret(const std::string& prompt) {
  const silent_terminal terminal;
  if (!terminal.ready()) return fail(ec::unavailable, "there is no terminal to ask on");
  terminal.write(prompt);
  auto out = terminal.read_line();
  terminal.write("\n");
  return out;
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
  around.ask_secret = ask_secret;
  around.pause = [](std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);
    return true;
  };
  around.hooks = hooks;
  return run(std::vector<std::string>(argv, argv + argc), around);
}

} // namespace bpci::cli
