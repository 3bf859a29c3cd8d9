#pragma once

#include <memory>
#include <string>

namespace bpci::chaos {

/// A transaction of an entity's owner that is under way while its owner dies, and is committed in
/// the end: what remains of a node that hangs in a place where its sessions cannot be ended. It
/// does what the owner would have done, by the same function of the database. Whoever claims the
/// slot has to wait for it. Everything throws what libpqxx throws.
class late_commit {
public:
  /// Begins, as the present owner of the probe, which must be fresh.
  late_commit(const std::string& dsn, const std::string& probe);
  ~late_commit(); ///< Rolls back what is not committed.
  late_commit(const late_commit&) = delete;
  late_commit& operator=(const late_commit&) = delete;

  /// What entity_commit has said: "done".
  [[nodiscard]] const std::string& outcome() const noexcept;
  void commit();

private:
  class session;
  std::unique_ptr<session> session_;
};

} // namespace bpci::chaos
