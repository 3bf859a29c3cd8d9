#pragma once

#include "messages/runtime/supervision.hpp"
#include "runtime/actor/vitals.hpp"

#include <caf/actor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bpci::supervision {

/// Those of a supervisor's children that differ in their id only and are never restarted: very many
/// (the actors of entities). Where another child has a record, a row of the tree and an entry of
/// the directory, each of these has one line here, which stands for all three. Written by its
/// supervisor; thread-safe.
class crowd {
public:
  explicit crowd(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// `type` in capitals, for the tree.
  void add(std::string id, const std::string& type, caf::actor who);
  /// It was told to end.
  void stopping(std::string_view id);

  /// Its vitals; null: it is none of them.
  vitals_ptr remove(std::string_view id, std::uint64_t actor_id);
  /// All of them, for whoever ends them.
  std::vector<caf::actor> clear();

  [[nodiscard]] caf::actor find(std::string_view id) const;
  [[nodiscard]] std::vector<caf::actor> all() const;
  [[nodiscard]] std::size_t size() const;

  /// Calls `visit(tree_row)` for those behind `after`, in the order of their ids, until it says
  /// true or has seen `most` of them; the id of the last one, empty when there were no more.
  std::string read(std::string_view after, std::size_t most,
                   const std::function<bool(tree_row)>& visit) const;

private:
  struct line {
    caf::actor who; ///< a crowd_member
    const std::string* type = nullptr;
    bool stopping = false;
  };
  using lines = std::map<std::string, line, std::less<>>;

  [[nodiscard]] tree_row row_of(const lines::value_type& x) const;

  const std::string path_;
  mutable std::mutex mutex_;
  std::set<std::string> types_; // guarded by mutex_, never shrinks
  lines lines_;                 // guarded by mutex_
};

} // namespace bpci::supervision
