#include "actors/consensus/marker.hpp"

#include "runtime/crypto/hash.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <unistd.h>

namespace bpci::consensus {

namespace {

namespace fs = std::filesystem;

failure failed(const fs::path& what, int code) {
  return fail(ec::storage_failed, what.string() + ": " + std::strerror(code));
}

/// Of a file that is made if need be, or of a directory that is there.
result<> sync_to_disk(const fs::path& what, int flags) {
  auto file = ::open(what.c_str(), flags | O_CLOEXEC, 0600);
  if (file < 0) return failed(what, errno);
  auto code = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  if (code != 0) return failed(what, code);
  return {};
}

} // namespace

fs::path marker_path(const fs::path& data_dir, const address& self) {
  auto name = crypto::to_hex(std::span{self}.first(8));
  return data_dir / "chain" / (name + ".signed");
}

bool is_marked(const fs::path& marker) {
  std::error_code failed;
  // What cannot be looked at may be there.
  return fs::exists(marker, failed) || failed;
}

result<> make_marker(const fs::path& marker) {
  std::error_code code;
  auto folder = marker.parent_path();
  fs::create_directories(folder, code);
  if (code) return failed(folder, code.value());
  if (auto ok = sync_to_disk(marker, O_WRONLY | O_CREAT); !ok) return ok;
  if (auto ok = sync_to_disk(folder, O_RDONLY | O_DIRECTORY); !ok) return ok;
  return sync_to_disk(folder.parent_path(), O_RDONLY | O_DIRECTORY);
}

} // namespace bpci::consensus
