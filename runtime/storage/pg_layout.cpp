#include "runtime/storage/pg_layout.hpp"

#include "runtime/log/log.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace bpci::storage {

namespace {

namespace fs = std::filesystem;

constexpr auto debian_root = "/usr/lib/postgresql";

/// Files of 10 MB (see the server's settings).
constexpr std::size_t log_files_max = 5;

/// What the server appends to the folder: "/.s.PGSQL.5432" and the closing zero.
constexpr std::size_t socket_name_size = 15;

failure storage_failure(const std::string& what, int error) {
  return fail(ec::storage_failed, what + ": " + std::strerror(error));
}

/// libpq takes a comma in `host` for a list.
bool fits_a_socket(const fs::path& folder) {
  return folder.native().size() + socket_name_size <= sizeof(sockaddr_un::sun_path)
         && folder.native().find(',') == std::string::npos;
}

/// /run for root, else /tmp; one name for each data directory.
fs::path short_socket_folder(const fs::path& data_dir) {
  auto hash = std::hash<std::string>{}(data_dir.native());
  auto parent = geteuid() == 0 ? fs::path{"/run"} : fs::path{"/tmp"};
  return parent / ("bpci-pg-" + std::to_string(hash));
}

/// A folder of mode 0700 that belongs to `owner`. One that stands already must be just that: in
/// /tmp it could be somebody else's trap.
result<void> make_private(const fs::path& folder, const std::optional<account>& owner) {
  auto made = mkdir(folder.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return storage_failure(folder.string(), errno);
  auto uid = owner ? owner->uid : geteuid();
  if (made && owner && chown(folder.c_str(), owner->uid, owner->gid) != 0)
    return storage_failure(folder.string(), errno);
  struct stat what {};
  if (lstat(folder.c_str(), &what) != 0) return storage_failure(folder.string(), errno);
  if (!S_ISDIR(what.st_mode) || what.st_uid != uid)
    return fail(ec::storage_failed, folder.string() + " is not a folder of the account "
                                        + (owner ? owner->name : "that this program runs as")
                                        + "; move it away");
  if ((what.st_mode & 077) != 0 && chmod(folder.c_str(), 0700) != 0)
    return storage_failure(folder.string(), errno);
  return {};
}

result<void> make_root(const fs::path& root, const std::optional<account>& owner) {
  std::error_code error;
  auto fresh = fs::create_directories(root, error);
  if (error) return fail(ec::storage_failed, root.string() + ": " + error.message());
  // The server's account has to pass through; what stands inside is closed by itself.
  if (fresh && chmod(root.c_str(), owner ? 0711 : 0700) != 0)
    return storage_failure(root.string(), errno);
  if (!owner) return {};
  if (auto blocked = first_unreachable(root, *owner))
    return fail(ec::storage_failed,
                "the account " + owner->name + " may not enter " + blocked->string()
                    + "; run `chmod o+x " + blocked->string()
                    + "`, or choose another data directory, such as /var/lib/bpci");
  return {};
}

bool has_binaries(const fs::path& folder) {
  return access((folder / "initdb").c_str(), X_OK) == 0
         && access((folder / "postgres").c_str(), X_OK) == 0;
}

int major_of(const fs::path& folder) {
  auto text = folder.filename().string();
  auto number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::vector<fs::path> candidates(const std::optional<std::string>& major) {
  std::vector<fs::path> versions;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{debian_root, error})
    if (!major || entry.path().filename() == *major) versions.push_back(entry.path());
  std::sort(versions.begin(), versions.end(),
            [](const auto& a, const auto& b) { return major_of(a) > major_of(b); });
  for (auto& version : versions)
    version /= "bin";
  auto* path = std::getenv("PATH");
  auto parts = std::istringstream{path ? path : ""};
  for (std::string part; std::getline(parts, part, ':');) {
    auto real = fs::canonical(fs::path{part} / "initdb", error).parent_path();
    // Links to Debian's are not another server; the right one of those stands above already.
    if (!error && !real.native().starts_with(debian_root)) versions.push_back(real);
  }
  return versions;
}

std::vector<fs::directory_entry> logs_by_age(const fs::path& folder) {
  std::vector<fs::directory_entry> logs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{folder, error})
    if (entry.path().filename().string().starts_with("postgres-") && !entry.is_symlink(error)
        && entry.is_regular_file(error))
      logs.push_back(entry);
  // The names are times.
  std::sort(logs.begin(), logs.end(),
            [](const auto& a, const auto& b) { return a.path() > b.path(); });
  return logs;
}

bool says_what_failed(std::string_view line) {
  // "is starting up", "is shutting down": to those who ask meanwhile, this node among them.
  if (line.find("the database system is ") != std::string_view::npos) return false;
  for (auto word : {"FATAL:", "PANIC:", "HINT:", "DETAIL:", "ERROR:", "error:"})
    if (line.find(word) != std::string_view::npos) return true;
  return false;
}

} // namespace

result<pg_layout> make_layout(const fs::path& data_dir, const std::optional<account>& owner) {
  std::error_code error;
  auto root = fs::absolute(data_dir, error).lexically_normal();
  if (!root.has_filename()) root = root.parent_path();
  auto it = pg_layout{root,         root / "cluster", root / "socket",
                      root / "log", root / "ballast", root / "lock"};
  if (!fits_a_socket(it.socket)) {
    it.socket = short_socket_folder(root);
    log::info("socket-elsewhere",
              {{"folder", it.socket.string()}, {"why", "the data directory has too long a path"}});
  }
  if (auto made = make_root(root, owner); !made) return made.error();
  for (const auto& folder : {it.socket, it.log})
    if (auto made = make_private(folder, owner); !made) return made.error();
  return it;
}

directory_lock::directory_lock(directory_lock&& other) noexcept
    : file_(std::exchange(other.file_, -1)) {}

directory_lock::~directory_lock() {
  if (file_ >= 0) close(file_);
}

result<directory_lock> directory_lock::take(const fs::path& path) {
  auto file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return storage_failure(path.string(), errno);
  auto held = directory_lock{file};
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return storage_failure(path.string(), errno);
    return fail(ec::storage_failed,
                "another node uses the data directory " + path.parent_path().string()
                    + "; give this one a directory of its own, or the address of the database");
  }
  return held;
}

result<fs::path> find_binaries(const fs::path& given, const std::optional<std::string>& major) {
  if (!given.empty()) {
    if (has_binaries(given)) return given;
    return fail(ec::storage_failed, "there are no initdb and postgres in " + given.string());
  }
  auto folders = candidates(major);
  auto found = std::find_if(folders.begin(), folders.end(), has_binaries);
  if (found != folders.end()) return *found;
  auto package = "postgresql-" + major.value_or("15");
  return fail(ec::storage_failed, "initdb was not found; install the Debian package " + package
                                      + " (`apt install " + package
                                      + "`), or give the address of a running database");
}

std::optional<std::string> cluster_major(const fs::path& cluster) {
  std::ifstream in{cluster / "PG_VERSION"};
  std::string text;
  if (!(in >> text)) return std::nullopt;
  return text;
}

std::uint64_t free_bytes(const fs::path& folder) {
  struct statvfs space {};
  if (statvfs(folder.c_str(), &space) != 0) return 0;
  return std::uint64_t{space.f_bavail} * space.f_frsize;
}

bool make_ballast(const fs::path& path, std::uint64_t size) {
  auto file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return false;
  auto error = posix_fallocate(file, 0, static_cast<off_t>(size));
  close(file);
  if (error == 0) return true;
  unlink(path.c_str());
  return false;
}

void prune_logs(const fs::path& folder) {
  auto logs = logs_by_age(folder);
  std::error_code ignored;
  for (auto i = log_files_max; i < logs.size(); ++i)
    fs::remove(logs[i].path(), ignored);
}

fs::path newest_log(const fs::path& folder) {
  auto logs = logs_by_age(folder);
  return logs.empty() ? fs::path{} : logs.front().path();
}

std::string last_words(const fs::path& path) {
  constexpr std::streamoff tail = 8192;
  constexpr std::size_t lines_max = 4;
  std::ifstream in{path, std::ios::binary | std::ios::ate};
  if (!in) return {};
  auto size = static_cast<std::streamoff>(in.tellg());
  in.seekg(size > tail ? size - tail : 0);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (says_what_failed(line)) lines.push_back(std::move(line));
  std::string text;
  for (auto i = lines.size() > lines_max ? lines.size() - lines_max : 0; i < lines.size(); ++i)
    text += (text.empty() ? "" : " ") + lines[i];
  return text;
}

} // namespace bpci::storage
