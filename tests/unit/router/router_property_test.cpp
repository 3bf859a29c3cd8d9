#define CAF_SUITE router_properties

#include "tests/unit/router/helpers.hpp"

#include <caf/test/unit_test.hpp>

#include <random>
#include <stdexcept>

/// Anything may happen to a router in any order; each command is answered once all the same, and
/// its memory stays within its limits.
namespace bpci::router {

namespace {

constexpr auto first_seed = 1;
constexpr auto runs = 300;
constexpr auto events = 1'500;
constexpr auto sweep = 100ms;

struct broken_rule : std::logic_error {
  using std::logic_error::logic_error;
};

void require(bool holds, const char* rule) {
  if (!holds) throw broken_rule{rule};
}

class run {
public:
  explicit run(std::uint64_t seed) : random_(seed), config_(any_config()), uut_(config_) {}

  void play() {
    for (auto n = 0; n < events; ++n) {
      happen();
      check_limits();
    }
    finish();
  }

private:
  struct attempt {
    std::uint64_t no;
    std::uint64_t to; ///< 1: the host
  };

  std::uint64_t pick(std::uint64_t limit) { return random_() % limit; }

  router_config any_config() {
    router_config x;
    x.self = member_id{"m1"};
    x.pending = {5 + pick(60), 2'000 + pick(40'000)};
    x.window = {1 + pick(20), 1'000 + pick(10'000)};
    x.buffer_per_slot = 300 + pick(6'000);
    x.buffer = 300 + pick(12'000);
    x.buffer_wait = std::chrono::milliseconds{100 + pick(3'000)};
    return x;
  }

  void happen() {
    switch (pick(14)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return submit();
    case 4:
      return submit_routed();
    case 5:
    case 6:
    case 7:
      return answer_any();
    case 8:
      return rows();
    case 9:
      return come(1 + pick(4));
    case 10:
      return pick(3) == 0 ? go(1 + pick(4)) : come(1 + pick(4));
    default:
      return pass();
    }
  }

  entity::entity_ref any_entity() { return {"counter", "e" + std::to_string(pick(6))}; }

  void owe(std::chrono::milliseconds within) { owed_[++last_ticket_] = now_ + within; }

  void submit() {
    auto within = std::chrono::milliseconds{1 + pick(4'000)};
    auto what = std::make_shared<const entity::command>(
        make(any_entity(), "k" + std::to_string(pick(50)), within, pick(800)));
    owe(within);
    effects([&](auto& out) { uut_.submit(what, ticket{last_ticket_}, now_, out); });
  }

  void submit_routed() {
    auto within = std::chrono::milliseconds{pick(4'000)};
    entity::numbered_command what;
    what.what = std::make_shared<const entity::command>(
        make(any_entity(), "k" + std::to_string(pick(50)), 5s, pick(800)));
    what.slot = entity::slot_of(what.what->to);
    what.epoch = slots::epoch_no{pick(last_epoch_ + 2)};
    what.within_ms = static_cast<std::uint64_t>(within.count());
    owe(within);
    effects([&](auto& out) { uut_.submit_routed(what, ticket{last_ticket_}, now_, out); });
  }

  result<entity::response> any_answer() {
    switch (pick(8)) {
    case 0:
      return fail(ec::not_owner,
                  "m" + std::to_string(1 + pick(5)) + " " + std::to_string(pick(last_epoch_ + 2)));
    case 1:
      return fail(ec::not_owner, "- " + std::to_string(pick(last_epoch_ + 2)));
    case 2:
      return fail(pick(2) == 0 ? ec::fenced : ec::not_owner, "?");
    case 3:
      return fail(ec::retry_after, "10");
    case 4:
      return fail(pick(2) == 0 ? ec::restarted : ec::conflict);
    default:
      return entity::response{};
    }
  }

  /// Mostly of something in flight, sometimes of something long answered.
  void answer_any() {
    if (attempts_.empty()) return;
    auto which = pick(attempts_.size());
    auto no = attempts_[which].no;
    if (pick(10) != 0) attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(which));
    effects([&](auto& out) { uut_.answered(no, any_answer(), now_, out); });
  }

  void rows() {
    std::vector<slots::slot_row> all;
    for (auto n = pick(3) + 1; n > 0; --n) {
      last_epoch_ += pick(2);
      all.push_back({entity::slot_of(any_entity()),
                     slots::epoch_no{last_epoch_ - std::min(last_epoch_, pick(2))},
                     incarnation{pick(6)},
                     pick(4) == 0,
                     {}});
    }
    effects([&](auto& out) { uut_.slots_changed(all, now_, out); });
  }

  void come(std::uint64_t who) {
    here_[who] = true;
    effects([&](auto& out) {
      if (who == 1)
        uut_.host_up(incarnation{1}, now_, out);
      else
        uut_.peer_up(incarnation{who}, bench::name_of(who), now_, out);
    });
  }

  void go(std::uint64_t who) {
    here_[who] = false;
    std::erase_if(attempts_, [&](const attempt& x) { return x.to == who; });
    effects([&](auto& out) {
      if (who == 1)
        uut_.host_down(now_, out);
      else
        uut_.peer_down(incarnation{who}, now_, out);
    });
  }

  void pass() {
    now_ += sweep;
    effects([&](auto& out) { uut_.tick(now_, out); });
    for (const auto& [who, deadline] : owed_)
      require(deadline > now_, "nothing is left unanswered past its deadline");
  }

  template <class Call>
  void effects(Call&& call) {
    router_effects out;
    call(out);
    for (auto& x : out)
      std::visit([this](auto& effect) { this->on(effect); }, x);
  }

  void on(forward& x) {
    require(x.to.get() != 1 && here_[x.to.get()], "only who can be reached is sent to");
    sent(x.what, x.to.get());
  }

  void on(local& x) {
    require(here_[1], "nothing is handed to a host that does not run");
    sent(x.what, 1);
  }

  void sent(const entity::numbered_command& x, std::uint64_t to) {
    require(x.within_ms > 0, "nothing is sent that is overdue");
    for (const auto& known : attempts_)
      require(known.no != x.no, "each attempt has a number of its own");
    attempts_.push_back({x.no, to});
  }

  void on(answer& x) {
    auto debt = owed_.find(x.to.get());
    require(debt != owed_.end(), "nobody is answered twice");
    if (!x.what && x.what.error().code == ec::retry_after)
      require(std::stoul(x.what.error().detail) > 0, "retry_after says after how long");
    owed_.erase(debt);
  }

  void on(refresh&) {
    require(now_ >= refreshed_ + sweep || refreshed_ == instant{}, "SLOTS is not asked too often");
    refreshed_ = now_;
  }

  void check_limits() {
    auto stats = uut_.stats();
    require(stats.pending == owed_.size(), "what is pending is what is owed");
    require(stats.pending <= config_.pending.count, "commands of the node");
    require(stats.pending_bytes <= config_.pending.bytes, "bytes of the node");
    require(stats.waiting_bytes <= config_.buffer, "bytes that wait");
    for (const auto& load : stats.in_flight) {
      require(load.commands <= config_.window.count, "commands to a member");
      require(load.bytes <= config_.window.bytes, "bytes to a member");
    }
  }

  void finish() {
    for (auto n = 0; n < 50; ++n)
      pass();
    require(owed_.empty(), "everything is answered in the end");
    for (auto who = 1u; who <= 4; ++who)
      go(who);
    now_ += 60s;
    pass();
    auto stats = uut_.stats();
    require(stats.waiting == 0 && stats.waiting_bytes == 0 && stats.pending_bytes == 0,
            "nothing is left behind");
    require(stats.lost == 0 && stats.in_flight.empty(), "no room stays taken");
  }

  std::mt19937_64 random_;
  router_config config_;
  router uut_;
  instant now_{1'000s};
  instant refreshed_{};
  std::uint64_t last_ticket_ = 0;
  std::uint64_t last_epoch_ = 1;
  std::map<std::uint64_t, instant> owed_;
  std::vector<attempt> attempts_;
  std::map<std::uint64_t, bool> here_;
};

} // namespace

CAF_TEST(whatever happens each command is answered once and in time and memory is bounded) {
  for (auto seed = first_seed; seed < first_seed + runs; ++seed) {
    try {
      run{static_cast<std::uint64_t>(seed)}.play();
    } catch (const broken_rule& why) {
      CAF_FAIL("seed " << seed << ": " << why.what());
    }
  }
}

} // namespace bpci::router
