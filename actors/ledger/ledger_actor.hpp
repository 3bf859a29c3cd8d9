#pragma once

#include "actors/ledger/chain_work.hpp"
#include "actors/ledger/context.hpp"
#include "actors/ledger/state_now.hpp"
#include "actors/ledger/tip.hpp"
#include "messages/chain/questions.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/storage/sql.hpp"

#include <caf/typed_response_promise.hpp>

#include <deque>
#include <set>

namespace bpci::ledger {

/// LEDGER: executes blocks, stores the chain, and answers what it is asked about it. What it
/// decides is in tip.hpp and executor.hpp, its SQL in chain_store.hpp; what takes long (loading,
/// restoring, snapshots) is done beside it (chain_work.hpp).
///
/// Spawn it detached: a full block is some 100 ms of work, in which it answers nobody; on a thread
/// of its own that keeps nobody else waiting, and there are no two versions of the state to keep
/// apart. Whoever asks meanwhile is answered behind it, within his deadline.
///
/// It ends, with a reason, on a database that has another chain (config_invalid) or a damaged one
/// (storage_failed), and when the stored chain stands elsewhere than it knows (conflict): the next
/// incarnation loads it. Until it has loaded it answers `unavailable`.
///
/// Accepts: messages/chain/position.hpp and blocks.hpp (from ENGINE, INSTANCE, EVIDENCE and SYNC);
/// the section LEDGER of questions.hpp (from the gateway, by KEEPER); watch_state (from MEMPOOL).
class ledger_actor : public actor_base {
public:
  ledger_actor(caf::actor_config& cfg, ledger_options_ptr how);

  const char* name() const override { return "ledger"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  template <class Reply>
  using promise = caf::typed_response_promise<Reply>;

  struct waiting_append {
    chain::append_block what;
    promise<chain::position> answer;
    std::chrono::steady_clock::time_point since;
  };

  struct restore {
    chain::final_header at;
    std::shared_ptr<restoration> state;
  };

  // -- loading
  void loaded(const chain_loaded& x);
  void stand_at(chain_at_hand x);
  void give_up(const failure& why);

  // -- blocks
  caf::message_handler block_handlers();
  caf::result<chain::block_filled> fill(const chain::fill_block& x);
  caf::result<chain::block_valid> validate(const chain::validate_block& x);
  caf::result<chain::position> append(const chain::append_block& x);
  void append_next();
  void store(const tip::step& x);
  void stored(const tip::step& x);
  void not_stored(const failure& why);
  void watch(std::set<caf::actor>& watchers);
  void tell();

  // -- snapshots and restoring
  caf::message_handler sync_handlers();
  void snapshot_if_due();
  caf::result<chain::restore_progress> begin(const chain::begin_restore& x);
  caf::result<chain::restore_progress> add(const chain::add_chunk& x);
  caf::result<chain::position> finish(const chain::finish_restore& x);
  void restored(const chain_restored& x);

  // -- questions (ledger_answers.cpp)
  caf::message_handler question_handlers();
  caf::result<chain::past_height> find_past(height at);
  caf::result<chain::final_header> find_header(height at);
  caf::result<chain::chain_overview> overview() const;
  caf::result<chain::block_shown> show_block(const chain::get_block& x);
  caf::result<chain::transaction_shown> show_transaction(const hash& id);
  void show_waiting(const hash& id, promise<chain::transaction_shown> answer);
  caf::result<chain::module_answer> ask_a_module(const chain::ask_module& x) const;
  caf::result<chain::state_proven> prove(const chain::prove_state& x) const;
  caf::result<chain::receipt_proven> prove(const chain::prove_receipt& x);

  /// Asks the database, and answers with what `show(T)` makes of it: a Reply, or a failure.
  template <class Reply, class T, class Query, class Show>
  caf::result<Reply> look_up(Query what, Show show) {
    auto pool = how_->find(how_->pool);
    if (!tip_) return to_caf(still_loading());
    if (!pool) return to_caf(ec::unavailable, "the database");
    auto answer = this->template make_response_promise<Reply>();
    storage::run<T>(this, pool, query_max, std::move(what))
        .then(
            [answer, show = std::move(show)](T x) mutable {
              result<Reply> out = show(std::move(x));
              if (out)
                answer.deliver(std::move(*out));
              else
                answer.deliver(to_caf(out.error()));
            },
            [answer](const failure& why) mutable { answer.deliver(to_caf(why)); });
    return answer;
  }

  static failure still_loading();

  ledger_options_ptr how_;
  rules rules_;
  stop_flag stop_ = std::make_shared<std::atomic<bool>>(false);
  caf::actor_addr loader_; ///< Monitored.
  std::optional<tip> tip_; ///< Empty while it is loading.
  store::chain_row row_;   ///< What is stored.

  std::set<caf::actor> watchers_; ///< Monitored, like the next.
  std::set<caf::actor> state_watchers_;

  std::deque<waiting_append> appends_; ///< Strictly one after the other.
  bool appending_ = false;

  bool writing_snapshot_ = false;
  std::optional<restore> restoring_;
  std::optional<promise<chain::position>> finishing_;
  caf::actor_addr restorer_; ///< Monitored.
};

} // namespace bpci::ledger
