#include "messages/boxes.hpp"

#include "messages/box_members.hpp"

#include <caf/deserializer.hpp>
#include <caf/detail/stringification_inspector.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/sec.hpp>
#include <caf/serializer.hpp>

namespace bpci {

namespace {

/// CAF numbers its own types, and no message is one of them.
struct unnumbered {};
constexpr std::uint16_t no_number = 0;

std::string text_of(const box_content& what) {
  std::string out;
  caf::detail::stringification_inspector to{out};
  to(caf::meta::type_name(what.name));
  return out;
}

class alone final : public caf::type_erased_value {
public:
  alone(const box_content& what, void* at) : what_(&what), at_(at) {}
  ~alone() override { what_->destroy(at_); }

  caf::rtti_pair type() const override { return {no_number, what_->type}; }
  const void* get() const override { return at_; }
  void* get_mutable() override { return at_; }
  caf::type_erased_value_ptr copy() const override { return box_alone(*what_, what_->clone(at_)); }
  std::string stringify() const override { return text_of(*what_); }
  caf::error save(caf::serializer& to) const override { return what_->save(to, at_); }
  caf::error load(caf::deserializer& from) override { return what_->load(from, at_); }

private:
  const box_content* what_;
  void* at_;
};

} // namespace

caf::error stays_here(const char* name) {
  return caf::make_error(caf::sec::unknown_type, name);
}

caf::type_erased_value_ptr box_alone(const box_content& what, void* at) {
  return caf::type_erased_value_ptr{new alone(what, at)};
}

template <class Base>
std::size_t box<Base>::size() const noexcept {
  return 1;
}

template <class Base>
std::uint32_t box<Base>::type_token() const noexcept {
  return caf::make_type_token<unnumbered>();
}

template <class Base>
caf::rtti_pair box<Base>::type(std::size_t) const noexcept {
  return {no_number, what_->type};
}

template <class Base>
const void* box<Base>::get(std::size_t) const noexcept {
  return at_;
}

template <class Base>
void* box<Base>::get_mutable(std::size_t) {
  return at_;
}

template <class Base>
caf::type_erased_value_ptr box<Base>::copy(std::size_t) const {
  return box_alone(*what_, what_->clone(at_));
}

template <class Base>
std::string box<Base>::stringify(std::size_t) const {
  return text_of(*what_);
}

template <class Base>
caf::error box<Base>::save(std::size_t, caf::serializer& to) const {
  return what_->save(to, at_);
}

template <class Base>
caf::error box<Base>::load(std::size_t, caf::deserializer& from) {
  return what_->load(from, at_);
}

template class box<caf::detail::message_data>;
template class box<caf::type_erased_tuple>;

mail::mail(caf::strong_actor_ptr&& sender, caf::message_id id, forwarding_stack&& stages,
           const box_content& what, void* at)
    : mailbox_element(std::move(sender), id, std::move(stages)), box(what, at) {}

caf::type_erased_tuple& mail::content() {
  return *this;
}

const caf::type_erased_tuple& mail::content() const {
  return *this;
}

caf::message mail::move_content_to_message() {
  return what_->moved(at_);
}

caf::message mail::copy_content_to_message() const {
  return what_->copied(at_);
}

} // namespace bpci
