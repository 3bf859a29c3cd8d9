#include "messages/box_members.hpp"
#include "messages/oracle/connection.hpp"
#include "messages/oracle/peer_link.hpp"

BPCI_LOCAL_BOX(bpci::oracle::connection_opened)
BPCI_LOCAL_BOX(bpci::oracle::frames_received)
BPCI_LOCAL_BOX(bpci::oracle::connection_writable)
BPCI_LOCAL_BOX(bpci::oracle::connection_closed)

BPCI_LOCAL_BOX(bpci::oracle::admit_peer)
BPCI_LOCAL_BOX(bpci::oracle::peer_admitted)
BPCI_LOCAL_BOX(bpci::oracle::peer_connected)
BPCI_LOCAL_BOX(bpci::oracle::dial)
BPCI_LOCAL_BOX(bpci::oracle::dialled)
