#include "runtime/supervision/supervisor_actor.hpp"

#include "messages/codec/json.hpp"
#include "messages/inspect.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/log/log.hpp"
#include "runtime/supervision/child_table.hpp"
#include "runtime/supervision/crowd.hpp"
#include "runtime/supervision/crowd_member.hpp"
#include "runtime/time/clock.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace bpci::supervision {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t error_text_max = 1'000;

enum class timer : std::uint8_t {
  restart,       ///< the backoff is over
  start,         ///< and so is the wait for the node's restart budget
  stop_deadline, ///< it was told to end
  kill_deadline, ///< it was killed
  ready_deadline ///< it has not said that it is ready
};

// Messages from a supervisor, or its child's `ready`, to itself.
struct begin {};
struct child_timer {
  std::uint64_t number;
  std::uint64_t turn;
  timer what;
};
struct child_ready {
  std::uint64_t number;
  std::uint64_t turn;
};
/// What is left of the crowd, or one member of it, has had its time.
struct crowd_timer {
  std::uint64_t actor_id; ///< 0: all of them
  timer what;
};

} // namespace

} // namespace bpci::supervision

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::supervision::begin)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::supervision::child_timer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::supervision::child_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::supervision::crowd_timer)

namespace bpci::supervision {

namespace {

/// What `bpci actors show` prints of a supervisor.
struct supervisor_state {
  supervision::strategy strategy = strategy::one_for_one;
  std::uint64_t children = 0;
  std::uint64_t restarts_in_period = 0;
  std::uint64_t max_restarts = 0;
  std::int64_t period_secs = 0;
  bool stopping = false;
};
BPCI_MESSAGE(supervisor_state, strategy, children, restarts_in_period, max_restarts, period_secs,
             stopping)

ending how_it_ended(const caf::error& why) {
  if (!why || why == caf::exit_reason::normal) return ending::normal;
  if (why == caf::exit_reason::user_shutdown) return ending::shutdown;
  if (why == caf::exit_reason::kill) return ending::killed;
  return ending_of(from_caf(why).code);
}

/// For `last_error`: an internal fault says no more than its detail.
std::string text_of(const failure& why) {
  return why.code == ec::internal && !why.detail.empty() ? why.detail : to_string(why);
}

std::string text_of(const caf::error& why) {
  if (!why || why == caf::exit_reason::normal) return {};
  if (why == caf::exit_reason::kill) return "killed";
  return why.category() == caf::atom("exit") ? caf::to_string(why) : text_of(from_caf(why));
}

std::string shortened(std::string text) {
  if (text.size() > error_text_max) text.resize(error_text_max);
  return text;
}

/// The next children are started only when this one runs.
bool gates(const child& x) noexcept {
  return x.spec.wait_ready_max > milliseconds{0};
}

bool is_going_down(const child& x) noexcept {
  return x.state == child_state::stopping;
}

bool awaits_restart(const child& x) noexcept {
  return x.state == child_state::backing_off || x.state == child_state::waiting;
}

result<caf::actor> spawn_safely(const child_spec& x, const spawn_context& context) {
  try {
    auto spawned = x.spawn(context);
    if (spawned && !*spawned) return fail(ec::internal, "the start gave no actor");
    return spawned;
  } catch (const std::exception& e) {
    return fail(ec::internal, e.what());
  } catch (...) {
    return fail(ec::internal, "the start threw something unknown");
  }
}

/// Of a crowd: what its members share has none of what makes others restart or wait.
void check(const start_child_like& x) {
  if (!is_valid_child_id(x.id)) throw std::invalid_argument("not a child id: " + x.id);
  const auto& spec = x.prototype;
  if (!spec || !spec->spawn || spec->policy != policy::temporary || spec->is_supervisor
      || spec->wait_ready_max != milliseconds{0})
    throw std::invalid_argument("not a prototype of temporary children: " + x.id);
}

void check(const child_spec& x) {
  if (!is_valid_child_id(x.id)) throw std::invalid_argument("not a child id: " + x.id);
  if (!x.spawn) throw std::invalid_argument("child without a spawn function: " + x.id);
  if (x.wait_ready_max == while_starting && !x.is_supervisor)
    throw std::invalid_argument("only a supervisor may take unlimited time to start: " + x.id);
}

using action_result = caf::result<child_action_done>;

/// Names who acts on the tree and why, or refuses.
template <class Command>
std::optional<caf::error> refusal_of(const Command& x) {
  if (!x.who.empty() && !x.why.empty()) return {};
  return to_caf(ec::invalid_argument, "say who does this, and why");
}

class supervisor final : public actor_base {
public:
  supervisor(caf::actor_config& cfg, std::string path, supervisor_options how,
             node_context_ptr node, std::function<void()> ready)
      : actor_base(cfg),
        path_(std::move(path)),
        strategy_(how.strategy),
        rules_(how.rules),
        node_(std::move(node)),
        announce_(std::move(ready)) {
    for (auto& spec : how.children) {
      check(spec);
      if (children_.by_id(spec.id)) throw std::invalid_argument("two children named " + spec.id);
      children_.add(std::move(spec), path_, false);
    }
    set_exit_handler([this](caf::scheduled_actor*, caf::exit_msg& x) { end(std::move(x.reason)); });
  }

  const char* name() const override { return "supervisor"; }

  caf::behavior make_behavior() override;
  void on_exit() override;

protected:
  std::string describe() const override;
  void on_down(const caf::down_msg& what) override;

private:
  // -- the order of starting and stopping
  void advance();
  bool stop_those_taken_along();
  void start_in_order();
  void stop_in_order();
  [[nodiscard]] bool blocks_those_below(const child& x) const noexcept;

  // -- one child's life
  void start(child& x);
  void adopt(child& x, const caf::actor& handle);
  void begin_stop(child& x, after_stop then);
  void kill(child& x);
  void abandon(child& x);
  void let_go(child& x);
  void stop_complete(child& x);
  void ended(child& x, ending how, std::string why);
  void back_off(child& x, ending how, const decision& verdict);
  void take_along(const child& x);
  void forget(child& x);
  void keep_evidence(const child& x, const std::string& why);

  void end(caf::error why);

  // -- the crowd
  caf::result<caf::actor> on_start_like(const start_child_like& x);
  action_result on_stop_member(const std::string& id, const caf::actor& who);
  action_result end_member(const std::string& id, const caf::actor& who);
  void on_crowd_timer(const crowd_timer& x);
  void on_member_ended(const member_ended& x);
  void end_crowd();
  void kill_crowd();

  // -- messages
  void on_timer(const child_timer& x);
  void on_ready(const child_ready& x);
  caf::result<caf::actor> on_start(const start_child& x);
  caf::result<caf::actor> answer_for(const child& x) const;
  action_result on_stop(const stop_child& x);
  action_result on_kill(const kill_child& x);
  action_result on_restart(child& x);
  action_result on_pause(child& x);
  action_result on_resume(child& x);
  caf::result<message_released> on_release(const release_message& x);

  /// Runs `act` on the child at `x.path` if it is this supervisor's own, else hands `x` to the
  /// supervisor whose it is.
  template <class Command, class Act>
  action_result act_on(const Command& x, std::string_view event, Act act);

  void arm(const child& x, timer what, milliseconds after);
  void publish(const child& x);
  [[nodiscard]] instant now() const { return system().clock().now(); }

  const std::string path_;
  const supervision::strategy strategy_;
  const restart_rules rules_;
  const node_context_ptr node_;
  std::function<void()> announce_; ///< empty once called
  child_table children_;
  restart_history restarts_; ///< of the table's children together
  crowd_ptr crowd_;          ///< null until there is one
  milliseconds crowd_stop_max_{0};
  std::map<std::uint64_t, caf::typed_response_promise<child_action_done>> member_stops_;
  std::optional<caf::error> ending_;
};

// -- the order of starting and stopping ----------------------------------------

/// Takes the next steps that the children's states allow; called after every change.
void supervisor::advance() {
  if (!ending_ && !stop_those_taken_along()) {
    start_in_order();
    if (!ending_) stop_those_taken_along(); // of a start that has failed
  }
  if (ending_) stop_in_order();
}

/// Bottom to top, one after the other. Returns whether one is still on its way.
bool supervisor::stop_those_taken_along() {
  for (auto* x : children_.fixed() | std::views::reverse) {
    if (!x->stop_pending) continue;
    if (x->alive()) {
      if (!is_going_down(*x)) begin_stop(*x, after_stop::start_again);
      return true;
    }
    x->stop_pending = false;
  }
  return false;
}

void supervisor::start_in_order() {
  if (strategy_ == strategy::one_for_all
      && std::ranges::any_of(children_.fixed(), [](auto* x) { return awaits_restart(*x); }))
    return;
  for (auto* x : children_.fixed()) {
    if (x->wanted && x->state == child_state::stopped) start(*x);
    if (ending_ || blocks_those_below(*x)) return;
  }
  if (auto announce = std::exchange(announce_, nullptr)) announce();
}

bool supervisor::blocks_those_below(const child& x) const noexcept {
  if (!x.wanted || x.state == child_state::running) return false;
  return gates(x) || strategy_ != strategy::one_for_one;
}

/// The dynamic children all at once, then the table from bottom to top.
void supervisor::stop_in_order() {
  if (children_.dynamic_alive() > 0 || (crowd_ && crowd_->size() > 0)) return;
  for (auto* x : children_.fixed() | std::views::reverse) {
    if (!x->alive()) continue;
    if (!is_going_down(*x)) begin_stop(*x, after_stop::stay_stopped);
    return;
  }
  quit(*ending_);
}

void supervisor::end(caf::error why) {
  if (ending_) return;
  ending_ = std::move(why);
  end_crowd();
  children_.for_each([this](child& x) {
    if (is_going_down(x)) {
      if (x.then != after_stop::remove) x.then = after_stop::stay_stopped;
    } else if (x.alive() && x.dynamic) {
      begin_stop(x, after_stop::stay_stopped);
    } else if (!x.alive()) {
      ++x.turn;
      x.state = child_state::stopped;
      publish(x);
    }
  });
  advance();
}

// -- one child's life ----------------------------------------------------------

void supervisor::start(child& x) {
  ++x.turn;
  if (++x.starts > 1) x.last_restart_at = wall_now();
  x.running_since = instant::max();
  auto context = spawn_context{system(), caf::actor{this}, x.path, node_,
                               [me = address(), ready = child_ready{x.number, x.turn}] {
                                 caf::anon_send(caf::actor_cast<caf::actor>(me), ready);
                               }};
  auto spawned = spawn_safely(x.spec, context);
  if (spawned && children_.by_address((*spawned).address()))
    spawned = fail(ec::internal, "the start gave an actor that is another child");
  if (!spawned) return ended(x, ending_of(spawned.error().code), text_of(spawned.error()));
  adopt(x, *spawned);
}

void supervisor::adopt(child& x, const caf::actor& handle) {
  x.handle = handle;
  x.started_at = wall_now();
  children_.now_alive(x);
  monitor<caf::message_priority::high>(handle);
  auto* seen = dynamic_cast<observable*>(caf::actor_cast<caf::abstract_actor*>(handle));
  x.life = seen ? seen->life() : nullptr;
  x.state = child_state::starting;
  if (!gates(x))
    x.runs_from(now());
  else if (x.spec.wait_ready_max != while_starting)
    arm(x, timer::ready_deadline, x.spec.wait_ready_max);
  node_->directory.put(x.path, handle);
  publish(x);
  log::debug("child-started", {{"path", x.path}, {"actor", handle.id()}, {"start", x.starts}});
}

void supervisor::begin_stop(child& x, after_stop then) {
  ++x.turn;
  x.then = then;
  x.state = child_state::stopping;
  publish(x);
  if (x.spec.stop_max <= milliseconds{0}) return kill(x);
  send_exit_now(x.handle, caf::exit_reason::user_shutdown);
  arm(x, timer::stop_deadline, x.spec.stop_max);
}

void supervisor::kill(child& x) {
  send_exit_now(x.handle, caf::exit_reason::kill);
  arm(x, timer::kill_deadline, kill_max);
}

/// A thread that never comes back from a handler cannot be taken from its actor; the node goes on
/// without it.
void supervisor::abandon(child& x) {
  log::error("child-abandoned", {{"path", x.path}, {"actor", x.handle.id()}});
  x.last_error = "did not end when it was killed";
  demonitor(x.handle.address());
  let_go(x);
  stop_complete(x);
}

void supervisor::let_go(child& x) {
  ++x.turn; // voids its deadlines
  node_->directory.remove(x.path, x.handle);
  children_.now_gone(x);
}

void supervisor::stop_complete(child& x) {
  x.state = child_state::stopped;
  switch (x.then) {
  case after_stop::start_again:
    if (x.dynamic) return start(x);
    break;
  case after_stop::pause:
    x.state = child_state::paused;
    break;
  case after_stop::stay_stopped:
    break;
  case after_stop::remove:
    return forget(x);
  case after_stop::count_as_crash:
    return ended(x, ending::crashed, x.last_error);
  }
  publish(x);
}

void supervisor::ended(child& x, ending how, std::string why) {
  ++x.turn;
  x.state = child_state::stopped;
  if (how != ending::normal && how != ending::shutdown) x.last_error = shortened(std::move(why));
  if (how == ending::crashed) keep_evidence(x, x.last_error);
  if (ending_) return publish(x);
  if (x.running_since <= now() - rules_.backoff.quiet) x.attempt = 0;
  auto verdict =
      x.dynamic
          ? decide_isolated(rules_, x.spec.policy, how, x.restarts, x.attempt, now(), random_u64())
          : decide(rules_, x.spec.policy, how, restarts_, x.attempt, now(), random_u64());
  switch (verdict.what) {
  case action::forget:
    return forget(x);
  case action::restart:
    return back_off(x, how, verdict);
  case action::escalate:
    log::error("supervisor-escalates", {{"path", path_}, {"child", x.path}, {"why", x.last_error}});
    publish(x);
    return end(to_caf(ec::internal, x.path + " ended too often: " + x.last_error));
  }
}

void supervisor::back_off(child& x, ending how, const decision& verdict) {
  log::warn("child-restarts", {{"path", x.path},
                               {"ending", boost::describe::enum_to_string(how, "")},
                               {"why", x.last_error},
                               {"delay_ms", verdict.delay.count()}});
  x.state = how == ending::dependency_down ? child_state::waiting : child_state::backing_off;
  ++x.attempt;
  if (verdict.counts) {
    x.restarts.add(now(), rules_.intensity);
    restarts_.add(now(), rules_.intensity);
  }
  take_along(x);
  arm(x, timer::restart, verdict.delay);
  publish(x);
}

/// Those that are restarted with `x` are stopped now; `start_in_order` starts them after it.
void supervisor::take_along(const child& x) {
  if (x.dynamic || strategy_ == strategy::one_for_one) return;
  for (auto* other : children_.fixed())
    if (other->alive()
        && (strategy_ == strategy::one_for_all ? other != &x : other->number > x.number))
      other->stop_pending = true;
}

void supervisor::forget(child& x) {
  x.wanted = false;
  for (auto& promise : x.stop_waiters)
    promise.deliver(child_action_done{x.path, 0});
  x.stop_waiters.clear();
  if (!x.dynamic) return publish(x);
  node_->tree.remove(x.path, id());
  children_.remove(x);
}

void supervisor::keep_evidence(const child& x, const std::string& why) {
  if (!x.life) return;
  if (auto in_hand = x.life->in_hand())
    node_->quarantine.record(*in_hand, {x.path, why, wall_now()});
}

void supervisor::arm(const child& x, timer what, milliseconds after) {
  auto due = child_timer{x.number, x.turn, what};
  if (after <= milliseconds{0})
    send<caf::message_priority::high>(this, due);
  else
    delayed_send<caf::message_priority::high>(this, after, due);
}

void supervisor::publish(const child& x) {
  tree_row row;
  row.path = x.path;
  row.type = x.spec.type;
  row.state = x.state;
  row.actor_id = x.alive() ? x.handle.id() : 0;
  row.started_at = x.started_at;
  row.restarts = x.starts > 1 ? x.starts - 1 : 0;
  row.restarts_in_period = x.restarts.within_period(now(), rules_.intensity);
  row.last_restart_at = x.last_restart_at;
  row.last_error = x.last_error;
  node_->tree.put({std::move(row), x.life, id(), rules_.intensity.period});
}

// -- messages ------------------------------------------------------------------

caf::behavior supervisor::make_behavior() {
  // Not from here: what happens before the behavior stands cannot end the actor.
  send<caf::message_priority::high>(this, begin{});
  children_.for_each([this](const child& x) { publish(x); });
  return {
      [this](begin) { advance(); },
      [this](const child_timer& x) { on_timer(x); },
      [this](const child_ready& x) { on_ready(x); },
      [this](const start_child& x) { return on_start(x); },
      [this](const start_child_like& x) { return on_start_like(x); },
      [this](const crowd_timer& x) { on_crowd_timer(x); },
      [this](const member_ended& x) { on_member_ended(x); },
      [this](const stop_child& x) { return on_stop(x); },
      [this](const tree_query& x) { return node_->tree.read(x, wall_now()); },
      [this](const find_child& x) -> caf::result<caf::actor> {
        auto found = node_->directory.find(x.path);
        if (!found) return to_caf(ec::not_found, "nobody is alive at " + x.path);
        return found;
      },
      [this](const kill_child& x) { return on_kill(x); },
      [this](const restart_child& x) {
        return act_on(x, "actor-restarted-by-admin", &supervisor::on_restart);
      },
      [this](const pause_child& x) {
        return act_on(x, "actor-paused-by-admin", &supervisor::on_pause);
      },
      [this](const resume_child& x) {
        return act_on(x, "actor-resumed-by-admin", &supervisor::on_resume);
      },
      [this](const quarantine_query& x) { return node_->quarantine.list(x); },
      [this](const release_message& x) { return on_release(x); },
  };
}

void supervisor::on_down(const caf::down_msg& what) {
  auto* x = children_.by_address(what.source);
  if (!x) return;
  auto crash = x->life ? x->life->crash() : std::string{};
  auto was_going_down = is_going_down(*x);
  let_go(*x);
  if (was_going_down)
    stop_complete(*x);
  else
    ended(*x, how_it_ended(what.reason), crash.empty() ? text_of(what.reason) : crash);
  advance();
}

void supervisor::on_timer(const child_timer& due) {
  auto* x = children_.by_number(due.number);
  if (!x || x->turn != due.turn) return;
  switch (due.what) {
  case timer::restart:
    if (auto wait = node_->budget.take(now()); wait > milliseconds{0})
      return arm(*x, timer::start, wait);
    [[fallthrough]];
  case timer::start:
    x->state = child_state::stopped;
    if (x->dynamic) start(*x);
    break;
  case timer::stop_deadline:
    log::warn("child-killed-after-deadline", {{"path", x->path}});
    return kill(*x);
  case timer::kill_deadline:
    abandon(*x);
    break;
  case timer::ready_deadline:
    x->last_error = "was not ready after " + std::to_string(x->spec.wait_ready_max.count()) + " ms";
    ++x->turn;
    x->then = after_stop::count_as_crash;
    x->state = child_state::stopping;
    publish(*x);
    return kill(*x);
  }
  advance();
}

void supervisor::on_ready(const child_ready& what) {
  auto* x = children_.by_number(what.number);
  if (!x || x->turn != what.turn || x->state != child_state::starting) return;
  ++x->turn; // voids the deadline
  x->runs_from(now());
  publish(*x);
  advance();
}

caf::result<caf::actor> supervisor::on_start(const start_child& what) {
  const auto& spec = what.spec;
  if (ending_) return to_caf(ec::shutting_down);
  if (strategy_ != strategy::one_for_one)
    return to_caf(ec::unsupported, path_ + " restarts its children together");
  try {
    check(spec);
  } catch (const std::invalid_argument& e) {
    return to_caf(ec::invalid_argument, e.what());
  }
  if (const auto* running = children_.by_id(spec.id)) return answer_for(*running);
  if (auto member = crowd_ ? crowd_->find(spec.id) : caf::actor{}) return member;
  auto& x = children_.add(spec, path_, true);
  start(x);
  // A start that failed has removed the child unless it is tried again.
  const auto* started = children_.by_id(spec.id);
  if (!started) return to_caf(ec::internal, spec.id + " could not be started");
  return answer_for(*started);
}

caf::result<caf::actor> supervisor::answer_for(const child& x) const {
  if (is_going_down(x)) return to_caf(ec::busy, x.path + " is being stopped");
  if (x.state == child_state::paused) return to_caf(ec::unavailable, x.path + " is paused");
  if (!x.alive()) return to_caf(ec::restarted, x.path + ": " + x.last_error);
  return x.handle;
}

action_result supervisor::on_stop(const stop_child& what) {
  auto* x = children_.by_id(what.id);
  if (ending_) return to_caf(ec::shutting_down);
  if (auto member = crowd_ && !x ? crowd_->find(what.id) : caf::actor{})
    return on_stop_member(what.id, member);
  if (!x) return to_caf(ec::not_found, what.id);
  if (!x->dynamic) return to_caf(ec::unsupported, x->path + " can be paused, not removed");
  auto done = make_response_promise<child_action_done>();
  x->stop_waiters.push_back(done);
  if (!x->alive())
    forget(*x);
  else if (is_going_down(*x))
    x->then = after_stop::remove;
  else
    begin_stop(*x, after_stop::remove);
  return done;
}

/// Goes to the actor itself, not through its supervisor, which may be busy.
action_result supervisor::on_kill(const kill_child& x) {
  if (auto why_not = refusal_of(x)) return *why_not;
  auto victim = node_->directory.find(x.path);
  if (!victim) return to_caf(ec::not_found, "nobody is alive at " + x.path);
  log::warn("actor-killed-by-admin",
            {{"path", x.path}, {"actor", victim.id()}, {"who", x.who}, {"why", x.why}});
  send_exit_now(victim, caf::exit_reason::kill);
  return child_action_done{x.path, victim.id()};
}

template <class Command, class Act>
action_result supervisor::act_on(const Command& x, std::string_view event, Act act) {
  if (auto why_not = refusal_of(x)) return *why_not;
  auto parent = parent_path(x.path);
  if (parent != path_) {
    auto owner = node_->directory.find(parent);
    if (!owner || !dynamic_cast<supervisor*>(caf::actor_cast<caf::abstract_actor*>(owner)))
      return to_caf(ec::not_found, x.path);
    this->delegate(owner, x);
    return caf::delegated<child_action_done>{};
  }
  auto id = std::string{std::string_view{x.path}.substr(parent.size() + 1)};
  auto* target = children_.by_id(id);
  auto member = crowd_ && !target ? crowd_->find(id) : caf::actor{};
  if (!target && !member) return to_caf(ec::not_found, x.path);
  if (ending_) return to_caf(ec::shutting_down);
  if (member && !std::is_same_v<Command, restart_child>)
    return to_caf(ec::unsupported, x.path + " is started whenever it is needed");
  log::warn(event, {{"path", x.path}, {"who", x.who}, {"why", x.why}});
  if (member) return end_member(id, member);
  auto answer = (this->*act)(*target);
  advance();
  return answer;
}

action_result supervisor::on_restart(child& x) {
  auto before = child_action_done{x.path, x.alive() ? x.handle.id() : 0};
  if (is_going_down(x)) return to_caf(ec::conflict, x.path + " is being stopped already");
  x.wanted = true;
  x.attempt = 0;
  if (x.alive()) {
    take_along(x);
    if (x.dynamic || strategy_ == strategy::one_for_one)
      begin_stop(x, after_stop::start_again);
    else
      x.stop_pending = true;
    return before;
  }
  ++x.turn;
  x.state = child_state::stopped;
  if (x.dynamic) start(x);
  return before;
}

action_result supervisor::on_pause(child& x) {
  auto before = child_action_done{x.path, x.alive() ? x.handle.id() : 0};
  if (is_going_down(x)) return to_caf(ec::conflict, x.path + " is being stopped already");
  if (x.state == child_state::paused) return before;
  if (x.alive()) {
    begin_stop(x, after_stop::pause);
    return before;
  }
  ++x.turn;
  x.state = child_state::paused;
  publish(x);
  return before;
}

action_result supervisor::on_resume(child& x) {
  if (x.state != child_state::paused) return to_caf(ec::conflict, x.path + " is not paused");
  return on_restart(x);
}

caf::result<message_released> supervisor::on_release(const release_message& x) {
  if (auto why_not = refusal_of(x)) return *why_not;
  if (!node_->quarantine.release(x.id)) return to_caf(ec::not_found, x.id.get());
  log::warn("message-released", {{"message", x.id.get()}, {"who", x.who}, {"why", x.why}});
  return message_released{x.id};
}

std::string supervisor::describe() const {
  return codec::to_text(codec::to_json(supervisor_state{
      strategy_, children_.size(), restarts_.within_period(now(), rules_.intensity),
      rules_.intensity.max_restarts, rules_.intensity.period.count(), ending_.has_value()}));
}

/// Also reached by a kill and by a crash, when children are still alive: nobody would ever stop
/// them, and the next incarnation starts its own.
void supervisor::on_exit() {
  children_.for_each([this](child& x) {
    for (auto& promise : x.stop_waiters)
      promise.deliver(to_caf(ec::shutting_down));
    if (x.alive()) {
      send_exit_now(x.handle, caf::exit_reason::kill);
      node_->directory.remove(x.path, x.handle);
    }
    node_->tree.remove(x.path, id());
  });
  children_.clear();
  kill_crowd();
}

// -- the crowd -----------------------------------------------------------------

caf::result<caf::actor> supervisor::on_start_like(const start_child_like& what) {
  if (ending_) return to_caf(ec::shutting_down);
  if (strategy_ != strategy::one_for_one)
    return to_caf(ec::unsupported, path_ + " restarts its children together");
  try {
    check(what);
  } catch (const std::invalid_argument& e) {
    return to_caf(ec::invalid_argument, e.what());
  }
  if (const auto* running = children_.by_id(what.id)) return answer_for(*running);
  if (!crowd_) {
    crowd_ = std::make_shared<crowd>(path_);
    node_->directory.attach(crowd_);
    node_->tree.attach(crowd_);
  }
  if (auto running = crowd_->find(what.id)) return running;
  auto context = spawn_context{system(), caf::actor{this}, path_ + '/' + what.id, node_, [] {}};
  auto spawned = spawn_safely(*what.prototype, context);
  if (!spawned) return to_caf(spawned.error());
  if (!dynamic_cast<crowd_member*>(caf::actor_cast<caf::abstract_actor*>(*spawned))) {
    send_exit_now(*spawned, caf::exit_reason::kill);
    return to_caf(ec::invalid_argument, what.id + " is no member of a crowd");
  }
  crowd_stop_max_ = std::max(crowd_stop_max_, what.prototype->stop_max);
  crowd_->add(what.id, what.prototype->type, *spawned);
  return *spawned;
}

action_result supervisor::on_stop_member(const std::string& id, const caf::actor& who) {
  auto done = make_response_promise<child_action_done>();
  if (!member_stops_.emplace(who.id(), done).second)
    return to_caf(ec::conflict, path_ + '/' + id + " is being stopped already");
  end_member(id, who);
  return done;
}

action_result supervisor::end_member(const std::string& id, const caf::actor& who) {
  crowd_->stopping(id);
  send_exit_now(who, caf::exit_reason::user_shutdown);
  delayed_send<caf::message_priority::high>(this, crowd_stop_max_,
                                            crowd_timer{who.id(), timer::stop_deadline});
  return child_action_done{path_ + '/' + id, who.id()};
}

void supervisor::end_crowd() {
  if (!crowd_) return;
  for (const auto& who : crowd_->all())
    send_exit_now(who, caf::exit_reason::user_shutdown);
  delayed_send<caf::message_priority::high>(this, crowd_stop_max_,
                                            crowd_timer{0, timer::stop_deadline});
}

void supervisor::on_crowd_timer(const crowd_timer& due) {
  auto left = std::size_t{0};
  for (const auto& who : crowd_->all()) {
    if (due.actor_id != 0 && who.id() != due.actor_id) continue;
    ++left;
    send_exit_now(who, caf::exit_reason::kill);
  }
  if (left == 0 || due.actor_id != 0) return;
  if (due.what == timer::stop_deadline) {
    log::warn("children-killed-after-deadline", {{"path", path_}, {"children", left}});
    delayed_send<caf::message_priority::high>(this, kill_max, crowd_timer{0, timer::kill_deadline});
    return;
  }
  log::error("children-abandoned", {{"path", path_}, {"children", left}});
  crowd_->clear();
  advance();
}

void supervisor::on_member_ended(const member_ended& x) {
  auto life = crowd_ ? crowd_->remove(x.id, x.actor_id) : nullptr;
  if (!life) return;
  auto path = path_ + '/' + x.id;
  if (how_it_ended(x.why) == ending::crashed) {
    auto why = life->crash();
    if (auto in_hand = life->in_hand())
      node_->quarantine.record(*in_hand, {path, why.empty() ? text_of(x.why) : why, wall_now()});
  }
  if (auto waits = member_stops_.find(x.actor_id); waits != member_stops_.end()) {
    waits->second.deliver(child_action_done{path, 0});
    member_stops_.erase(waits);
  }
  advance();
}

/// They are nobody's any more.
void supervisor::kill_crowd() {
  for (auto& [id, promise] : std::exchange(member_stops_, {}))
    promise.deliver(to_caf(ec::shutting_down));
  if (!crowd_) return;
  node_->directory.detach(crowd_);
  node_->tree.detach(crowd_);
  for (const auto& who : crowd_->clear())
    send_exit_now(who, caf::exit_reason::kill);
}

} // namespace

caf::actor spawn_supervisor(caf::actor_system& system, std::string path, supervisor_options how,
                            node_context_ptr node, std::function<void()> ready) {
  return system.spawn<supervisor>(std::move(path), std::move(how), std::move(node),
                                  std::move(ready));
}

} // namespace bpci::supervision
