#pragma once

#include "messages/chain/questions.hpp"

#include <string>

/// "Why is it stuck?", for people. Pure.
namespace bpci::gateway {

/// "a1b2c3d4..": enough to tell a few validators apart.
std::string short_name(const consensus::address& who);

/// One or two sentences: "Height 812, round 3: waits for prepares of 2 of 4 validators; missing
/// a1b2c3d4.. (no link), c3d4e5f6.. (in round 2)."
std::string summary_of(const chain::engine_status& x);

/// What is wrong with a validator that is waited for, seen from here: "no link", "in round 2",
/// "silent"; "this node" when it is the one that is asked.
std::string excuse_of(const chain::engine_status& x, const consensus::address& who);

} // namespace bpci::gateway
