#pragma once

#include "messages/consensus/block.hpp"
#include "messages/error.hpp"

#include <span>

/// Which sets of validators are allowed. Depends on messages alone: whoever executes blocks refuses
/// by these rules what would otherwise stop the chain.
namespace bpci::consensus {

/// Not empty, nobody twice, nobody without weight, and a total that 64 bits hold; in any order.
/// Errors: invalid_argument.
[[nodiscard]] result<> check_validators(std::span<const validator> set);

/// What one block may change: the sum of what every validator gains or loses, who comes or goes
/// counting with all its weight, stays below a third of the weight before. So whoever knew the old
/// set still finds an honest quorum of it in the new one.
/// Both sets have passed check_validators. Errors: invalid_argument.
[[nodiscard]] result<> check_set_change(std::span<const validator> before,
                                        std::span<const validator> after);

} // namespace bpci::consensus
