#include "runtime/storage/embedded_postgres.hpp"

#include <cstdio>
#include <unistd.h>

/// `storage_host DATA_DIR`: starts a server there, prints its process number, and waits to be
/// killed.
int main(int count, char** arguments) {
  if (count != 2) return 64;
  bpci::storage::embedded_options how;
  how.data_dir = arguments[1];
  auto server = bpci::storage::embedded_postgres::start(how);
  if (!server) {
    std::fprintf(stderr, "%s\n", to_string(server.error()).c_str());
    return 1;
  }
  std::printf("%d\n", (*server)->pid());
  std::fflush(stdout);
  for (;;)
    pause();
}
