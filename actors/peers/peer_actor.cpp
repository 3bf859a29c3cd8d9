#include "actors/peers/peer_actor.hpp"

#include "actors/peers/telemetry.hpp"
#include "messages/chain/pool.hpp"
#include "messages/codec/json.hpp"
#include "runtime/log/log.hpp"

#include <algorithm>
#include <iterator>

namespace bpci::peers {

namespace {

using oracle::connection_ptr;
using end_atom = caf::atom_constant<caf::atom("end")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;
using resume_atom = caf::atom_constant<caf::atom("resume")>;

/// The time for opening a link is up.
struct time_is_up {
  std::weak_ptr<oracle::connection> which;
};

/// How often the deadlines of questions are looked at, while there are any.
constexpr auto tick_every = std::chrono::milliseconds{100};

/// What no honest node of this version sends.
bool is_misbehaviour(ec why) {
  return why == ec::malformed || why == ec::too_large || why == ec::too_deep
         || why == ec::unsupported || why == ec::bad_signature;
}

/// More than the other side may have open at once; what is beyond gets no answer.
constexpr std::size_t in_hand_max = 2 * question_table::open_max;

/// Beyond the write queue of the connection.
constexpr std::size_t unwritten_bytes_max = std::size_t{16} << 20;

/// Room for the largest frame, and for some behind it.
constexpr std::size_t queue_bytes_max = frame_bytes_max + (std::size_t{4} << 20);

/// Two that dial each other, and one more each.
constexpr std::size_t candidates_max = 4;

bytes fresh_nonce() {
  auto nonce = crypto::random_nonce();
  return {nonce.begin(), nonce.end()};
}

} // namespace

} // namespace bpci::peers

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::peers::time_is_up)

namespace bpci::peers {

peer_actor::peer_actor(caf::actor_config& cfg, context_ptr shared, const chain::address& who)
    : actor_base(cfg), shared_(std::move(shared)), who_(who), allowance_(shared_->rates) {}

caf::behavior peer_actor::make_behavior() {
  peers_ = shared_->find(chain::path::peers);
  if (peers_) {
    monitor<caf::message_priority::high>(peers_);
    send(peers_, peer_ready{who_});
  } else {
    send(this, end_atom::value); // an actor can't end before its behavior stands
  }
  return {
      [this](const dial_link& x) { dial(x); },
      [this](const take_link& x) {
        begin(x.connection, link_opening::accepted(shared_->me, who_, x.with), false, x.mine);
      },
      [this](const close_link& x) { close(x.why); },
      [this](const chain::ask_peer& x) { return ask_it(x); },
      [this](oracle::frames_received& x) { receive(x); },
      [this](const oracle::connection_writable& x) {
        if (link_ && link_->connection == x.from) write_waiting();
      },
      [this](const oracle::connection_closed& x) { drop(x.from, x.why); },
      [this](const time_is_up& x) {
        auto which = x.which.lock();
        auto found = std::ranges::find(candidates_, which, &candidate::connection);
        if (found == candidates_.end()) return;
        which->close(ec::handshake_timeout, {});
        drop(which, {ec::handshake_timeout, {}});
      },
      [this](resume_atom, std::uint64_t link) {
        if (!link_ || link_->number != link) return;
        link_->paused = false;
        work();
      },
      [this](tick_atom) { tick(); },
      [this](end_atom) { quit(); },
  };
}

void peer_actor::on_down(const caf::down_msg& what) {
  if (peers_ && what.source == peers_.address()) quit();
}

void peer_actor::on_exit() {
  for (auto& x : std::exchange(candidates_, {}))
    x.connection->close(ec::restarted, {});
  if (link_) link_->connection->close(ec::restarted, {});
  link_.reset();
  for (auto& [number, x] : std::exchange(askers_, {}))
    x.deliver(to_caf(ec::unavailable, "the link broke"));
  peers_ = nullptr;
}

// -- opening -------------------------------------------------------------------------

void peer_actor::dial(const dial_link& x) {
  auto dialler = shared_->find(path::dialler);
  if (!dialler) return report_failure(true, {ec::unavailable, "the dialler"});
  ask<oracle::dialled>(
      dialler, shared_->dial_max + std::chrono::seconds{1}, oracle::dial{x.url, shared_->dial_max},
      [this, mine = x.mine](const oracle::dialled& done) {
        begin(done.connection, link_opening::dialled(shared_->me, who_, fresh_nonce()), true, mine);
      },
      [this](const failure& why) { report_failure(true, why); });
}

void peer_actor::begin(connection_ptr connection, link_opening opening, bool dialled,
                       const peer_head& mine) {
  if (candidates_.size() >= candidates_max) {
    connection->close(ec::busy, "too many links at once");
    return report_failure(dialled, {ec::busy, {}});
  }
  connection->set_owner(caf::actor{this});
  for (auto& frame : opening.begin().write)
    connection->write(std::move(frame));
  delayed_send(this, shared_->open_max, time_is_up{connection});
  candidates_.push_back({std::move(connection), std::move(opening), dialled, mine});
}

/// What is behind the frame that opens the link is for the open link.
void peer_actor::carry_on(const connection_ptr& from, std::vector<oracle::raw_frame> frames) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    auto found = std::ranges::find(candidates_, from, &candidate::connection);
    if (found == candidates_.end()) return;
    auto step = found->opening.on_frame(frames[i], found->mine);
    from->grant(1);
    if (!step) {
      from->close(step.error().code, step.error().detail);
      if (!found->dialled && is_misbehaviour(step.error().code)) accuse(to_string(step.error()));
      return drop(from, step.error());
    }
    if (step->proved) from->allow(frame_bytes_max, queue_bytes_max);
    for (auto& frame : step->write)
      from->write(std::move(frame));
    if (!step->open) continue;
    auto opened = std::move(*found);
    candidates_.erase(found);
    open(std::move(opened), *step);
    if (!link_ || link_->connection != from) return;
    std::move(frames.begin() + static_cast<std::ptrdiff_t>(i) + 1, frames.end(),
              std::back_inserter(link_->unread));
    return work();
  }
}

void peer_actor::open(candidate what, const link_opening::step& last) {
  if (link_) {
    const auto older_dialled = link_->here == side::client;
    if (!newer_link_stays(shared_->me.self(), who_, older_dialled, what.dialled)) {
      what.connection->close(ec::superseded, "there is a link already");
      return report_failure(what.dialled, {ec::superseded, "there is a link already"});
    }
    link_->connection->close(ec::superseded, "there is a newer link");
    fail_questions(questions_.take_all(), {ec::unavailable, "the link was replaced"});
  }
  link_ = open_link{};
  link_->connection = what.connection;
  link_->here = what.opening.here();
  link_->number = ++links_;
  log::info("peer-link-open", {{"peer", crypto::to_hex(who_)},
                               {"dialled", what.dialled},
                               {"address", what.connection->remote_address()}});
  send(peers_, link_opened{who_, link_->connection, what.dialled, what.mine, link_->counted});
  if (last.head) send(peers_, head_told{who_, *last.head});
}

/// Of one that has been closed, whichever it was.
void peer_actor::drop(const connection_ptr& which, const failure& why) {
  if (link_ && link_->connection == which) return lost(why);
  auto found = std::ranges::find(candidates_, which, &candidate::connection);
  if (found == candidates_.end()) return;
  const auto dialled = found->dialled;
  candidates_.erase(found);
  report_failure(dialled, why);
}

void peer_actor::report_failure(bool dialled, const failure& why) {
  log::info("peer-link-failed", {{"peer", crypto::to_hex(who_)},
                                 {"dialled", dialled},
                                 {"code", bpci::name(why.code)},
                                 {"detail", why.detail}});
  send(peers_, link_failed{who_, dialled, why});
}

// -- open ----------------------------------------------------------------------------

void peer_actor::receive(oracle::frames_received& x) {
  if (!link_ || link_->connection != x.from) return carry_on(x.from, std::move(x.frames));
  std::ranges::move(x.frames, std::back_inserter(link_->unread));
  work();
}

/// Reads on as fast as the peer may send. Credit is given back for what is handled only, so one
/// that sends more is slowed down by its own connection.
void peer_actor::work() {
  while (link_ && !link_->paused && !link_->unread.empty()) {
    if (auto wait = allowance_.take(link_->unread.front().data.size(), now())) {
      link_->paused = true;
      telemetry::slowed();
      delayed_send(this, *wait, resume_atom::value, link_->number);
      return;
    }
    const auto next = std::move(link_->unread.front());
    link_->unread.pop_front();
    const auto connection = link_->connection; // handling may end it
    handle(next);
    connection->grant(1);
  }
}

void peer_actor::handle(const oracle::raw_frame& x) {
  ++link_->counted->received;
  auto said = decode(x, link_->here);
  if (!said) return refuse(said.error());
  if (said->chain_id != shared_->me.chain_id)
    return refuse({ec::not_permitted, "this is another chain: " + shared_->me.chain_id});
  dispatch(std::move(*said));
}

template <class Message>
void peer_actor::pass_on(std::string_view to, Message what) {
  // While one is being restarted nothing waits for it: what matters is said again.
  if (auto found = shared_->find(to)) send(found, std::move(what));
}

void peer_actor::dispatch(chain::peer_envelope x) {
  if (answer_kind(x.what)) return answer_later(x.question, std::move(x.what));
  if (is_answer(x.what)) return take_answer(x.question, std::move(x.what));
  std::visit(
      [this]<class T>(T& what) {
        if constexpr (std::is_constructible_v<consensus::consensus_message, T>) {
          pass_on(chain::path::engine, chain::vote_arrived{who_, std::move(what)});
        } else if constexpr (std::is_same_v<T, peer_head>) {
          send(peers_, head_told{who_, what});
        } else if constexpr (std::is_same_v<T, chain::share_transactions>) {
          pass_on(chain::path::mempool, chain::transactions_shared{who_, std::move(what.encoded)});
        } else if constexpr (std::is_same_v<T, chain::share_evidence>) {
          pass_on(chain::path::evidence, chain::evidence_found{std::move(what.what)});
        } else if constexpr (std::is_same_v<T, chain::share_announcements>) {
          pass_on(chain::path::discovery,
                  chain::announcements_shared{who_, std::move(what.encoded)});
        } else {
          refuse({ec::unsupported, "this is not said on an open link"});
        }
      },
      x.what);
}

// -- what the other side asks --------------------------------------------------------

void peer_actor::answer_later(std::uint64_t question, chain::peer_message what) {
  if (question == 0) return refuse({ec::malformed, "a question without a number"});
  auto sync = shared_->find(chain::path::sync);
  if (!sync || in_hand_ >= in_hand_max) return;
  ++in_hand_;
  ask<chain::peer_message_ptr>(
      sync, shared_->answer_max, chain::question_arrived{who_, std::move(what)},
      [this, question, link = link_->number](const chain::peer_message_ptr& answer) {
        --in_hand_;
        if (answer) write_answer(link, question, *answer);
      },
      [this](const failure&) { --in_hand_; });
}

void peer_actor::write_answer(std::uint64_t link, std::uint64_t question,
                              const chain::peer_message& what) {
  if (!link_ || link_->number != link) return;
  auto frame = std::make_shared<const bytes>(encode({shared_->me.chain_id, question, what}));
  if (link_->unwritten_bytes + frame->size() > unwritten_bytes_max && !link_->unwritten.empty()) {
    telemetry::dropped();
    return;
  }
  link_->unwritten_bytes += frame->size();
  link_->unwritten.push_back(std::move(frame));
  write_waiting();
}

void peer_actor::write_waiting() {
  while (!link_->unwritten.empty()) {
    const auto next = link_->unwritten.front();
    if (!link_->connection->write(next)) return; // it says when there is room
    ++link_->counted->sent;
    link_->unwritten_bytes -= next->size();
    link_->unwritten.pop_front();
  }
}

// -- what is asked of the other side -------------------------------------------------

caf::result<chain::peer_answer> peer_actor::ask_it(const chain::ask_peer& x) {
  if (!link_) return to_caf(ec::not_found, "there is no link to it");
  if (!answer_kind(x.what)) return to_caf(ec::invalid_argument, "this is no question");
  const auto number = questions_.ask(x.what, now() + x.within);
  if (!number) return to_caf(ec::busy, "too many questions to it at once");
  if (!link_->connection->write(encode({shared_->me.chain_id, *number, x.what}))) {
    static_cast<void>(questions_.answered(*number, x.what));
    return to_caf(ec::busy, "it does not read");
  }
  ++link_->counted->sent;
  if (!std::exchange(ticking_, true)) delayed_send(this, tick_every, tick_atom::value);
  return askers_.emplace(*number, make_response_promise<chain::peer_answer>()).first->second;
}

void peer_actor::take_answer(std::uint64_t question, chain::peer_message what) {
  const auto verdict = questions_.answered(question, what);
  // It may have come too late.
  if (verdict == question_table::verdict::unknown) return;
  auto found = askers_.extract(question);
  if (verdict == question_table::verdict::good) {
    found.mapped().deliver(
        chain::peer_answer{who_, std::make_shared<const chain::peer_message>(std::move(what))});
    return;
  }
  found.mapped().deliver(to_caf(ec::malformed, "it answers something else"));
  accuse("an answer that is not what was asked for");
}

void peer_actor::fail_questions(const std::vector<std::uint64_t>& which, const failure& why) {
  for (const auto number : which)
    if (auto found = askers_.extract(number)) found.mapped().deliver(to_caf(why));
}

void peer_actor::tick() {
  fail_questions(questions_.overdue(now()), {ec::timeout, {}});
  ticking_ = questions_.size() > 0;
  if (ticking_) delayed_send(this, tick_every, tick_atom::value);
}

// -- the end of a link ---------------------------------------------------------------

void peer_actor::refuse(const failure& why) {
  if (is_misbehaviour(why.code)) accuse(to_string(why));
  close(why);
}

void peer_actor::close(const failure& why) {
  for (const auto& x : candidates_)
    x.connection->close(why.code, why.detail);
  if (!link_) return;
  link_->connection->close(why.code, why.detail);
  lost(why);
}

void peer_actor::lost(const failure& why) {
  const auto connection = link_->connection;
  link_.reset();
  fail_questions(questions_.take_all(), {ec::unavailable, "the link broke"});
  log::info(
      "peer-link-closed",
      {{"peer", crypto::to_hex(who_)}, {"code", bpci::name(why.code)}, {"detail", why.detail}});
  send(peers_, link_closed{who_, connection, why});
}

void peer_actor::accuse(std::string why) {
  send(peers_, chain::peer_misbehaved{who_, std::move(why)});
}

/// The actor system's, which is virtual in tests.
instant peer_actor::now() const {
  return system().clock().now();
}

std::string peer_actor::describe() const {
  return codec::to_text({{"peer", crypto::to_hex(who_)},
                         {"linked", link_.has_value()},
                         {"address", link_ ? link_->connection->remote_address() : ""},
                         {"dialled", link_ && link_->here == side::client},
                         {"opening", candidates_.size()},
                         {"asked", questions_.size()},
                         {"being_asked", in_hand_},
                         {"unread", link_ ? link_->unread.size() : 0},
                         {"unwritten_bytes", link_ ? link_->unwritten_bytes : 0}});
}

} // namespace bpci::peers
