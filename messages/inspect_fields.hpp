#pragma once

#include "messages/box_members.hpp"
#include "messages/inspect.hpp"

#include <caf/deserializer.hpp>
#include <caf/serializer.hpp>

/// How a described message becomes bytes between nodes: its fields, in their order.
namespace bpci {

namespace detail {

template <class Inspector, described T>
caf::error visit_fields(Inspector& f, T& x) {
  return [&]<class... Field>(boost::mp11::mp_list<Field...>) -> caf::error {
    return f(x.*Field::pointer...);
  }(boost::mp11::mp_rename<boost::describe::describe_members<T, boost::describe::mod_public>,
                                                             boost::mp11::mp_list>{});
}

} // namespace detail

template <described T>
caf::error save_fields(caf::serializer& to, T& x) {
  return detail::visit_fields(to, x);
}

template <described T>
caf::error load_fields(caf::deserializer& from, T& x) {
  return detail::visit_fields(from, x);
}

} // namespace bpci

/// Compiles both for a message, and what CAF keeps it in. At namespace scope, outside of any
/// namespace.
#define BPCI_CAF_CODEC(type)                                                                       \
  template caf::error bpci::save_fields<type>(caf::serializer&, type&);                            \
  template caf::error bpci::load_fields<type>(caf::deserializer&, type&);                          \
  BPCI_CAF_BOX(type)
