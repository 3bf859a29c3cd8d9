#pragma once

#include "messages/describe.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/detail/tuple_vals.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/type_erased_value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <typeinfo>

/// What CAF keeps a message in, so that it can copy it, name it and make bytes of it whatever it
/// is: in a mailbox, in a `caf::message`, alone. CAF's own are compiled by every file that sends or
/// answers with the message, which was a third of what an actor's file was compiled for. These say
/// the same, and are only declared here; BPCI_CAF_CODEC (messages/inspect_fields.hpp) compiles the
/// little that each described message has of its own, and BPCI_LOCAL_BOX (messages/box_members.hpp)
/// that of one that stays on its node (docs/adr/0018).
///
/// No file can send a message without these: it needs messages/inspect.hpp, which includes them.
namespace bpci {

/// The name of a message that stays on its node: BPCI_LOCAL_MESSAGE.
template <class T>
constexpr const char* local_name = nullptr;

template <class T>
concept local_message = (local_name<T> != nullptr);

template <class T>
concept boxed = described<T> || local_message<T>;

/// What a box does with a message that it knows the address of only.
struct box_content {
  const std::type_info* type;
  const char* name;
  void* (*clone)(const void*);
  void (*destroy)(void*);
  caf::error (*save)(caf::serializer&, void*);
  caf::error (*load)(caf::deserializer&, void*);
  caf::message (*moved)(void*);
  caf::message (*copied)(const void*);
};

/// `Base` is one of CAF's two kinds of tuples. The message is a member of the derived class.
template <class Base>
class box : public Base {
public:
  box(const box_content& what, void* at) : what_(&what), at_(at) {}

  std::size_t size() const noexcept override;
  std::uint32_t type_token() const noexcept override;
  caf::rtti_pair type(std::size_t) const noexcept override;
  const void* get(std::size_t) const noexcept override;
  void* get_mutable(std::size_t) override;
  using Base::copy;
  caf::type_erased_value_ptr copy(std::size_t) const override;
  std::string stringify(std::size_t) const override;
  caf::error save(std::size_t, caf::serializer& to) const override;
  caf::error load(std::size_t, caf::deserializer& from) override;

protected:
  const box_content* what_;
  void* at_;
};

extern template class box<caf::detail::message_data>;
extern template class box<caf::type_erased_tuple>;

/// In a mailbox.
class mail : public caf::mailbox_element, public box<caf::type_erased_tuple> {
public:
  mail(caf::strong_actor_ptr&& sender, caf::message_id id, forwarding_stack&& stages,
       const box_content& what, void* at);

  caf::type_erased_tuple& content() override;
  const caf::type_erased_tuple& content() const override;
  caf::message move_content_to_message() override;
  caf::message copy_content_to_message() const override;
};

/// One for CAF to fill from bytes.
template <described T>
caf::type_erased_value_ptr empty_value();

} // namespace bpci

namespace caf {

namespace detail {

template <bpci::boxed T>
class tuple_vals<T> final : public bpci::box<message_data> {
public:
  explicit tuple_vals(const T& x);
  explicit tuple_vals(T&& x);
  tuple_vals(const tuple_vals&) = delete;
  ~tuple_vals() override;

  using box::copy;
  tuple_vals* copy() const override;

private:
  T x_;
};

} // namespace detail

template <bpci::boxed T>
class mailbox_element_vals<T> final : public bpci::mail {
public:
  mailbox_element_vals(strong_actor_ptr&& sender, message_id id, forwarding_stack&& stages,
                       const T& x);
  mailbox_element_vals(strong_actor_ptr&& sender, message_id id, forwarding_stack&& stages, T&& x);
  ~mailbox_element_vals() override;

private:
  T x_;
};

} // namespace caf

/// A message that stays on its node, and needs no codec therefore. At namespace scope, outside of
/// any namespace, in the header that has it; one file says BPCI_LOCAL_BOX of it. What one or two
/// files send can do with CAF's own macro and box.
#define BPCI_LOCAL_MESSAGE(type)                                                                   \
  CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)                                                              \
  template <>                                                                                      \
  inline constexpr const char* bpci::local_name<type> = #type;
