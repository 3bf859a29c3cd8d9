#pragma once

#include "runtime/actor/actor_base.hpp"
#include "runtime/storage/pg_pool.hpp"
#include "runtime/storage/sql.hpp"

#include <cstdint>
#include <memory>

namespace bpci::storage {

class wire;

/// From: a PG POOL. To: one of its workers, when that is idle. Answer, later: job_done.
struct assignment {
  std::uint64_t number = 0;
  job_ptr what;
};

struct job_done {
  std::uint64_t number = 0;
  result<void> outcome;
};

/// Holds one connection, and a thread of its own, on which transactions may block. Connects when
/// the first transaction needs it, and again whenever the connection was lost.
///
/// Spawn detached, by a PG POOL only.
class pg_worker_actor : public actor_base {
public:
  pg_worker_actor(caf::actor_config& cfg, caf::actor pool, const pg_pool_options& how,
                  std::shared_ptr<wire> it);
  ~pg_worker_actor() override;

  const char* name() const override { return "pg-worker"; }

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  class connection_keeper;

  result<void> carry_out(job& what);

  caf::actor pool_;
  std::unique_ptr<connection_keeper> connection_;
  std::shared_ptr<wire> wire_;
};

} // namespace bpci::storage

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::storage::assignment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::storage::job_done)
