#pragma once

#include "actors/peers/context.hpp"
#include "actors/peers/link_messages.hpp"
#include "actors/peers/question_table.hpp"
#include "runtime/actor/actor_base.hpp"

#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace bpci::peers {

/// PEER: the links to one other operator, one of them open at most. What comes over it is decoded
/// here, beside that of all others, and goes to whom it is for. Which link stays is
/// `newer_link_stays`, how one opens link_opening.hpp.
///
/// Accepts: dial_link, take_link, close_link, chain::ask_peer from PEERS; frames_received,
/// connection_writable, connection_closed from its connections.
///
/// Ends with PEERS, which starts others. When it is killed its connections close with `restarted`,
/// and PEERS has it dial again.
class peer_actor : public actor_base {
public:
  peer_actor(caf::actor_config& cfg, context_ptr shared, const chain::address& who);

  const char* name() const override { return "peer"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  /// Its other side has not yet proved who it is.
  struct candidate {
    oracle::connection_ptr connection;
    link_opening opening;
    bool dialled = false;
    peer_head mine;
  };

  struct open_link {
    oracle::connection_ptr connection;
    side here = side::server;
    std::shared_ptr<traffic> counted = std::make_shared<traffic>();
    std::deque<oracle::raw_frame> unread; ///< bounded by the connection's credit
    /// Answers that the write queue had no room for.
    std::deque<std::shared_ptr<const bytes>> unwritten;
    std::size_t unwritten_bytes = 0;
    bool paused = false;      ///< it has sent too much; a `resume` is on its way
    std::uint64_t number = 0; ///< what was asked over an older one is not answered over this one
  };

  using promise = caf::typed_response_promise<chain::peer_answer>;

  // opening
  void dial(const dial_link& x);
  void begin(oracle::connection_ptr connection, link_opening opening, bool dialled,
             const peer_head& mine);
  void carry_on(const oracle::connection_ptr& from, std::vector<oracle::raw_frame> frames);
  void open(candidate what, const link_opening::step& last);
  void drop(const oracle::connection_ptr& which, const failure& why);
  void report_failure(bool dialled, const failure& why);

  // open
  void receive(oracle::frames_received& x);
  void work();
  void handle(const oracle::raw_frame& x);
  void dispatch(chain::peer_envelope x);
  void answer_later(std::uint64_t question, chain::peer_message what);
  void write_answer(std::uint64_t link, std::uint64_t question, const chain::peer_message& what);
  void write_waiting();
  void take_answer(std::uint64_t question, chain::peer_message what);
  caf::result<chain::peer_answer> ask_it(const chain::ask_peer& x);
  void fail_questions(const std::vector<std::uint64_t>& which, const failure& why);
  void tick();
  void refuse(const failure& why);
  void close(const failure& why);
  void lost(const failure& why);
  void accuse(std::string why);

  template <class Message>
  void pass_on(std::string_view to, Message what);
  [[nodiscard]] instant now() const;

  context_ptr shared_;
  chain::address who_;
  caf::actor peers_;
  std::vector<candidate> candidates_;
  std::optional<open_link> link_;
  std::uint64_t links_ = 0; ///< since the start
  allowance allowance_;     ///< outlives a link, so that a new one gives no more
  question_table questions_;
  std::map<std::uint64_t, promise> askers_;
  std::size_t in_hand_ = 0; ///< questions of the other side that SYNC has
  bool ticking_ = false;
};

} // namespace bpci::peers
