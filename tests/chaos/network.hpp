#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace bpci::chaos {

/// A network namespace for each node, all on one bridge, on which this process has an address too:
/// so that what one node sends to another can vanish without anybody being told. Of the main
/// thread only.
class network {
public:
  /// Why there can be none on this machine; nothing if there can.
  static std::optional<std::string> obstacle();

  /// Throws std::runtime_error if a step fails; what was made by then is removed.
  explicit network(std::size_t nodes);
  ~network(); ///< Removes everything. No process may be left in it.
  network(const network&) = delete;
  network& operator=(const network&) = delete;

  /// Of this process.
  [[nodiscard]] std::string host_address() const { return address(1); }
  /// Nodes count from 1.
  [[nodiscard]] std::string node_address(std::size_t node) const { return address(node + 10); }

  /// The words before a program that shall run at the node.
  [[nodiscard]] std::vector<std::string> prefix(std::size_t node) const;

  /// What `from` sends to `to` is dropped, until `heal`.
  void cut(std::size_t from, std::size_t to);
  /// Both ways, between `node` and every other.
  void isolate(std::size_t node);
  void heal();

private:
  [[nodiscard]] std::string address(std::size_t last) const;
  [[nodiscard]] std::string space(std::size_t node) const;
  void build();
  void remove() noexcept;

  std::size_t nodes_;
  std::string tag_; ///< makes the names unique on this machine
  std::string subnet_;
  std::set<std::pair<std::size_t, std::size_t>> cuts_;
};

} // namespace bpci::chaos
