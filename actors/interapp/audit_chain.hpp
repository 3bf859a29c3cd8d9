#pragma once

#include "messages/interapp/audit.hpp"

#include <map>

/// The audit of an agreement as a chain of hashes. Pure.
namespace bpci::interapp {

/// The hash of an entry as it stands.
std::string hash_of(const agreement_id& id, const audit_entry& x);

/// The `previous` of the first entry: so the chain belongs to these terms and no others.
std::string root_of(const agreement_id& id, const terms& x);

/// Makes `x` the entry behind `head`, and moves `head` to it.
void append(const agreement_id& id, const terms& of, audit_head& head, audit_entry& x);

/// What stands in the database at one place of the chain; none: it is there and cannot be read.
using stored_entry = std::optional<audit_entry>;

/// Checks entries that follow each other.
class chain_check {
public:
  /// From behind `after` on. If that is 0, `previous` is known; else the entry there has to be
  /// given first, with `anchor`.
  chain_check(agreement_id id, std::uint64_t after, std::string previous)
      : id_(std::move(id)), last_(after), previous_(std::move(previous)) {}

  /// The entry from which on is checked.
  void anchor(const stored_entry& x);

  /// The next entry that there is, as its place says.
  void take(std::uint64_t seq, const stored_entry& x);

  /// There is none behind those that were given.
  void end(const audit_head& head);

  [[nodiscard]] std::uint64_t last() const noexcept { return last_; }
  [[nodiscard]] const std::vector<audit_fault>& faults() const noexcept { return faults_; }

private:
  void find(std::uint64_t seq, finding_code what);

  agreement_id id_;
  std::uint64_t last_;
  std::string previous_; ///< Empty: unknown, for the entry there is faulty, or missing.
  std::vector<audit_fault> faults_;
};

} // namespace bpci::interapp
