#include "actors/consensus/internal_messages.hpp"

#include "messages/box_members.hpp"

BPCI_LOCAL_BOX(bpci::consensus::instance_ready)
BPCI_LOCAL_BOX(bpci::consensus::begin_anew)
BPCI_LOCAL_BOX(bpci::consensus::carry_on)
BPCI_LOCAL_BOX(bpci::consensus::chain_moved)
BPCI_LOCAL_BOX(bpci::consensus::height_decided)
BPCI_LOCAL_BOX(bpci::consensus::dismissed)
BPCI_LOCAL_BOX(bpci::consensus::work_is_due)
BPCI_LOCAL_BOX(bpci::consensus::engine_stopped)
BPCI_LOCAL_BOX(bpci::consensus::stop_deciding)
BPCI_LOCAL_BOX(bpci::consensus::get_standing)
BPCI_LOCAL_BOX(bpci::consensus::instance_standing)
BPCI_LOCAL_BOX(bpci::consensus::fell_behind)
BPCI_LOCAL_BOX(bpci::consensus::sync_state)
