#pragma once

#include "messages/codec/json.hpp"
#include "messages/codec/msgpack.hpp"
#include "runtime/entity/kind.hpp"

#include <boost/mp11/algorithm.hpp>

#include <algorithm>
#include <concepts>
#include <utility>

/// Turns a struct of state, commands and questions into a `kind` (docs/entities.md). Brings msgpack
/// and JSON with it: for .cpp files only. A header that declares a kind needs kind.hpp alone, with
/// `context` and `items` as they stand there.
namespace bpci::entity {

/// What the handler of a command may do beside changing the state. All of it happens with the
/// commit, or not at all.
class context {
public:
  context(const command& what, const circumstances& at) : what_(what), at_(at) {}

  [[nodiscard]] timestamp_ms now() const noexcept { return at_.now; }
  [[nodiscard]] const entity_ref& self() const noexcept { return at_.self; }
  /// The idempotency key of the command.
  [[nodiscard]] const std::string& key() const noexcept { return what_.key; }
  /// What `items_for` has asked for.
  [[nodiscard]] const entity::items& items() const noexcept { return at_.items; }

  /// Sends a command to another entity, once this one is committed. Its answer is dropped.
  template <described Command>
  void send(entity_ref to, const Command& x) {
    done_.sends.push_back({std::move(to), std::string{name_of<Command>()}, codec::to_msgpack(x)});
  }

  /// Starts the timer of this name, or moves it. `timer_fired` comes at `due`, and from then on
  /// every `every_ms`, if that is not 0.
  void start_timer(std::string name, timestamp_ms due, std::uint64_t every_ms = 0,
                   entity::catch_up missed = entity::catch_up::each) {
    done_.timers.push_back({std::move(name), due, every_ms, missed});
  }
  void stop_timer(std::string name) { done_.timers.push_back({std::move(name), {}}); }

  template <described Value>
  void put_item(std::string key, const Value& x) {
    done_.items.push_back({std::move(key), codec::to_msgpack(x)});
  }
  void remove_item(std::string key) { done_.items.push_back({std::move(key), {}}); }

  /// For durable<T>.
  [[nodiscard]] decision take() && { return std::move(done_); }

  template <described Message>
  static constexpr std::string_view name_of() {
    return message_name(static_cast<const Message*>(nullptr));
  }

private:
  const command& what_;
  const circumstances& at_;
  decision done_;
};

/// What an item holds. Errors: malformed.
template <described Value>
result<Value> read_item(const item& x) {
  return codec::from_msgpack<Value>(x.value);
}

namespace detail {

inline constexpr std::uint8_t empty_map = 0x80; ///< msgpack; what a handler of `void` answers

template <class Answer>
bytes pack_answer(const result<Answer>& x) {
  if constexpr (std::is_void_v<Answer>)
    return {empty_map};
  else
    return codec::to_msgpack(*x);
}

/// Calls `visit` with the type of `List` that a command names; false when there is none.
template <class List, class Visitor>
bool with_named(std::string_view name, Visitor&& visit) {
  auto found = false;
  boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, List>>([&](auto type) {
    using message = typename decltype(type)::type;
    if (found || context::name_of<message>() != name) return;
    found = true;
    visit(type);
  });
  return found;
}

} // namespace detail

template <class T>
concept durable_type = described<typename T::state> && requires {
  typename T::commands;
  typename T::questions;
  { T::kind } -> std::convertible_to<std::string_view>;
  { T::schema } -> std::convertible_to<std::uint32_t>;
};

template <durable_type T>
class durable_instance final : public instance {
public:
  using state = typename T::state;

  explicit durable_instance(state x) : state_(std::move(x)) {}

  [[nodiscard]] const state& value() const noexcept { return state_; }

  result<decision> decide(const command& what, const circumstances& at) const override {
    result<decision> out = no_such("command", what);
    if (what.schema > T::schema) return too_new(what);
    detail::with_named<typename T::commands>(
        what.name, [&](auto type) { out = run<typename decltype(type)::type>(what, at); });
    return out;
  }

  result<bytes> answer(const command& what, const entity::items& read) const override {
    result<bytes> out = no_such("question", what);
    if (what.schema > T::schema) return too_new(what);
    detail::with_named<typename T::questions>(
        what.name, [&](auto type) { out = ask<typename decltype(type)::type>(what, read); });
    return out;
  }

  std::optional<item_range> items_for(const command& what) const override {
    std::optional<item_range> out;
    auto look = [&](auto type) { out = range_for<typename decltype(type)::type>(what); };
    if (what.key.empty())
      detail::with_named<typename T::questions>(what.name, look);
    else
      detail::with_named<typename T::commands>(what.name, look);
    return out;
  }

  bytes encode() const override { return codec::to_msgpack(state_); }

  std::string describe() const override {
    if constexpr (requires { T::describe(state_); })
      return T::describe(state_);
    else
      return codec::to_text(codec::to_json(state_));
  }

private:
  template <class Command>
  result<decision> run(const command& what, const circumstances& at) const {
    auto x = codec::from_msgpack<Command>(what.body);
    if (!x) return x.error();
    auto next = state_;
    auto around = context{what, at};
    auto answered = T::on(next, *x, around);
    if (!answered) return answered.error();
    auto out = std::move(around).take();
    out.answer = detail::pack_answer(answered);
    out.after = std::make_shared<const durable_instance>(std::move(next));
    return out;
  }

  template <class Question>
  result<bytes> ask(const command& what, const entity::items& read) const {
    auto x = codec::from_msgpack<Question>(what.body);
    if (!x) return x.error();
    auto answered = [&] {
      if constexpr (requires { T::on(state_, *x, read); })
        return T::on(state_, *x, read);
      else
        return T::on(state_, *x);
    }();
    if (!answered) return answered.error();
    return detail::pack_answer(answered);
  }

  template <class Message>
  std::optional<item_range> range_for(const command& what) const {
    if constexpr (requires(const Message& x) { T::items_for(state_, x); }) {
      if (auto x = codec::from_msgpack<Message>(what.body)) return T::items_for(state_, *x);
    }
    return {};
  }

  static failure no_such(const char* what, const command& x) {
    return fail(ec::unsupported,
                std::string{T::kind} + " has no " + what + " named '" + x.name.substr(0, 64) + "'");
  }

  static failure too_new(const command& x) {
    return fail(ec::unsupported, "written for schema " + std::to_string(x.schema) + ", this is "
                                     + std::to_string(T::schema));
  }

  state state_;
};

/// A kind that is described by `T`, which has
///
/// - `kind`, `schema` and `state`: its name, the number of the state's present layout, and a
///   described struct that is default-constructed for a fresh entity;
/// - `commands`, `questions`: described structs, as mp_lists;
/// - `static result<Answer> on(state&, const Command&, context&)` for each command;
/// - `static result<Answer> on(const state&, const Question&)`, or with a third argument
///   `const items&`, for each question;
/// - optionally `static std::optional<item_range> items_for(const state&, const X&)` for a command
/// or
///   question that needs items;
/// - optionally `static result<state> upgrade(const bytes&, std::uint32_t schema)` for states of an
///   older schema. Without it they are read as they are: missing fields keep their default;
/// - optionally `static std::string describe(const state&)`: JSON for the admin API, where the
/// whole
///   state is too much, or has secrets.
template <durable_type T>
class durable final : public kind {
public:
  using state = typename T::state;

  [[nodiscard]] std::string_view name() const override { return T::kind; }
  [[nodiscard]] std::uint32_t schema() const override { return T::schema; }

  instance_ptr fresh() const override {
    return std::make_shared<const durable_instance<T>>(state{});
  }

  result<instance_ptr> load(const bytes& stored, std::uint32_t schema) const override {
    auto x = read(stored, schema);
    if (!x)
      return fail(ec::storage_failed, std::string{T::kind} + " of schema " + std::to_string(schema)
                                          + ": " + to_string(x.error()));
    return instance_ptr{std::make_shared<const durable_instance<T>>(std::move(*x))};
  }

private:
  static result<state> read(const bytes& stored, std::uint32_t schema) {
    if (schema > T::schema) return fail(ec::unsupported, "written by a newer program");
    if constexpr (requires { T::upgrade(stored, schema); }) {
      if (schema < T::schema) return T::upgrade(stored, schema);
    }
    return codec::from_msgpack<state>(stored);
  }
};

template <durable_type T>
kind_ptr make_kind() {
  return std::make_shared<const durable<T>>();
}

} // namespace bpci::entity
