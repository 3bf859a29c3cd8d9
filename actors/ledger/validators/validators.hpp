#pragma once

#include "actors/ledger/module.hpp"

namespace bpci::ledger::validators {

/// Who the validators are (messages/ledger/validators.hpp).
module_ptr make_validators();

} // namespace bpci::ledger::validators
