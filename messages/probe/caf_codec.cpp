#include "messages/inspect_fields.hpp"
#include "messages/probe/probe.hpp"

BPCI_CAF_CODEC(bpci::probe::add)
BPCI_CAF_CODEC(bpci::probe::added)
BPCI_CAF_CODEC(bpci::probe::crash)
BPCI_CAF_CODEC(bpci::probe::get_standing)
BPCI_CAF_CODEC(bpci::probe::standing)
BPCI_CAF_CODEC(bpci::probe::receipt)
BPCI_CAF_CODEC(bpci::probe::list_receipts)
BPCI_CAF_CODEC(bpci::probe::receipt_page)
