#pragma once

#include <caf/actor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace bpci::supervision {

class crowd;
using crowd_ptr = std::shared_ptr<crowd>;

/// Who is at a path now. A restarted child has a new handle: whoever keeps one for longer than a
/// message looks it up here again, or monitors it. Supervisors write at each start and each end.
/// Thread-safe. Typed actors stand here as `caf::actor`; the reader knows the type and casts.
class directory {
public:
  /// From now on the members of this crowd are found, too.
  void attach(crowd_ptr who);
  void detach(const crowd_ptr& who);

  /// The incarnation alive at `path`; null when there is none. Its `id()` tells incarnations apart.
  [[nodiscard]] caf::actor find(std::string_view path) const;

  void put(const std::string& path, caf::actor who);

  /// Does nothing when another incarnation has taken the path since.
  void remove(std::string_view path, const caf::actor& who);

private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view x) const noexcept {
      return std::hash<std::string_view>{}(x);
    }
  };

  [[nodiscard]] crowd_ptr crowd_around(std::string_view path) const;

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, caf::actor, hash, std::equal_to<>> entries_; // guarded by mutex_
  std::map<std::string, crowd_ptr, std::less<>> crowds_; // by path, guarded by mutex_
};

} // namespace bpci::supervision
