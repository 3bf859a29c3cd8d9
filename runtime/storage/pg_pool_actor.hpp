#pragma once

#include "runtime/actor/actor_base.hpp"
#include "runtime/storage/pg_pool.hpp"
#include "runtime/storage/sql.hpp"

#include <caf/response_promise.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace bpci::storage {

class wire;
struct job_done;

/// PG POOL: a bounded queue in front of `size` connections to one PostgreSQL. Use it through
/// `storage::run` (runtime/storage/sql.hpp), which says what it answers.
///
/// Every transaction is answered by its deadline, whatever the server does: at the deadline the
/// caller is told, and the socket is cut so that the worker comes free. The server ends what it
/// was doing by its `statement_timeout`, which is the pool's `query_timeout`.
class pg_pool_actor : public actor_base {
public:
  pg_pool_actor(caf::actor_config& cfg, pg_pool_options how);
  ~pg_pool_actor() override;

  const char* name() const override { return "pg-pool"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  using time_point = std::chrono::steady_clock::time_point;

  struct waiting {
    job_ptr what;
    caf::response_promise caller;
  };

  /// One worker and what it has in hand.
  struct seat {
    caf::actor worker;
    std::shared_ptr<wire> line;
    std::uint64_t number = 0; ///< 0: idle
    bool answered = false;    ///< the caller was told that the deadline has passed
    waiting job;
  };

  void fill(seat& it);
  caf::result<job_ptr> accept(const job_ptr& what);
  void hand_out();
  void finish(const job_done& what);
  void release(seat& it);
  void answer(waiting& to, const result<void>& outcome);
  void check_deadlines();
  void drop_late(time_point now);
  void cut_late(seat& it, time_point now);
  void watch();
  [[nodiscard]] pool_stats stats() const;
  [[nodiscard]] failure not_begun() const;

  pg_pool_options how_;
  std::vector<seat> seats_;
  std::deque<waiting> queue_;
  std::uint64_t last_number_ = 0;
  bool watching_ = false;
};

} // namespace bpci::storage
