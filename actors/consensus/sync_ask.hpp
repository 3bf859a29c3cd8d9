#pragma once

#include "actors/consensus/sync_actor.hpp"

/// For the .cpp files of SYNC.
namespace bpci::consensus {

/// A little longer than PEERS takes, which answers in time unless it dies.
inline constexpr auto ask_peer_max = milliseconds{5'000};
inline constexpr auto ask_peer_grace = milliseconds{1'000};

template <class Answer, class Question>
void sync_actor::ask_of(const consensus::address& who, Question what,
                        std::function<void(result<Answer>)> then) {
  auto peers = shared_->find(chain::path::peers);
  if (!peers) return then(fail(ec::unavailable, "the peers"));
  ask<chain::peer_answer>(
      peers, ask_peer_max + ask_peer_grace,
      chain::ask_peer{who, chain::peer_message{std::move(what)}, ask_peer_max},
      [then](const chain::peer_answer& x) {
        if (const auto* got = std::get_if<Answer>(x.what.get()))
          then(*got);
        else
          then(fail(ec::malformed, "an answer to another question"));
      },
      [then](const failure& why) { then(why); });
}

} // namespace bpci::consensus
