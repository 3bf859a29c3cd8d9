#include "messages/box_members.hpp"
#include "runtime/supervision/supervisor_actor.hpp"

BPCI_LOCAL_BOX(bpci::supervision::start_child)
BPCI_LOCAL_BOX(bpci::supervision::start_child_like)
BPCI_LOCAL_BOX(bpci::supervision::stop_child)
