#define CAF_SUITE child_process

#include "runtime/storage/child_process.hpp"
#include "test_server.hpp"

#include <caf/test/unit_test.hpp>

#include <fstream>
#include <future>

using namespace bpci;
using namespace bpci::storage;
using namespace std::chrono_literals;

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

CAF_TEST(a child ends with its status and its words are kept) {
  test::temp_dir home;
  auto out = home.path() / "out";
  auto child = child_process::start({"/bin/sh", {"-c", "echo hello; exit 3"}, {}, out}).value();
  auto status = child->wait_for(5s);
  CAF_REQUIRE(status.has_value());
  CAF_CHECK_EQUAL(describe_wait_status(*status), "exit code 3");
  CAF_CHECK_EQUAL(text_of(out), "hello\n");
  CAF_CHECK(!child->send_signal(SIGTERM));
}

CAF_TEST(a program that does not exist is reported by the step) {
  test::temp_dir home;
  auto child = child_process::start({"/nonexistent/x", {}, {}, home.path() / "out"});
  CAF_REQUIRE(!child.has_value());
  CAF_CHECK_EQUAL(child.error().detail, "exec for /nonexistent/x: No such file or directory");
}

CAF_TEST(the end of a child is told whether it comes before or after the question) {
  test::temp_dir home;
  auto child = child_process::start({"/bin/sleep", {"60"}, {}, home.path() / "out"}).value();
  std::promise<int> early;
  child->on_exit([&](int status) { early.set_value(status); });
  child->send_signal(SIGTERM);
  CAF_CHECK_EQUAL(describe_wait_status(early.get_future().get()), "signal 15");
  auto late = 0;
  child->on_exit([&](int status) { late = status; });
  CAF_CHECK_EQUAL(describe_wait_status(late), "signal 15");
}

CAF_TEST(a child inherits no files and no variables) {
  test::temp_dir home;
  auto out = home.path() / "out";
  setenv("BPCI_TEST_SECRET", "x", 1);
  auto open_here = std::ifstream{"/etc/hostname"};
  auto files = child_process::start({"/bin/ls", {"/proc/self/fd"}, {}, out}).value();
  CAF_REQUIRE(files->wait_for(5s).has_value());
  // The last is the folder that it lists.
  CAF_CHECK_EQUAL(text_of(out), "0\n1\n2\n3\n");
  auto variables = child_process::start({"/usr/bin/env", {}, {}, out}).value();
  CAF_REQUIRE(variables->wait_for(5s).has_value());
  CAF_CHECK(text_of(out).find("BPCI_TEST_SECRET") == std::string::npos);
}

CAF_TEST(the destructor does not leave the child behind) {
  test::temp_dir home;
  auto child = child_process::start({"/bin/sleep", {"60"}, {}, home.path() / "out"}).value();
  auto pid = child->pid();
  child.reset();
  CAF_CHECK(!test::process_exists(pid));
}
