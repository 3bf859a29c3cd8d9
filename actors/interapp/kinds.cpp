#include "actors/interapp/kinds.hpp"

#include "actors/interapp/agreement.hpp"
#include "actors/interapp/app.hpp"
#include "actors/interapp/interapp_store.hpp"

namespace bpci::interapp {

void add_kinds(entity::kinds& to) {
  to.add(make_app_kind(), store::app_table());
  to.add(make_agreement_kind(), store::agreement_table());
}

} // namespace bpci::interapp
