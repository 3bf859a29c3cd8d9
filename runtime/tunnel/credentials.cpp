#include "runtime/tunnel/credentials.hpp"

#include "runtime/crypto/token.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace bpci::tunnel {

namespace {

namespace fs = std::filesystem;

constexpr auto authorities_file = "ca.pem";
constexpr auto authority_key_file = "ca.key";
constexpr auto certificate_file = "node.pem";
constexpr auto key_file = "node.key";

constexpr mode_t folder_mode = 0700;
constexpr mode_t secret_mode = 0600;
constexpr mode_t public_mode = 0644;
constexpr mode_t others = 0077;
constexpr std::size_t file_bytes_max = 64 * 1024;

class open_file {
public:
  explicit open_file(int descriptor) noexcept : descriptor_(descriptor) {}
  ~open_file() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;

  explicit operator bool() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] int get() const noexcept { return descriptor_; }

private:
  int descriptor_;
};

failure system_failure(ec code, const fs::path& path, int why) {
  return fail(code, path.string() + ": " + std::generic_category().message(why));
}

bool write_all(int to, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(to, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// 0, or an errno.
int write_draft(const std::string& path, std::string_view text, mode_t mode) {
  const open_file to{
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)};
  if (!to) return errno;
  if (!write_all(to.get(), text) || ::fsync(to.get()) != 0) return errno;
  return 0;
}

int sync_folder(const fs::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : fs::path{"."};
  const open_file open{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return open && ::fsync(open.get()) == 0 ? 0 : errno;
}

/// The name changes hands only when the text is on the disk.
result<void> write_whole(const fs::path& path, std::string_view text, mode_t mode, bool replace) {
  const auto draft = path.string() + ".new-" + crypto::random_token(8);
  auto why = write_draft(draft, text, mode);
  if (why == 0 && replace && ::rename(draft.c_str(), path.c_str()) != 0) why = errno;
  if (why == 0 && !replace && ::link(draft.c_str(), path.c_str()) != 0) why = errno;
  if (why != 0 || !replace) ::unlink(draft.c_str());
  if (why == 0) why = sync_folder(path);
  if (why == EEXIST) return fail(ec::conflict, path.string() + " is there already");
  if (why != 0) return system_failure(ec::storage_failed, path, why);
  return {};
}

result<void> make_folder(const fs::path& folder) {
  std::error_code why;
  fs::create_directories(folder.parent_path(), why);
  if (::mkdir(folder.c_str(), folder_mode) == 0 || errno == EEXIST) return {};
  return system_failure(ec::storage_failed, folder, errno);
}

result<std::string> read_text(int from, const fs::path& path) {
  std::string out(file_bytes_max + 1, '\0');
  std::size_t filled = 0;
  while (filled < out.size()) {
    const auto got = ::read(from, out.data() + filled, out.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_failure(ec::config_invalid, path, errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  if (filled > file_bytes_max) return fail(ec::too_large, path.string());
  out.resize(filled);
  return out;
}

result<std::string> read_file(const fs::path& path, bool secret) {
  // Non-blocking, so that a pipe under this name is refused and not waited for.
  const open_file from{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!from)
    return system_failure(errno == ENOENT ? ec::not_found : ec::config_invalid, path, errno);
  struct stat about {};
  if (::fstat(from.get(), &about) != 0) return system_failure(ec::config_invalid, path, errno);
  if (!S_ISREG(about.st_mode)) return fail(ec::config_invalid, path.string() + " is not a file");
  if (secret && (about.st_mode & others) != 0)
    return fail(ec::config_invalid, path.string() + " is open to other users; run: chmod 600 "
                                        + path.string()
                                        + ", and replace it if others may have read it");
  return read_text(from.get(), path);
}

/// A file that must be there, for a folder that has the others.
result<std::string> read_part(const fs::path& path, bool secret) {
  auto out = read_file(path, secret);
  if (!out && out.error().code == ec::not_found)
    return fail(ec::config_invalid, out.error().detail);
  return out;
}

} // namespace

fs::path certificates_dir(const fs::path& data_dir) {
  return data_dir / "cluster";
}

result<std::optional<credentials>> load_credentials(const fs::path& folder, timestamp_ms now) {
  auto certificate = read_file(folder / certificate_file, false);
  if (!certificate && certificate.error().code == ec::not_found)
    return std::optional<credentials>{};
  if (!certificate) return certificate.error();
  auto key = read_part(folder / key_file, true);
  if (!key) return key.error();
  auto authorities = read_part(folder / authorities_file, false);
  if (!authorities) return authorities.error();
  credentials out{std::move(*authorities), {std::move(*certificate), std::move(*key)}, {}};
  const auto refuse = [&](const failure& why) {
    return fail(ec::config_invalid, folder.string() + ": " + why.detail);
  };
  if (const auto ok = check_key(out.own); !ok) return refuse(ok.error());
  if (const auto ok = check_issued(out.authorities, out.own.certificate, now); !ok)
    return refuse(ok.error());
  auto facts = read_certificate(out.own.certificate);
  if (!facts) return refuse(facts.error());
  out.facts = std::move(*facts);
  return std::optional{std::move(out)};
}

result<member_id> member_of_folder(const fs::path& folder) {
  const auto certificate = read_file(folder / certificate_file, false);
  if (!certificate) return certificate.error();
  const auto facts = read_certificate(*certificate);
  if (!facts) return fail(ec::config_invalid, folder.string() + ": " + facts.error().detail);
  return facts->member;
}

std::uint64_t stamp_of(const fs::path& folder) {
  std::uint64_t out = 0;
  for (const auto* name : {certificate_file, key_file, authorities_file}) {
    struct stat about {};
    if (::stat((folder / name).c_str(), &about) != 0) {
      if (name == certificate_file) return 0;
      continue;
    }
    const std::array<std::uint64_t, 4> parts{about.st_ino,
                                             static_cast<std::uint64_t>(about.st_size),
                                             static_cast<std::uint64_t>(about.st_mtim.tv_sec),
                                             static_cast<std::uint64_t>(about.st_mtim.tv_nsec)};
    for (const auto x : parts) // FNV-1a, by words
      out = (out ^ x) * 0x100000001b3U + 1;
  }
  return out == 0 ? 1 : out;
}

result<void> store_credentials(const fs::path& folder, std::string_view authorities,
                               const issued& own) {
  if (auto ok = make_folder(folder); !ok) return ok;
  if (auto ok = write_whole(folder / authorities_file, authorities, public_mode, true); !ok)
    return ok;
  if (auto ok = write_whole(folder / key_file, own.key, secret_mode, true); !ok) return ok;
  return write_whole(folder / certificate_file, own.certificate, public_mode, true);
}

result<issued> load_authority(const fs::path& folder) {
  auto key = read_file(folder / authority_key_file, true);
  if (!key) return key.error();
  auto certificate = read_part(folder / authorities_file, false);
  if (!certificate) return certificate.error();
  issued out{std::move(*certificate), std::move(*key)};
  if (const auto ok = check_key(out); !ok)
    return fail(ec::config_invalid, folder.string() + ": " + ok.error().detail);
  return out;
}

result<void> store_authority(const fs::path& folder, const issued& authority) {
  if (auto ok = make_folder(folder); !ok) return ok;
  if (auto ok = write_whole(folder / authority_key_file, authority.key, secret_mode, false); !ok)
    return ok;
  return write_whole(folder / authorities_file, authority.certificate, public_mode, true);
}

result<void> write_secret(const fs::path& path, std::string_view text) {
  return write_whole(path, text, secret_mode, true);
}

result<std::string> read_secret(const fs::path& path) {
  return read_file(path, true);
}

} // namespace bpci::tunnel
