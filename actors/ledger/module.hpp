#pragma once

#include "actors/ledger/parameters.hpp"
#include "actors/ledger/state/draft.hpp"
#include "messages/codec/canonical.hpp"
#include "messages/ledger/evidence.hpp"
#include "messages/ledger/receipt.hpp"
#include "messages/ledger/transaction.hpp"

#include <boost/json/fwd.hpp>
#include <boost/system/result.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// A module of the ledger: a pure function of state, transaction and block. How to write one:
/// docs/ledger.md. Nothing in a module may depend on anything but its arguments: no clock, no
/// randomness, no floating point, no order of an unordered container.
namespace bpci::ledger {

// -- refusals --------------------------------------------------------------------------

/// A reason for which a module refuses; each has one, named.
struct refusal_kind {
  std::string_view name;
  ec code = ec::internal;
};

/// A transaction that does not do what it says. Expected: it costs its fee, and that is all.
struct refusal {
  ec code = ec::internal;
  std::string name;
  std::string detail;

  bool operator==(const refusal&) const = default;
};

[[noreturn]] void throw_exception_from_error(const refusal& why, const boost::source_location& loc);

using verdict = boost::system::result<void, refusal>;

inline refusal refuse(const refusal_kind& why, std::string detail = {}) {
  return {why.code, std::string{why.name}, std::move(detail)};
}

// -- the block -------------------------------------------------------------------------

/// The block that is being executed, as consensus has verified it.
struct block_context {
  std::string chain_id;
  height at;
  timestamp_ms time;
  account proposer{};
  std::vector<consensus::validator> validators; ///< of this height, sorted by id
  /// Who sealed the last blocks whose late seals are all in: those of the heights `at - 102` to
  /// `at - 3`, oldest first, as far as there are any (attendance.hpp).
  std::vector<sealing> sealed;
  std::vector<verified_evidence> evidence;
};

class module_table;

/// What a module sees and changes while a block is executed.
class context {
public:
  context(const block_context& now, draft& values, const settings& how, const module_table& all,
          std::vector<event>& told)
      : block(now), state(values), modules(all), settings_(&how), events_(&told) {}

  const block_context& block;
  draft& state;
  const module_table& modules;
  account sender{}; ///< zeros outside of transactions

  [[nodiscard]] std::uint64_t value(const parameter& x) const { return (*settings_)[x]; }

  /// Tells what changed. The event's kind is the name of the message.
  template <described Event>
  void emit(std::string_view module, const Event& x) {
    events_->push_back(
        {std::string{module}, std::string{message_name(&x)}, codec::to_canonical(x)});
  }

  /// The same block for somebody else.
  [[nodiscard]] context on_behalf_of(const account& who) const {
    auto out = *this;
    out.sender = who;
    return out;
  }

  /// Runs `what()`; when it refuses, nothing has happened.
  template <class Call>
  verdict attempt(Call&& what) {
    auto mark = state.here();
    auto told = events_->size();
    verdict out = what();
    if (!out) {
      state.go_back(mark);
      events_->resize(told);
    }
    return out;
  }

private:
  const settings* settings_;
  std::vector<event>* events_;
};

// -- the module ------------------------------------------------------------------------

class module {
public:
  virtual ~module() = default;

  /// Also the first part of all its keys: "coins/...".
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::span<const parameter> parameters() const = 0;
  /// Accounts of its own to which no transfer may go.
  [[nodiscard]] virtual std::vector<account> closed_accounts() const = 0;

  [[nodiscard]] virtual bool has_kind(std::string_view kind) const = 0;

  /// Executes a transaction of `c.sender`. What it did before it refused is undone by the caller.
  virtual verdict run(context& c, std::string_view kind,
                      std::span<const std::uint8_t> body) const = 0;

  /// Ahead of the first and behind the last transaction of each block, in the order of the table.
  /// An empty block in which nothing is due must leave the state as it was.
  virtual void begin_block(context& c) const = 0;
  virtual void end_block(context& c) const = 0;

  /// Writes what the section of this module in the genesis document says; null: there is none.
  /// Errors: invalid_argument, with the path within the section.
  virtual result<void> genesis(context& c, const boost::json::value& section) const = 0;

  /// Answers a question by canonical bytes. Errors: unsupported (no such kind), malformed, and
  /// what the module says.
  [[nodiscard]] virtual result<bytes> query(const reader& state, std::string_view kind,
                                            std::span<const std::uint8_t> body) const = 0;
};

using module_ptr = std::shared_ptr<const module>;

} // namespace bpci::ledger
