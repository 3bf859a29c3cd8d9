#pragma once

#include "world.hpp"

/// Tables of rules as text: one line a step, what is expected of it at its end.
///
///     ada transfer 5 FLX bob          = ok
///     ada transfer 0 FLX bob          = amount_must_not_be_zero
///     bob join 1000                   = already_a_validator
///     ada propose treasury.spend main eve 5 FLX  = ok
///     bob vote 1 yes                  = ok
///     balance bob FLX                 = 5
///     weights                         = ada 1000, bob 1000
///
/// Each transaction is a block of its own. Bonds are in whole GEN, other amounts in smallest units.
namespace bpci::ledger::test {

/// What does not come out as expected, a line each; empty when all does.
std::string play(world& in, std::string_view text);

} // namespace bpci::ledger::test
