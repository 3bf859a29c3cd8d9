#include "actors/governance/anchor_actor.hpp"

#include "actors/governance/anchor.hpp"
#include "actors/governance/bridge_actor.hpp"
#include "actors/governance/round.hpp"
#include "actors/governance/round_store.hpp"
#include "messages/chain/paths.hpp"
#include "messages/chain/pool.hpp"
#include "messages/chain/questions.hpp"
#include "messages/codec/json.hpp"
#include "messages/ledger/anchors.hpp"
#include "runtime/entity/call.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"

#include <algorithm>

namespace bpci::governance {

namespace {

using std::chrono::milliseconds;
using look_atom = caf::atom_constant<caf::atom("look")>;

constexpr auto query_max = milliseconds{2'000};
constexpr auto chain_max = milliseconds{10'000};
constexpr auto entity_max = milliseconds{4'000};
constexpr auto entity_grace = milliseconds{500};
constexpr auto pause_max = milliseconds{300'000};

/// How long a transaction is waited for before it is made anew.
constexpr auto block_max = milliseconds{60'000};

constexpr std::uint64_t page = 500;
constexpr std::size_t differing_max = 1'000;

} // namespace

anchor_actor::anchor_actor(caf::actor_config& cfg, anchor_options how)
    : actor_base(cfg), how_(std::move(how)), pause_(how_.look_every) {}

caf::behavior anchor_actor::make_behavior() {
  delayed_send(this, how_.look_every, look_atom::value);
  return {[this](look_atom) { look(); }};
}

void anchor_actor::again_soon() {
  pause_ = how_.look_every;
  delayed_send(this, pause_, look_atom::value);
}

void anchor_actor::failed(const failure& why) {
  // A chain whose fees are higher than usual says so.
  if (why.detail.starts_with("fee_too_low"))
    fee_doublings_ = std::min(fee_doublings_ + 1, fee_doublings_max);
  auto text = to_string(why);
  if (text != last_failure_) log::warn("round-not-anchored", {{"why", text}});
  last_failure_ = std::move(text);
  delayed_send(this, pause_, look_atom::value);
  pause_ = std::min(pause_ * 2, pause_max);
}

template <class Reply, class Question, class Ok>
void anchor_actor::ask_chain(Question what, Ok ok) {
  const auto keeper = how_.find(chain::path::keeper);
  if (!keeper) return failed({ec::unavailable, "KEEPER"});
  ask<Reply>(keeper, chain_max, std::move(what), std::move(ok),
             [this](const failure& why) { failed(why); });
}

template <class Answer, class Command, class Ok>
void anchor_actor::ask_round(const std::string& id, std::string key, const Command& what, Ok ok) {
  const auto router = how_.find(path::router);
  if (!router) return failed({ec::unavailable, "the router"});
  ask<entity::response>(
      router, entity_max + entity_grace,
      entity::make_command({round_kind, id}, std::move(key), what, entity_max),
      [this, ok](const entity::response& x) mutable {
        const auto answer = entity::answer_of<Answer>(x);
        if (!answer) return failed(answer.error());
        ok(*answer);
      },
      [this](const failure& why) { failed(why); });
}

// -- one turn ----------------------------------------------------------------------------

void anchor_actor::look() {
  const auto pool = how_.find(path::pool);
  if (!pool || !how_.find(chain::path::ledger)) return again_soon();
  storage::run<std::optional<round_record>>(
      this, pool, query_max,
      [but = differing_](pqxx::work& tx) { return store::next_to_anchor(tx, but); })
      .then(
          [this](std::optional<round_record> next) {
            if (!next) return again_soon();
            const auto round = std::make_shared<round_record>(std::move(*next));
            gather(round, {}, std::make_shared<std::vector<ballot>>());
          },
          [this](const failure& why) { failed(why); });
}

void anchor_actor::gather(const round_ptr& round, std::string after,
                          const std::shared_ptr<std::vector<ballot>>& ballots) {
  ask_round<ballot_page>(round->what.proposal_id, {}, list_ballots{std::move(after), page},
                         [this, round, ballots](const ballot_page& x) {
                           ballots->insert(ballots->end(), x.ballots.begin(), x.ballots.end());
                           if (!x.next.empty()) return gather(round, x.next, ballots);
                           compare(round, anchor_of(*round, *ballots));
                         });
}

/// What does the ledger have under this name?
void anchor_actor::compare(const round_ptr& round, const anchoring& what) {
  const auto keeper = how_.find(chain::path::keeper);
  if (!keeper) return failed({ec::unavailable, "KEEPER"});
  const ledger::anchors::get_anchor question{how_.keys->pub.bytes, ledger::anchors::subject::audit,
                                             round->what.proposal_id};
  ask<chain::module_answer>(
      keeper, chain_max,
      chain::ask_module{"anchors", std::string{message_name(&question)},
                        codec::to_canonical(question)},
      [this, round, what](const chain::module_answer& x) { found(round, what, x.body); },
      [this, round, what](const failure& why) {
        if (why.code == ec::not_found)
          send(round, what);
        else
          failed(why);
      });
}

void anchor_actor::found(const round_ptr& round, anchoring what, const bytes& answer) {
  const auto there = codec::from_canonical<ledger::anchors::anchored>(answer);
  if (!there) return failed(there.error());
  const auto& id = round->what.proposal_id;
  if (crypto::to_hex(there->root) != what.root) {
    log::error("round-anchored-otherwise",
               {{"proposal", id}, {"ours", what.root}, {"ledger", crypto::to_hex(there->root)}});
    if (differing_.size() < differing_max) differing_.push_back(id);
    return again_soon();
  }
  what.at = there->at;
  ask_round<round_record>(id, "anchored", note_anchor{what}, [this, id](const round_record& x) {
    ++anchored_;
    last_failure_.clear();
    log::info("round-anchored", {{"proposal", id}, {"height", x.anchor->at.get()}});
    pause_ = how_.look_every;
    look(); // there may be more
  });
}

void anchor_actor::send(const round_ptr& round, anchoring what) {
  // One that was sent just now may be in the next block.
  if (sent_ == round->what.proposal_id && system().clock().now() - sent_at_ < block_max)
    return again_soon();
  ask_chain<chain::chain_overview>(chain::get_overview{},
                                   [this, round, what](const chain::chain_overview& x) {
                                     send_from(round, what, x.chain_id, x.at);
                                   });
}

void anchor_actor::send_from(const round_ptr& round, anchoring what, std::string chain_id,
                             height at) {
  ask_chain<chain::nonce_free>(
      chain::find_nonce{how_.keys->pub.bytes},
      [this, round, what, chain_id, at](const chain::nonce_free& x) mutable {
        const auto encoded = codec::to_canonical(make_anchor(
            round->what.proposal_id, what, {chain_id, at, x.next}, *how_.keys, fee_doublings_));
        what.transaction = crypto::to_hex(id_of(encoded));
        ++what.tries;
        submit(round, what, encoded);
      });
}

/// On record before it is sent: nobody has to wonder who paid for what.
void anchor_actor::submit(const round_ptr& round, anchoring what, bytes encoded) {
  const auto& id = round->what.proposal_id;
  ask_round<round_record>(id, "anchor/" + what.transaction, note_anchor{what},
                          [this, id, encoded = std::move(encoded)](const round_record&) {
                            ask_chain<chain::transaction_taken>(
                                chain::submit_transaction{encoded},
                                [this, id](const chain::transaction_taken&) {
                                  sent_ = id;
                                  sent_at_ = system().clock().now();
                                  again_soon();
                                });
                          });
}

std::string anchor_actor::describe() const {
  return codec::to_text(
      {{"anchored", anchored_}, {"differing", differing_.size()}, {"last_failure", last_failure_}});
}

} // namespace bpci::governance
