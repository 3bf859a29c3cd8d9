#pragma once

#include "messages/describe.hpp"
#include "messages/error.hpp"

#include <caf/error.hpp>
#include <caf/meta/type_name.hpp>

#include <memory>
#include <optional>

/// CAF's `inspect`, once for every described message. The overloads live in namespace caf,
/// where argument-dependent lookup through the inspector finds them for any type.
namespace caf {

template <class Inspector, bpci::described T>
typename Inspector::result_type inspect(Inspector& f, T& x) {
  return [&]<class... Field>(boost::mp11::mp_list<Field...>) {
    return f(meta::type_name(message_name(static_cast<const T*>(nullptr)).data()),
             x.*Field::pointer...);
  }(boost::mp11::mp_rename<boost::describe::describe_members<T, boost::describe::mod_public>,
                           boost::mp11::mp_list>{});
}

template <class Inspector, class Value, class Tag>
typename Inspector::result_type inspect(Inspector& f, bpci::strong<Value, Tag>& x) {
  return f(x.mutable_value());
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, bpci::failure& x) {
  return f(meta::type_name("failure"), x.code, x.detail);
}

/// CAF 0.17.6 knows its own optional only.
template <class Inspector, class T>
typename Inspector::result_type inspect(Inspector& f, std::optional<T>& x) {
  if constexpr (Inspector::reads_state) {
    auto present = x.has_value();
    return present ? f(present, *x) : f(present);
  } else {
    auto present = false;
    if (auto why = f(present)) return why;
    if (!present) {
      x.reset();
      return none;
    }
    return f(x.emplace());
  }
}

/// What actors of one node share is copied between nodes: on the wire it is the message itself.
template <class Inspector, bpci::described T>
typename Inspector::result_type inspect(Inspector& f, std::shared_ptr<const T>& x) {
  if constexpr (Inspector::reads_state) {
    return f(const_cast<T&>(*x)); // the inspector only reads
  } else {
    auto fresh = std::make_shared<T>();
    if (auto why = f(*fresh)) return why;
    x = std::move(fresh);
    return none;
  }
}

} // namespace caf

// deep_to_string looks here, not in namespace caf.
namespace caf::detail {
using caf::inspect;
}
