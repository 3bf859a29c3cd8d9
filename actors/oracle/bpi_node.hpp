#pragma once

#include "messages/oracle/nodes.hpp"
#include "runtime/entity/kind.hpp"

/// The kind `bpi-node`: a BPI node of the register, and the count of its handshakes. Pure. Its
/// state stands in the table `bpi_node` (node_store.hpp), which lists are read from.
///
/// The state is a node_record, of which `status` and `connected_at` are left empty; one without a
/// public key is a node that is not registered.
namespace bpci::oracle {

inline constexpr auto node_kind = "bpi-node";

entity::kind_ptr make_node_kind();

} // namespace bpci::oracle
