#include "actors/oracle/kinds.hpp"

#include "actors/oracle/bpi_node.hpp"
#include "actors/oracle/mailbox.hpp"
#include "actors/oracle/node_store.hpp"

namespace bpci::oracle {

void add_kinds(entity::kinds& to) {
  to.add(mailbox::make_kind());
  to.add(make_node_kind(), store::node_table());
}

} // namespace bpci::oracle
