#pragma once

#include "messages/error.hpp"
#include "messages/ids.hpp"
#include "runtime/actor/caf_error.hpp"
#include "runtime/actor/pending_call.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/error.hpp>
#include <pqxx/binarystring>
#include <pqxx/except>
#include <pqxx/field>
#include <pqxx/result>
#include <pqxx/row>
#include <pqxx/transaction>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// What an `x_store.cpp` includes: SQL in a transaction of the pool, typed results to the actor
/// that asked. Brings libpqxx with it; keep it out of headers.
namespace bpci::storage {

// -- a transaction -------------------------------------------------------------

/// One transaction's worth of work, on its way through the pool. Never leaves this process.
class job {
public:
  virtual ~job() = default;

  /// Called by a worker of the pool, on its thread, in an open transaction; again from the start
  /// after a serialization failure. A failure or an exception rolls back.
  virtual result<void> perform(pqxx::work& tx) = 0;

  std::chrono::steady_clock::time_point deadline;
};

using job_ptr = std::shared_ptr<job>;

namespace detail {

caf::message in_a_message(job_ptr what);
bool is_job(const caf::type_erased_tuple& x);

template <class T>
using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
struct is_result : std::false_type {};
template <class T>
struct is_result<bpci::result<T>> : std::true_type {};

template <class T, class F>
class typed_job final : public job {
public:
  explicit typed_job(F what) : what_(std::move(what)) {}

  result<void> perform(pqxx::work& tx) override {
    using answer = std::invoke_result_t<F&, pqxx::work&>;
    if constexpr (std::is_void_v<answer>) {
      what_(tx);
      value.emplace();
    } else if constexpr (is_result<answer>::value) {
      auto outcome = what_(tx);
      if (!outcome) return outcome.error();
      if constexpr (std::is_void_v<T>)
        value.emplace();
      else
        value.emplace(std::move(*outcome));
    } else {
      value.emplace(what_(tx));
    }
    return {};
  }

  std::optional<stored<T>> value;

private:
  F what_;
};

/// What the job has left, to whom it was for.
template <class Stored, class Ok>
void give(std::optional<Stored>& value, Ok& ok) {
  if constexpr (std::is_same_v<Stored, std::monostate>)
    ok();
  else
    ok(std::move(*value));
}

/// Ends with what the job has left in `value`.
template <class Stored, class Ok, class Bad>
class job_call final : public pending_call {
public:
  job_call(std::shared_ptr<std::optional<Stored>> value, Ok ok, Bad bad)
      : value_(std::move(value)), ok_(std::move(ok)), bad_(std::move(bad)) {}

  bool answer(caf::type_erased_tuple& x) override {
    if (!is_job(x)) return false;
    over_ = true;
    give(*value_, ok_);
    return true;
  }
  void fail(const failure& why) override {
    over_ = true;
    bad_(why);
  }
  [[nodiscard]] bool is_over() const override { return over_; }

private:
  std::shared_ptr<std::optional<Stored>> value_;
  Ok ok_;
  Bad bad_;
  bool over_ = false;
};

} // namespace detail

/// The answer of the pool that is still to come. Call exactly one of these, once.
///
/// Calls `ok(T)` (`ok()` for void) or `bad(const failure&)`:
/// - `busy`: the queue of the pool is full, or the transaction met others three times. Not done.
/// - `unavailable`: no connection in time, or it broke before the commit. Not done.
/// - `timeout`: the deadline has passed. Not done, or done with its effect unknown.
/// - `conflict`: a constraint of the database refuses it. Not done.
/// - `restarted`, `shutting_down`: the worker or the pool ended. Effect unknown.
/// - what the transaction itself returned or threw as a `refused`. Not done.
template <class T, class Handle>
class pending {
public:
  pending(Handle handle, std::shared_ptr<std::optional<detail::stored<T>>> value)
      : handle_(std::move(handle)), value_(std::move(value)) {}

  /// For event-based actors: `ok` and `bad` are called in the actor that asked.
  template <class Ok, class Bad>
  void then(Ok ok, Bad bad) && {
    using call = detail::job_call<detail::stored<T>, Ok, Bad>;
    handle_.self()->add_multiplexed_response_handler(
        handle_.id(), answered_by(std::make_shared<call>(value_, std::move(ok), std::move(bad))));
  }

  /// For blocking actors.
  template <class Ok, class Bad>
  void receive(Ok ok, Bad bad) && {
    handle_.receive([&](const job_ptr&) { detail::give(*value_, ok); },
                    [&](caf::error& why) { bad(from_caf(why)); });
  }

private:
  Handle handle_;
  std::shared_ptr<std::optional<detail::stored<T>>> value_;
};

/// How much later than the pool the caller's own timer ends; it matters only if the pool hangs.
constexpr auto answer_grace = std::chrono::milliseconds{1000};

/// Runs `what(pqxx::work&)` in a transaction of its own on a connection of `pool`, which commits
/// when it returns and rolls back when it throws or returns a failure. `what` gives a T, or a
/// `result<T>`. It runs on another thread, possibly more than once and possibly after the caller
/// was told `timeout`: capture by value only, and do nothing in it but SQL. The deadline counts
/// from now, and is shortened to the pool's `query_timeout`.
///
///     storage::run<bool>(this, pool_, 2s, [id](pqxx::work& tx) { return ...; })
///       .then([this](bool known) { ... }, [this](const failure& why) { ... });
template <class T, class Self, class F>
auto run(Self&& self, const caf::actor& pool, std::chrono::milliseconds deadline, F what) {
  auto typed = std::make_shared<detail::typed_job<T, F>>(std::move(what));
  typed->deadline = std::chrono::steady_clock::now() + deadline;
  auto value = std::shared_ptr<std::optional<detail::stored<T>>>{typed, &typed->value};
  auto handle = self->request(pool, deadline + answer_grace, detail::in_a_message(typed));
  return pending<T, decltype(handle)>{std::move(handle), std::move(value)};
}

// -- inside of it --------------------------------------------------------------

/// Thrown by a transaction to roll back with a reason for the caller.
class refused : public std::exception {
public:
  explicit refused(failure why) : why_(std::move(why)) {}
  [[nodiscard]] const failure& why() const noexcept { return why_; }
  [[nodiscard]] const char* what() const noexcept override { return why_.detail.c_str(); }

private:
  failure why_;
};

/// The refusal that an exception out of a transaction stands for. Its detail names constraints and
/// columns, never values: those may be secret.
failure to_failure(const std::exception_ptr& what);

/// `bytea` both ways.
bytes to_bytes(const pqxx::field& value);
pqxx::binarystring to_bytea(std::span<const std::uint8_t> value);

/// `text[]` both ways, as a parameter of `exec_params`: `... = $1::text[]`.
std::vector<std::string> to_texts(const pqxx::field& value);
std::string to_text_array(std::span<const std::string> values);

} // namespace bpci::storage

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::storage::job_ptr)
