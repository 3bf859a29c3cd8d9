#include "runtime/storage/pg_worker_actor.hpp"

#include "messages/inspect.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/session.hpp"

#include <algorithm>
#include <string_view>

namespace bpci::storage {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto first_backoff = milliseconds{50};
constexpr auto backoff_max = milliseconds{500};

/// PostgreSQL 15 documentation, section 13.5.3: an application must be prepared to retry.
constexpr auto attempts_max = 3;

bool met_others(const std::exception_ptr& what) {
  try {
    std::rethrow_exception(what);
  } catch (const pqxx::serialization_failure&) {
    return true;
  } catch (const pqxx::deadlock_detected&) {
    return true;
  } catch (...) {
    return false;
  }
}

failure cut_failure() {
  return fail(ec::timeout, "the deadline has passed");
}

} // namespace

/// The connection and the patience with a database that is away.
class pg_worker_actor::connection_keeper {
public:
  connection_keeper(const pg_pool_options& how, std::shared_ptr<wire> it)
      : how_{how.conninfo, how.application_name, how.query_timeout, how.idle_in_transaction_max},
        wire_(std::move(it)) {}

  ~connection_keeper() { drop(); }

  [[nodiscard]] pqxx::connection& get() { return *connection_; }

  /// Connected, or the deadline passed, or the job was cut.
  result<void> ensure(steady_clock::time_point deadline) {
    if (connection_ && connection_->is_open()) return {};
    drop();
    while (!attempt()) {
      auto next = std::max(next_attempt_, steady_clock::now());
      if (next >= deadline || !wait_until(next))
        return fail(ec::unavailable, "there is no connection to the database");
    }
    return {};
  }

  void drop() {
    wire_->closed();
    connection_.reset();
  }

  void drop_if_broken() {
    if (connection_ && !connection_->is_open()) drop();
  }

private:
  bool attempt() {
    if (steady_clock::now() < next_attempt_) return false;
    try {
      connection_ = open_session(how_, *wire_);
      if (backoff_ != first_backoff) log::info("database-reached");
      backoff_ = first_backoff;
      return true;
    } catch (const std::exception& e) {
      wire_->failed_to_open();
      if (backoff_ == first_backoff) log::warn("database-unreachable", {{"why", e.what()}});
      next_attempt_ = steady_clock::now() + backoff_;
      backoff_ = std::min(backoff_ * 2, backoff_max);
      return false;
    }
  }

  bool wait_until(steady_clock::time_point moment) {
    auto time = std::chrono::ceil<milliseconds>(moment - steady_clock::now());
    return wire_->pause(std::max(time, milliseconds{1}));
  }

  session_options how_;
  std::shared_ptr<wire> wire_;
  std::unique_ptr<pqxx::connection> connection_;
  steady_clock::time_point next_attempt_{};
  milliseconds backoff_ = first_backoff;
};

namespace {

/// How one attempt ended: `again` when nothing has happened and another one may succeed.
struct attempt_end {
  result<void> outcome;
  bool again = false;
};

attempt_end attempt(pqxx::connection& connection, job& what) {
  auto begun = false;
  try {
    pqxx::work tx{connection};
    begun = true;
    auto outcome = what.perform(tx);
    if (outcome)
      tx.commit();
    else
      tx.abort();
    return {std::move(outcome)};
  } catch (...) {
    auto thrown = std::current_exception();
    // A connection that died while it was idle is found out by BEGIN.
    auto again = met_others(thrown) || (!begun && !connection.is_open());
    return {to_failure(thrown), again};
  }
}

} // namespace

pg_worker_actor::pg_worker_actor(caf::actor_config& cfg, caf::actor pool,
                                 const pg_pool_options& how, std::shared_ptr<wire> it)
    : actor_base(cfg),
      pool_(std::move(pool)),
      connection_(std::make_unique<connection_keeper>(how, it)),
      wire_(std::move(it)) {}

pg_worker_actor::~pg_worker_actor() = default;

caf::behavior pg_worker_actor::make_behavior() {
  return {
      [this](const assignment& x) {
        wire_->take(x.number);
        auto outcome = carry_out(*x.what);
        connection_->drop_if_broken();
        wire_->end();
        send(pool_, job_done{x.number, std::move(outcome)});
      },
  };
}

result<void> pg_worker_actor::carry_out(job& what) {
  for (auto attempts = 1;; ++attempts) {
    if (steady_clock::now() >= what.deadline) return cut_failure();
    if (auto connected = connection_->ensure(what.deadline); !connected) return connected;
    if (!wire_->begin()) return cut_failure();
    auto end = attempt(connection_->get(), what);
    if (!end.again || attempts == attempts_max) return std::move(end.outcome);
  }
}

void pg_worker_actor::on_exit() {
  connection_.reset();
  pool_ = nullptr;
}

} // namespace bpci::storage
