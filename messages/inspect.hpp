#pragma once

#include "messages/boxes.hpp"
#include "messages/describe.hpp"
#include "messages/error.hpp"

#include <caf/detail/stringification_inspector.hpp>
#include <caf/error.hpp>
#include <caf/fwd.hpp>
#include <caf/meta/type_name.hpp>

#include <memory>
#include <optional>

namespace bpci {

/// A message as bytes between nodes. Only declared here: compiled once for each message, by the
/// file that says BPCI_CAF_CODEC (messages/inspect_fields.hpp), and not by everyone who sends it. A
/// linker that misses one of these names the message.
template <described T>
caf::error save_fields(caf::serializer& to, T& x);
template <described T>
caf::error load_fields(caf::deserializer& from, T& x);

} // namespace bpci

/// CAF's `inspect`, once for every described message. The overloads live in namespace caf,
/// where argument-dependent lookup through the inspector finds them for any type.
namespace caf {

template <bpci::described T>
error inspect(serializer& f, T& x) {
  return bpci::save_fields(f, x);
}

template <bpci::described T>
error inspect(deserializer& f, T& x) {
  return bpci::load_fields(f, x);
}

/// As text a message is its name: what it says may be secret, and is nobody's business in a log.
template <bpci::described T>
void inspect(detail::stringification_inspector& f, T& x) {
  f(meta::type_name(message_name(&std::as_const(x)).data()));
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
