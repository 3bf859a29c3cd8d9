#pragma once

#include "gateways/chain/shown.hpp"
#include "gateways/http/problem.hpp"
#include "gateways/routes/asking.hpp"
#include "messages/chain/paths.hpp"
#include "messages/chain/questions.hpp"

#include <utility>

/// How routes ask the chain of this node's cluster: by its KEEPER.
namespace bpci::gateway {

/// Where no chain is configured there is no KEEPER.
inline void refuse_without_chain(const call_ptr& what) {
  what->reply(http::problem(
      {ec::unavailable, "this node has no chain, or its KEEPER is starting"}, what->request.id,
      {.next_step = "Make a chain with bpci chain init, or take the genesis document of one that "
                    "exists, and name it in the configuration of this node (docs/wallet.md)."}));
}

/// Answers the call with a refusal of KEEPER or of what is behind it.
inline refusal refuse_chain(const call_ptr& what) {
  return [what](const failure& why) {
    if (why.code == ec::not_permitted) return refuse_without_chain(what);
    what->fail(why);
  };
}

/// Calls `ok(const Reply&)`, or `bad(const failure&)`.
template <class Reply, class Message, class Ok>
void ask_chain(api_actor& self, const call_ptr& what, Message message, Ok ok, refusal bad) {
  auto keeper = self.shared().find(chain::path::keeper);
  if (!keeper) return refuse_without_chain(what);
  self.ask<Reply>(keeper, answer_max, std::move(message), std::move(ok), std::move(bad));
}

template <class Reply, class Message, class Ok>
void ask_chain(api_actor& self, const call_ptr& what, Message message, Ok ok) {
  ask_chain<Reply>(self, what, std::move(message), std::move(ok), refuse_chain(what));
}

/// A question to a module of the ledger; `ok(const Answer&, height)`.
template <class Answer, class Question, class Ok>
void ask_ledger(api_actor& self, const call_ptr& what, std::string module, const Question& x,
                Ok ok) {
  ask_chain<chain::module_answer>(
      self, what,
      chain::ask_module{std::move(module), std::string{message_name(&x)}, codec::to_canonical(x)},
      [what, ok = std::move(ok)](const chain::module_answer& got) {
        auto answer = codec::from_canonical<Answer>(got.body);
        if (!answer) return what->fail({ec::internal, answer.error().detail});
        ok(*answer, got.at);
      });
}

/// 64 hex digits of a segment of the path, or of a parameter. Errors: invalid_argument.
inline result<ledger::hash> read_hash(std::string_view text, std::string_view name) {
  ledger::hash out{};
  if (!crypto::read_hex(text, out))
    return fail(ec::invalid_argument, std::string{name} + ": expected 64 hex digits");
  return out;
}

/// The same for the address of an account or a validator.
inline result<ledger::account> read_address(std::string_view text, std::string_view name) {
  return read_hash(text, name);
}

} // namespace bpci::gateway
