#pragma once

namespace bpci::cluster {

/// CAF tells nodes apart by a hash of the machine's network addresses and the process id, which
/// two containers can share: then each takes the other for itself. This program replaces the
/// machine's part by random text. Aborts if the linker has not put it in CAF's place; call it
/// before the first actor system is made.
void ensure_unique_node_uuid();

} // namespace bpci::cluster
