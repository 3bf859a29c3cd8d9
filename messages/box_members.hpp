#pragma once

#include "messages/boxes.hpp"
#include "messages/inspect.hpp"

#include <caf/make_message.hpp>

#include <utility>

/// What messages/boxes.hpp declares for each message, for the file that compiles it.
namespace bpci {

/// A message that does not leave its node was sent to another.
caf::error stays_here(const char* name);

caf::type_erased_value_ptr box_alone(const box_content& what, void* at);

namespace detail {

template <boxed T>
constexpr const char* box_name() {
  if constexpr (local_message<T>)
    return local_name<T>;
  else
    return message_name(static_cast<const T*>(nullptr)).data();
}

template <boxed T>
caf::error save_boxed([[maybe_unused]] caf::serializer& to, [[maybe_unused]] void* x) {
  if constexpr (local_message<T>) // described or not
    return stays_here(box_name<T>());
  else
    return save_fields(to, *static_cast<T*>(x));
}

template <boxed T>
caf::error load_boxed([[maybe_unused]] caf::deserializer& from, [[maybe_unused]] void* x) {
  if constexpr (local_message<T>) // described or not
    return stays_here(box_name<T>());
  else
    return load_fields(from, *static_cast<T*>(x));
}

} // namespace detail

template <boxed T>
constexpr box_content content_of{
    .type = &typeid(T),
    .name = detail::box_name<T>(),
    .clone = [](const void* x) { return static_cast<void*>(new T(*static_cast<const T*>(x))); },
    .destroy = [](void* x) { delete static_cast<T*>(x); },
    .save = detail::save_boxed<T>,
    .load = detail::load_boxed<T>,
    .moved = [](void* x) { return caf::make_message(std::move(*static_cast<T*>(x))); },
    .copied = [](const void* x) { return caf::make_message(*static_cast<const T*>(x)); }};

template <described T>
caf::type_erased_value_ptr empty_value() {
  return box_alone(content_of<T>, new T{});
}

} // namespace bpci

namespace caf {

namespace detail {

template <bpci::boxed T>
tuple_vals<T>::tuple_vals(const T& x) : box(bpci::content_of<T>, &x_), x_(x) {}

template <bpci::boxed T>
tuple_vals<T>::tuple_vals(T&& x) : box(bpci::content_of<T>, &x_), x_(std::move(x)) {}

template <bpci::boxed T>
tuple_vals<T>::~tuple_vals() = default;

template <bpci::boxed T>
tuple_vals<T>* tuple_vals<T>::copy() const {
  return new tuple_vals(x_);
}

} // namespace detail

template <bpci::boxed T>
mailbox_element_vals<T>::mailbox_element_vals(strong_actor_ptr&& sender, message_id id,
                                              forwarding_stack&& stages, const T& x)
    : mail(std::move(sender), id, std::move(stages), bpci::content_of<T>, &x_), x_(x) {}

template <bpci::boxed T>
mailbox_element_vals<T>::mailbox_element_vals(strong_actor_ptr&& sender, message_id id,
                                              forwarding_stack&& stages, T&& x)
    : mail(std::move(sender), id, std::move(stages), bpci::content_of<T>, &x_), x_(std::move(x)) {}

template <bpci::boxed T>
mailbox_element_vals<T>::~mailbox_element_vals() = default;

} // namespace caf

/// Compiles them, of a message that stays on its node. At namespace scope, outside of any
/// namespace.
#define BPCI_LOCAL_BOX(T)                                                                          \
  template class caf::detail::tuple_vals<T>;                                                       \
  template class caf::mailbox_element_vals<T>;

/// The same for BPCI_CAF_CODEC.
#define BPCI_CAF_BOX(T)                                                                            \
  template caf::type_erased_value_ptr bpci::empty_value<T>();                                      \
  BPCI_LOCAL_BOX(T)
