#pragma once

#include "messages/interapp/agreement.hpp"
#include "messages/interapp/finding.hpp"

namespace bpci::interapp {

BOOST_DEFINE_FIXED_ENUM_CLASS(audit_event, std::uint8_t, proposed, signature, activated, revoked,
                              expired, message, relay)

/// Something that happened under an agreement. Each holds the hash of the one before, so that none
/// can be changed, removed or added unseen (audit_bytes in signing.hpp).
struct audit_entry {
  std::uint64_t seq = 0; ///< From 1, without gaps.
  timestamp_ms at{};     ///< By the database's clock.
  audit_event event = audit_event::message;
  std::string who{};        ///< An app, "node:ID", or the label of an admin's token.
  std::string message_id{}; ///< Of a message; also below.
  std::string permission{};
  std::string verdict{}; ///< "authorized", "refused"; of a relay "delivered", "stored", "refused".
  std::string code{};    ///< Why it was refused: the name of a finding_code, of a relay of an ec.
  std::string detail{};
  std::string digest{};       ///< SHA-256 of the payload, hex. From audit level Detailed on.
  std::string encryption{};   ///< Of the payload. From Detailed on.
  std::string envelope{};     ///< "SOURCE/ID" of the envelope that it came in. From Detailed on.
  std::uint64_t unlisted = 0; ///< Refusals since the entry before that are not listed.
  std::string previous{};     ///< Hash of the entry before; of the first: of what the apps sign.
  std::string hash{};         ///< SHA-256 of audit_bytes, hex.

  bool operator==(const audit_entry&) const = default;
};
BPCI_MESSAGE(audit_entry, seq, at, event, who, message_id, permission, verdict, code, detail,
             digest, encryption, envelope, unlisted, previous, hash)

/// An entry that is not what it should be.
struct audit_fault {
  std::uint64_t seq = 0;
  finding_code code = finding_code::audit_changed;

  bool operator==(const audit_fault&) const = default;
};
BPCI_MESSAGE(audit_fault, seq, code)

/// A question to an agreement, or (with its id) to APP REGISTRY. Answer: audit_report.
struct read_audit {
  interapp::agreement_id agreement_id;
  std::uint64_t after = 0;  ///< A seq: the `next` of the page before.
  std::uint64_t limit = 0;  ///< 0: 100; at most audit_page_max.
  timestamp_ms from;        ///< Entries since then; 0: all.
  timestamp_ms until;       ///< Entries before then; 0: all.
  bool faults_only = false; ///< Without the entries.

  bool operator==(const read_audit&) const = default;
};
BPCI_MESSAGE(read_audit, agreement_id, after, limit, from, until, faults_only)

inline constexpr std::uint64_t audit_page_max = 500;

/// A page of an audit. What it verifies are the entries behind `after` up to `checked_to`, their
/// link to the one before, and, on the last page, that they end with `head`.
struct audit_report {
  interapp::agreement_id agreement_id;
  std::vector<audit_entry> entries; ///< Fewer than were checked when `from` or `until` is given.
  std::uint64_t next = 0;           ///< 0: this is the last page.
  std::uint64_t checked_to = 0;
  bool verified = false;           ///< There are no `faults`.
  std::vector<audit_fault> faults; ///< The first ones; at most audit_faults_max.
  audit_head head;
  std::uint64_t unlisted = 0; ///< Refusals since the head that are not listed.

  bool operator==(const audit_report&) const = default;
};
BPCI_MESSAGE(audit_report, agreement_id, entries, next, checked_to, verified, faults, head,
             unlisted)

inline constexpr std::size_t audit_faults_max = 20;

} // namespace bpci::interapp
