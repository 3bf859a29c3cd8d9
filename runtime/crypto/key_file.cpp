#include "runtime/crypto/hex.hpp"
#include "runtime/crypto/keys.hpp"
#include "runtime/crypto/keystore.hpp"
#include "runtime/crypto/seed.hpp"

#include <sodium.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace bpci::crypto {

namespace {

constexpr std::size_t seed_size = 32;
constexpr std::size_t line_size = 2 * seed_size + 1;

/// A seed that leaves nothing behind on the stack.
struct seed_line {
  std::array<std::uint8_t, seed_size> seed{};
  std::array<char, line_size + 1> text{}; ///< One byte more shows that a file is too long.

  seed_line() = default;
  ~seed_line() { sodium_memzero(this, sizeof *this); }
  seed_line(const seed_line&) = delete;
  seed_line& operator=(const seed_line&) = delete;
};

class file {
 public:
  explicit file(int descriptor) noexcept : descriptor_(descriptor) {}
  ~file() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  file(const file&) = delete;
  file& operator=(const file&) = delete;

  explicit operator bool() const noexcept { return descriptor_ >= 0; }
  int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

failure refusal(const std::string& path, std::string_view what) {
  return fail(ec::config_invalid, "the key file " + path + ' ' + std::string{what});
}

failure system_refusal(const std::string& path, std::string_view what, int why) {
  return refusal(path, std::string{what} + ": " + std::generic_category().message(why)
                           + "; check the folder, its owner and the free space");
}

bool write_all(int to, const char* data, std::size_t size) {
  while (size > 0) {
    auto written = ::write(to, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

/// The number of bytes read, up to `size`; -1 with errno set.
ssize_t read_all(int from, char* data, std::size_t size) {
  std::size_t filled = 0;
  while (filled < size) {
    auto got = ::read(from, data + filled, size - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(filled);
}

/// Whether the open file is one that only its owner can read. Asked of the descriptor, not of the
/// path, which may name another file by now.
result<void> check_access(int open, const std::string& path) {
  struct stat about {};
  if (::fstat(open, &about) != 0) return system_refusal(path, "cannot be examined", errno);
  if (!S_ISREG(about.st_mode)) return refusal(path, "is not a regular file; name another path");
  auto mode = static_cast<unsigned>(about.st_mode) & 07777U;
  if ((mode & 077U) == 0) return {};
  char octal[8];
  std::snprintf(octal, sizeof octal, "%04o", mode);
  return refusal(path, std::string{"is open to other users (mode "} + octal + "); run: chmod 600 "
                           + path + ", and replace the key if others may have read it");
}

result<key_pair> load(const std::string& path, int open) {
  if (auto allowed = check_access(open, path); !allowed) return allowed.error();
  seed_line line;
  auto size = read_all(open, line.text.data(), line.text.size());
  if (size < 0) return system_refusal(path, "cannot be read", errno);
  auto text = std::string_view{line.text.data(), static_cast<std::size_t>(size)};
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (!read_hex(text, line.seed))
    return refusal(path, "does not hold one line of 64 hexadecimal digits; restore it from a "
                         "backup, or move it away to have a new key made");
  return from_seed(line.seed);
}

/// Writes the line to a new file and brings it to the disk; 0, or an errno.
int write_durably(const std::string& path, std::string_view line) {
  file made{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!made) return errno;
  if (!write_all(made.get(), line.data(), line.size()) || ::fsync(made.get()) != 0) return errno;
  return 0;
}

/// Brings the new name in the folder to the disk; 0, or an errno.
int sync_folder(const std::string& path) {
  auto slash = path.rfind('/');
  auto folder = slash == std::string::npos ? std::string{"."} : path.substr(0, slash + 1);
  file open{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!open) return errno;
  return ::fsync(open.get()) == 0 ? 0 : errno;
}

/// Writes the seed under this name, unless the name is taken: 0, or an errno. It gets its final
/// name only when it is on the disk, so a crash never leaves half a key under it; `link` fails if
/// the name is taken.
int write_seed(const std::string& path, seed_line& line) {
  sodium_bin2hex(line.text.data(), line.text.size(), line.seed.data(), line.seed.size());
  line.text[line_size - 1] = '\n';
  auto draft = path + ".new-" + random_token(8);
  auto why = write_durably(draft, {line.text.data(), line_size});
  if (why == 0 && ::link(draft.c_str(), path.c_str()) != 0) why = errno;
  ::unlink(draft.c_str());
  return why == 0 ? sync_folder(path) : why;
}

/// Creates the file, unless another process is faster.
result<void> create(const std::string& path) {
  init();
  seed_line line;
  randombytes_buf(line.seed.data(), line.seed.size());
  auto why = write_seed(path, line);
  if (why == EEXIST) why = sync_folder(path);
  if (why != 0) return system_refusal(path, "cannot be created", why);
  return {};
}

} // namespace

result<key_pair> load_or_create(const std::string& path) {
  // Non-blocking, so that a pipe under this name is refused and not waited for.
  constexpr auto how = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  if (file there{::open(path.c_str(), how)}; there)
    return load(path, there.get());
  else if (errno != ENOENT)
    return system_refusal(path, "cannot be opened", errno);
  if (auto made = create(path); !made) return made.error();
  file there{::open(path.c_str(), how)};
  if (!there) return system_refusal(path, "cannot be opened", errno);
  return load(path, there.get());
}

result<void> store_new(const std::string& path, const key_pair& what) {
  init();
  seed_line line;
  std::ranges::copy(seed_of(what.secret), line.seed.begin());
  const auto why = write_seed(path, line);
  if (why == EEXIST) return fail(ec::conflict, "there is a file " + path + " already");
  if (why != 0) return system_refusal(path, "cannot be created", why);
  return {};
}

} // namespace bpci::crypto
