#pragma once

#include "actors/consensus/engine.hpp"

#include <string>

/// Messages as one reads them in a trace: "prepare 3/0 a1b2c3" is one of height 3 and round 0.
namespace bpci::consensus::sim {

std::string text_of(const consensus_message& x);
std::string text_of(const safety_record& x);
std::string text_of(const evidence& x);

} // namespace bpci::consensus::sim
