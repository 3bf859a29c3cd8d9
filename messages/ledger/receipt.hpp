#pragma once

#include "messages/ids.hpp"
#include "messages/ledger/account.hpp"

#include <string>
#include <vector>

namespace bpci::ledger {

/// Something that changed: a message of messages/ledger/<module>.hpp in its canonical bytes.
struct event {
  std::string module;
  std::string kind;
  bytes body;

  bool operator==(const event&) const = default;
};
BPCI_MESSAGE(event, module, kind, body)

/// What became of one transaction of a block. Every receipt of a block is provable against the
/// state root of that block (actors/ledger/receipts.hpp), but for `detail`, whose wording may
/// differ from version to version.
struct receipt {
  hash transaction{};  ///< its id
  std::string code;    ///< a name of messages/error.hpp; "none": it succeeded
  std::string refusal; ///< the module's own name for the reason: "balance_too_small"; or empty
  std::string detail;  ///< a sentence for people
  amount<flx> fee;     ///< paid in any case
  std::vector<event> events;

  bool operator==(const receipt&) const = default;
};
BPCI_MESSAGE(receipt, transaction, code, refusal, detail, fee, events)

} // namespace bpci::ledger
