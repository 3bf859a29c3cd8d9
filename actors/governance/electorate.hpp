#pragma once

#include "messages/governance/rounds.hpp"
#include "runtime/entity/kind.hpp"

/// The kind `electorate`, of which there is one, `main`: who may vote, and with which weight. Pure.
namespace bpci::governance {

inline constexpr auto electorate_kind = "electorate";
inline constexpr auto electorate_id = "main";

entity::kind_ptr make_electorate_kind();

} // namespace bpci::governance
