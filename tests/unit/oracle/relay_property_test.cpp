#define CAF_SUITE oracle_relay_property

#include "tests/unit/oracle/helpers.hpp"

#include <caf/test/unit_test.hpp>

#include <map>
#include <random>
#include <stdexcept>
#include <tuple>

/// RELAY under any interleaving of submissions, retries, conflicts, routes that come and go,
/// settlements and time. A model beside it knows which answers are owed; each step compares.
namespace bpci::oracle {

namespace {

using namespace testing;

constexpr std::uint64_t first_seed = 1;
constexpr std::uint64_t runs = 2'000;
constexpr int steps = 80;

struct broken_rule : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void require(bool holds, const std::string& rule) {
  if (!holds) throw broken_rule(rule);
}

class run {
public:
  explicit run(std::uint64_t seed)
      : random_(seed),
        cache_size_(pick(20)),
        open_max_(pick(4) == 0 ? 1 + pick(10) : 1'000),
        uut_({member_id{"m0"}, relay_timeout, 0ms, cache_size_, open_max_}) {}

  void play() {
    for (auto step = 0; step < steps; ++step) {
      play_step();
      require(uut_.stats().in_flight == owed_.size(), "in_flight counts what is owed");
    }
    finish();
  }

private:
  /// A message of a source at one of its targets.
  using part = std::tuple<std::string, std::string, std::string>;

  struct debt {
    std::uint64_t who = 0;
    instant deadline;
    bool delivered = false;
  };

  struct known_route {
    std::uint64_t session = 0;
    std::string member;
    bool connected = false;
  };

  std::size_t pick(std::size_t below) { return random_() % below; }
  std::string any_node() { return numbered('n', pick(5)); }
  std::string any_member() { return numbered('m', pick(3)); }
  std::string any_id() { return numbered('x', pick(8)); }
  std::string any_source() { return pick(2) == 0 ? "alice" : "carol"; }

  void play_step() {
    switch (pick(10)) {
    case 0:
    case 1:
    case 2:
      return submit(random_note());
    case 3:
      return connect(any_node());
    case 4:
      return disconnect(any_node());
    case 5:
      return pick(3) == 0 ? lose(any_member()) : connect_late(any_node());
    case 6:
      return pick(2) == 0 ? snapshot(any_member()) : pass(pick(20'000));
    case 7:
    case 8:
      return settle_any();
    default:
      return pass(pick(3'000));
    }
  }

  // -- what is done to the relay -----------------------------------------------------

  /// Few ids and contents, so that most are retries and some are conflicts.
  envelope_ptr random_note() {
    auto id = any_id();
    auto shift = pick(5);
    std::vector<std::string> targets;
    // One id usually names the same targets; sometimes it does not, and that is a conflict.
    auto first = pick(10) == 0 ? shift : id.back() - '0';
    for (auto n = std::size_t{0}; n <= first % 3; ++n)
      targets.push_back(numbered('n', (first + n) % 5));
    auto body = pick(10) == 0 ? "other" : "body";
    return note(id, targets, body, any_source(), ++sequence_);
  }

  void submit(const envelope_ptr& message) {
    auto who = ++last_ticket_;
    auto before = owed_;
    auto was_open = is_open(*message);
    auto same = was_open && content_[key_of(*message)] == content_of(*message);
    if (!was_open || same) owe(*message, who);
    auto out = effects([&](auto& x) { uut_.submit(message, {}, ticket{who}, now_, x); });
    if (refused_whole(*message, who, out)) {
      require(!same, "a retry of an open message is no conflict and not busy");
      owed_ = std::move(before); // the answers have been given already
      return;
    }
    require(!was_open || same, "another content under an open id is refused");
    content_[key_of(*message)] = content_of(*message);
    pay(out);
    for (const auto& effect : out)
      if (const auto* x = std::get_if<deliver_to>(&effect)) {
        auto earlier = before.find(part_of(*message, x->target));
        require(earlier == before.end() || !earlier->second.delivered,
                "a retry of an open message is not delivered again");
      }
  }

  void connect(const std::string& node) { up(node, ++last_session_, any_member()); }

  /// A route whose announcement was overtaken by that of a newer session.
  void connect_late(const std::string& node) {
    auto found = routes_.find(node);
    // Of a node that has been away for longer, RELAY has forgotten the session.
    if (found == routes_.end() || !found->second.connected || found->second.session < 2) return;
    auto session = 1 + pick(found->second.session - 1);
    auto member = any_member();
    auto out = effects([&](auto& x) { uut_.up(route(node, session, member), now_, x); });
    for (const auto& effect : out)
      require(std::holds_alternative<supersede>(effect) && member == "m0",
              "a route of an older session moves nothing");
  }

  void up(const std::string& node, std::uint64_t session, const std::string& member) {
    routes_[node] = {session, member, true};
    auto out = effects([&](auto& x) { uut_.up(route(node, session, member), now_, x); });
    pay(out);
    require_redelivery(node, out);
  }

  void disconnect(const std::string& node) {
    auto found = routes_.find(node);
    if (found == routes_.end()) return;
    // Sometimes it is the news of an earlier session that comes late.
    auto session = found->second.session - (pick(4) == 0 ? 1 : 0);
    if (session == found->second.session) found->second.connected = false;
    uut_.down({node_id{node}, member_id{found->second.member}, session_no{session}}, now_);
  }

  void lose(const std::string& member) {
    for (auto& [node, known] : routes_)
      if (known.member == member) known.connected = false;
    uut_.member_down(member_id{member}, now_);
  }

  /// The member tells what is connected there: some of what was known, and a newcomer.
  void snapshot(const std::string& member) {
    route_snapshot all{member_id{member}, {}, false};
    for (auto& [node, known] : routes_) {
      if (known.member != member) continue;
      known.connected = known.connected && pick(2) == 0;
      if (known.connected) all.routes.push_back(route(node, known.session, member));
    }
    auto newcomer = any_node();
    routes_[newcomer] = {++last_session_, member, true};
    std::erase_if(all.routes, [&](const auto& x) { return x.node.get() == newcomer; });
    all.routes.push_back(route(newcomer, last_session_, member));
    pay(effects([&](auto& x) { uut_.snapshot(all, now_, x); }));
  }

  /// Mostly of something that is owed, sometimes of anything.
  void settle_any() {
    auto which = part{any_source(), any_id(), any_node()};
    if (!owed_.empty() && pick(5) > 0) which = std::next(owed_.begin(), pick(owed_.size()))->first;
    auto code = pick(4) == 0 ? ec::busy : ec::none;
    auto was_owed = owed_.contains(which);
    auto [source, id, target] = which;
    auto out = effects([&](auto& x) {
      uut_.settle({node_id{source}, message_id{id}, node_id{target}, fail(code)}, now_, x);
    });
    require(out.size() == (was_owed ? 1u : 0u), "a settlement gives one answer or none");
    if (was_owed)
      require(std::get<answer>(out.front()).what.why.code == code, "the answer is the target's");
    pay(out);
  }

  void pass(std::size_t milliseconds) {
    now_ += std::chrono::milliseconds{milliseconds};
    auto out = effects([&](auto& x) { uut_.tick(now_, x); });
    for (const auto& effect : out) {
      const auto* x = std::get_if<answer>(&effect);
      require(x != nullptr, "time only answers");
      auto debt = owed_.find(part_of(*x));
      require(debt != owed_.end() && debt->second.deadline <= now_, "nothing expires early");
      require(x->what.why.code == (debt->second.delivered ? ec::expired : ec::unknown_target),
              "expired if it was delivered, else unknown");
    }
    pay(out);
    for (const auto& [which, debt] : owed_)
      require(debt.deadline > now_, "nothing stays open past its deadline");
  }

  // -- what the relay owes -------------------------------------------------------------

  static std::pair<std::string, std::string> key_of(const envelope& x) {
    return {x.source.get(), x.id.get()};
  }

  static std::pair<std::vector<node_id>, bytes> content_of(const envelope& x) {
    return {x.targets, x.body};
  }

  static part part_of(const envelope& x, const node_id& target) {
    return {x.source.get(), x.id.get(), target.get()};
  }

  static part part_of(const answer& x) {
    return {x.what.source.get(), x.what.id.get(), x.what.target.get()};
  }

  bool is_open(const envelope& x) const {
    return std::ranges::any_of(owed_, [&](const auto& debt) {
      return std::get<0>(debt.first) == x.source.get() && std::get<1>(debt.first) == x.id.get();
    });
  }

  /// One answer a target, to the newest submission. What was open keeps its deadline.
  void owe(const envelope& x, std::uint64_t who) {
    for (const auto& target : x.targets) {
      auto [debt, fresh] = owed_.try_emplace(part_of(x, target));
      debt->second.who = who;
      if (fresh) debt->second.deadline = now_ + relay_timeout;
    }
  }

  /// Whether all targets of this submission were refused without looking at them.
  static bool refused_whole(const envelope& x, std::uint64_t who, const relay_effects& out) {
    if (out.size() != x.targets.size()) return false;
    return std::ranges::all_of(out, [&](const auto& effect) {
      const auto* said = std::get_if<answer>(&effect);
      return said && said->to.get() == who && said->what.id == x.id
             && (said->what.why.code == ec::conflict || said->what.why.code == ec::busy)
             && std::ranges::find(x.targets, said->what.target) != x.targets.end();
    });
  }

  void pay(const relay_effects& out) {
    for (const auto& effect : out) {
      if (const auto* x = std::get_if<deliver_to>(&effect)) {
        auto found = routes_.find(x->target.get());
        require(found != routes_.end() && found->second.connected,
                "only a connected node is delivered to");
        auto debt = owed_.find(part_of(*x->what.message, x->target));
        require(debt != owed_.end(), "only what is open is delivered");
        debt->second.delivered = true;
      } else if (const auto* said = std::get_if<answer>(&effect)) {
        auto debt = owed_.find(part_of(*said));
        require(debt != owed_.end(), "no answer is given twice");
        require(debt->second.who == said->to.get(), "the newest submission is answered");
        owed_.erase(debt);
      }
    }
  }

  void require_redelivery(const std::string& node, const relay_effects& out) {
    auto due = std::ranges::count_if(
        owed_, [&](const auto& debt) { return std::get<2>(debt.first) == node; });
    auto delivered = std::ranges::count_if(
        out, [](const auto& effect) { return std::holds_alternative<deliver_to>(effect); });
    require(due == delivered, "whoever comes back gets everything that is open");
  }

  // -- the end ---------------------------------------------------------------------------

  void finish() {
    pass(std::chrono::milliseconds{relay_timeout}.count());
    require(owed_.empty(), "everything is answered once its deadline has passed");
    require(uut_.stats().in_flight == 0, "in_flight returns to 0");
    for (auto n = 0; n < 5; ++n)
      connect(numbered('n', n)); // with nothing to redeliver
    // A message that RELAY remembers answers a strange content by `conflict`.
    auto remembered = std::size_t{0};
    for (const auto& [key, content] : content_) {
      relay_effects out;
      auto strange = note(key.second, {"nobody"}, "strange", key.first);
      uut_.submit(strange, {}, ticket{++last_ticket_}, now_, out);
      require(out.size() == 1, "a strange content is answered at once");
      remembered += std::get<answer>(out.front()).what.why.code == ec::conflict;
    }
    require(remembered <= cache_size_, "no more is remembered than allowed");
    if (content_.size() <= cache_size_)
      require(remembered == content_.size(), "as much is remembered as allowed");
  }

  static route_up route(const std::string& node, std::uint64_t session, const std::string& member) {
    return relay_bench::route(node, session, member);
  }

  template <class Call>
  static relay_effects effects(Call&& call) {
    relay_effects out;
    call(out);
    return out;
  }

  std::mt19937_64 random_;
  std::size_t cache_size_;
  std::size_t open_max_;
  relay uut_;
  instant now_ = at(0ms).steady;
  std::uint64_t sequence_ = 0;
  std::uint64_t last_ticket_ = 0;
  std::uint64_t last_session_ = 0;
  std::map<std::string, known_route> routes_;
  std::map<part, debt> owed_;
  std::map<std::pair<std::string, std::string>, std::pair<std::vector<node_id>, bytes>> content_;
};

} // namespace

CAF_TEST(whatever happens each submission is answered once and nothing is left behind) {
  for (auto seed = first_seed; seed < first_seed + runs; ++seed) {
    try {
      run{seed}.play();
    } catch (const broken_rule& why) {
      CAF_FAIL("seed " << seed << ": " << why.what());
    }
  }
}

} // namespace bpci::oracle
