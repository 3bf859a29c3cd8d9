#define CAF_SUITE postmaster_file

#include "runtime/storage/postmaster_file.hpp"

#include <caf/test/unit_test.hpp>

#include <fstream>
#include <unistd.h>

using namespace bpci::storage;

CAF_TEST(the number and directory and start time of a postmaster are read) {
  auto read = parse_postmaster_file("4711\n/var/lib/bpci/cluster\n1700000000\n5432\n/run\n");
  CAF_CHECK(read == (postmaster_file{4711, "/var/lib/bpci/cluster", 1'700'000'000}));
}

CAF_TEST(a file that was cut short is no postmaster) {
  CAF_CHECK(!parse_postmaster_file(""));
  CAF_CHECK(!parse_postmaster_file("4711\n"));
  CAF_CHECK(!parse_postmaster_file("4711\n/var/lib\n"));
  CAF_CHECK(!parse_postmaster_file("x\n/var/lib\n1700000000\n"));
  CAF_CHECK(!parse_postmaster_file("-1\n/var/lib\n1700000000\n"));
  CAF_CHECK(!parse_postmaster_file("4711\n/var/lib\n17x\n"));
}

CAF_TEST(a file whose number belongs to another program now is removed) {
  auto folder = std::filesystem::temp_directory_path() / ("bpci-pid-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  std::ofstream{folder / "postmaster.pid"} << getpid() << "\n" << folder.string() << "\n1\n";
  CAF_CHECK(stop_orphan(folder).has_value());
  CAF_CHECK(!std::filesystem::exists(folder / "postmaster.pid"));
  std::filesystem::remove_all(folder);
}

CAF_TEST(no file means that nothing is left to stop) {
  CAF_CHECK(stop_orphan("/nonexistent").has_value());
}
