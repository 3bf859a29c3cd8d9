#pragma once

#include "messages/codec/msgpack.hpp"
#include "messages/runtime/entities.hpp"
#include "runtime/actor/actor_base.hpp"

/// Commands to durable entities, for actors that do not care where those live. Brings msgpack with
/// it: for .cpp files only.
namespace bpci::entity {

/// `key` empty: a question.
template <described Command>
command make_command(entity_ref to, std::string key, const Command& what,
                     std::chrono::milliseconds within = std::chrono::milliseconds{5'000},
                     correlation_id trace = {}) {
  return {std::move(to),
          std::move(key),
          std::string{message_name(static_cast<const Command*>(nullptr))},
          1,
          codec::to_msgpack(what),
          static_cast<std::uint64_t>(within.count()),
          std::move(trace)};
}

/// What an entity has answered. Errors: malformed (it is not an `Answer`).
template <described Answer>
result<Answer> answer_of(const response& x) {
  return codec::from_msgpack<Answer>(x.body);
}

} // namespace bpci::entity
