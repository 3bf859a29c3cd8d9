#pragma once

#include "messages/interapp/gate.hpp"

#include <optional>

/// What `validate` says of an agreement. Pure.
namespace bpci::interapp {

/// How an app of the agreement is registered now; none: it is not.
struct apps_now {
  std::optional<app_record> app1;
  std::optional<app_record> app2;
};

/// What was found in the audit, as far as it was read.
struct audit_checked {
  std::vector<audit_fault> faults;
  std::uint64_t entries = 0;
  bool whole = true;
};

/// Whether it meets what the cluster asks for at least.
bool meets(const security& x, const security& least) noexcept;

validation examine(const agreement& x, const apps_now& apps, const audit_checked& audit,
                   const security& least, timestamp_ms now);

} // namespace bpci::interapp
