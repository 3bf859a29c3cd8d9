#include "tests/bench/failover_bench.hpp"

#include "messages/codec/json.hpp"
#include "messages/probe/probe.hpp"
#include "runtime/entity/slot_of.hpp"
#include "runtime/time/clock.hpp"
#include "tests/bench/kept_connection.hpp"
#include "tests/chaos/world.hpp"

#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <pqxx/row>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>

namespace bpci::bench {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using instant = steady_clock::time_point;

constexpr std::size_t node_count = 3;

/// Of load, ahead of the signal, and when everything answers again.
constexpr auto before_kill = 2'000ms;
constexpr auto after_recovery = 500ms;

constexpr auto recovery_max = 30'000ms;
constexpr auto whole_max = 90'000ms;
constexpr auto look_period = 10ms;

/// A node that is back has this much of its share; the hash gives no two nodes exactly the same.
constexpr std::int64_t balanced_permille = 750;
constexpr std::int64_t slot_total = 1'024;
/// And nothing has moved for this long.
constexpr auto quiet = 1'000ms;

constexpr auto request_within = 5'000ms;
/// The node answers by the deadline that the request names; later there is none.
constexpr auto patience = 1'000ms;

constexpr auto first_pause = 20ms;
constexpr auto longest_pause = 1'000ms;
constexpr std::size_t doublings = 5;

/// What a client has to expect while an entity changes its place.
constexpr std::array expected = {ec::retry_after, ec::busy, ec::restarted, ec::timeout,
                                 ec::expired};

bool is_expected(std::string_view code) {
  return std::ranges::find(expected, code, [](ec x) { return name(x); }) != expected.end();
}

/// When the signal was sent, and when the process was surely gone.
struct kill_times {
  std::atomic<instant::rep> sent{0};
  std::atomic<instant::rep> gone{0}; ///< 0: not yet
};

/// What all clients of a round share.
struct round_plan {
  std::vector<std::string> addresses; ///< of the survivors
  std::string token;
  milliseconds pace{0};
  kill_times killed;
  std::atomic<bool> ending{false};
  std::atomic<bool> giving_up{false};
};

/// One client, and the entity that it alone adds to.
class add_client {
public:
  add_client(round_plan& plan, std::string entity, std::size_t number)
      : plan_(plan), entity_(std::move(entity)), at_(number % plan.addresses.size()) {
    for (const auto& x : plan.addresses)
      connections_.push_back(std::make_unique<kept_connection>(x));
    thread_ = std::thread{[this] { run(); }};
  }
  ~add_client() { join(); }
  add_client(const add_client&) = delete;
  add_client& operator=(const add_client&) = delete;

  void join() {
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] bool recovered() const { return recovery_.load() != 0; }

  // After `join`:
  [[nodiscard]] nanoseconds recovery() const { return nanoseconds{recovery_}; }
  [[nodiscard]] std::uint64_t adds() const { return adds_; }
  [[nodiscard]] bool miscounted() const { return miscounted_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& refusals() const { return refusals_; }

private:
  struct refusal {
    std::string code;
    milliseconds wait{0}; ///< that it names; 0: none
  };

  void run();
  void add_until_done(const std::string& request);
  std::optional<refusal> try_once(const std::string& request);
  [[nodiscard]] std::string request_for(std::uint64_t number) const;
  void count_answer(const std::string& body);
  void note_success(instant begun);
  static refusal read_refusal(const std::string& body);
  static milliseconds pause_after(const refusal& why, std::size_t tries);

  round_plan& plan_;
  std::string entity_;
  std::size_t at_;
  std::vector<std::unique_ptr<kept_connection>> connections_;
  std::uint64_t adds_ = 0;
  bool miscounted_ = false;
  std::map<std::string, std::uint64_t> refusals_;
  std::atomic<nanoseconds::rep> recovery_{0};
  std::thread thread_;
};

void add_client::run() {
  auto due =
      steady_now() + milliseconds{random_below(static_cast<std::uint64_t>(plan_.pace.count()))};
  while (!plan_.ending) {
    std::this_thread::sleep_until(due);
    due = std::max(due + plan_.pace, steady_now());
    add_until_done(request_for(adds_ + 1));
  }
}

std::string add_client::request_for(std::uint64_t number) const {
  const std::string body = R"({"by":1})";
  return "POST /api/v1/probes/" + entity_
         + "/add?within_ms=" + std::to_string(request_within.count())
         + " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " + plan_.token
         + "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size())
         + "\r\nIdempotency-Key: " + entity_ + "-" + std::to_string(number) + "\r\n\r\n" + body;
}

/// The same again under the same key until it is acknowledged, after the time that a refusal names.
void add_client::add_until_done(const std::string& request) {
  for (std::size_t tries = 0; !plan_.giving_up; ++tries) {
    const auto why = try_once(request);
    if (!why) return;
    ++refusals_[why->code];
    std::this_thread::sleep_for(pause_after(*why, tries));
    // A slot on its way is as far from every node; anything else may be this node's own trouble.
    if (why->code != name(ec::retry_after)) at_ = (at_ + 1) % connections_.size();
  }
}

std::optional<add_client::refusal> add_client::try_once(const std::string& request) {
  const auto begun = steady_now();
  const auto got = connections_[at_]->call(request, request_within + patience);
  if (!got) return refusal{std::string{name(got.error().code)}};
  if (got->status != 200) return read_refusal(got->body);
  count_answer(got->body);
  note_success(begun);
  return std::nullopt;
}

/// Each add is one more, whatever happened to the requests that it took.
void add_client::count_answer(const std::string& body) {
  ++adds_;
  const auto parsed = codec::parse_json(body);
  const auto count = parsed ? parsed->at("data").at("count").to_number<std::uint64_t>() : 0;
  if (count != adds_) miscounted_ = true;
}

void add_client::note_success(instant begun) {
  const auto gone = plan_.killed.gone.load();
  if (gone == 0 || recovered() || begun.time_since_epoch().count() < gone) return;
  recovery_ = steady_now().time_since_epoch().count() - plan_.killed.sent.load();
}

add_client::refusal add_client::read_refusal(const std::string& body) {
  refusal out{std::string{name(ec::internal)}};
  const auto parsed = codec::parse_json(body);
  if (!parsed || !parsed->is_object()) return out;
  const auto& fields = parsed->as_object();
  if (const auto* code = fields.if_contains("code"); code && code->is_string())
    out.code = code->as_string().c_str();
  if (const auto* wait = fields.if_contains("retry_after_ms"); wait && wait->is_int64())
    out.wait = milliseconds{wait->as_int64()};
  return out;
}

milliseconds add_client::pause_after(const refusal& why, std::size_t tries) {
  const auto grown = first_pause * (1 << std::min(tries, doublings));
  const auto pause = std::min(why.wait > 0ms ? why.wait : grown, longest_pause);
  const auto jitter = static_cast<std::uint64_t>(pause.count() / 4 + 1);
  return pause + milliseconds{random_below(jitter)};
}

/// All of a round; they stop when it ends, however it does.
struct clients {
  round_plan& plan;
  std::vector<std::unique_ptr<add_client>> all{};

  explicit clients(round_plan& x) : plan(x) {}
  ~clients() { plan.ending = plan.giving_up = true; }
  clients(const clients&) = delete;
  clients& operator=(const clients&) = delete;

  void add(std::string entity) {
    all.push_back(std::make_unique<add_client>(plan, std::move(entity), all.size()));
  }
  [[nodiscard]] bool recovered() const {
    return std::ranges::all_of(all, [](const auto& x) { return x->recovered(); });
  }
};

/// The tables, as the nodes write them.
class witness {
public:
  explicit witness(const std::string& dsn) : connection_(dsn), session_(connection_) {}

  std::uint64_t incarnation_of(const std::string& member) {
    return number("SELECT incarnation FROM member WHERE state = 'up' AND member_id = $1", member);
  }
  std::set<std::uint16_t> slots_of(std::uint64_t owner) {
    std::set<std::uint16_t> out;
    for (const auto& row :
         session_.exec_params("SELECT slot FROM slot WHERE owner = $1 AND NOT draining", owner))
      out.insert(row[0].as<std::uint16_t>());
    return out;
  }
  bool is_dead(std::uint64_t who) {
    return number("SELECT count(*) FROM member WHERE incarnation = $1 AND state = 'dead'", who)
           == 1;
  }
  bool owns_nothing(std::uint64_t who) {
    return number("SELECT count(*) FROM slot WHERE owner = $1", who) == 0;
  }

private:
  template <class T>
  std::uint64_t number(const char* sql, const T& argument) {
    return session_.exec_params1(sql, argument)[0].template as<std::uint64_t>();
  }

  pqxx::connection connection_;
  pqxx::nontransaction session_;
};

} // namespace

// -- the stage ---------------------------------------------------------------------------

class failover_bench::stage {
public:
  explicit stage(failover_options how)
      : how_(std::move(how)),
        world_({.program = how_.program, .nodes = node_count, .faketime = {}}, says_),
        witness_(world_.database().dsn()) {
    wait_until_balanced();
  }

  failover_round run_round();

private:
  void fill(round_plan& plan, std::size_t victim);
  std::vector<std::string> entities_in(const std::set<std::uint16_t>& slots) const;
  void kill(std::size_t victim, round_plan& plan);
  void watch_recovery(std::uint64_t dead, const clients& load, failover_round& out);
  static void collect(clients& load, failover_round& out);
  void wait_until_balanced();

  failover_options how_;
  chaos::timeline says_;
  chaos::world world_;
  witness witness_;
  std::size_t rounds_ = 0;
};

void failover_bench::stage::fill(round_plan& plan, std::size_t victim) {
  for (std::size_t i = 1; i <= node_count; ++i)
    if (i != victim) plan.addresses.push_back(world_.node(i).address);
  plan.token = world_.token();
  plan.pace = how_.pace;
}

/// Names that nothing was added to before.
std::vector<std::string>
failover_bench::stage::entities_in(const std::set<std::uint16_t>& slots) const {
  std::vector<std::string> out;
  for (std::size_t i = 0; out.size() < how_.entities; ++i) {
    auto id = "failover-" + std::to_string(rounds_) + "-" + std::to_string(i);
    if (slots.contains(entity::slot_of({std::string{probe::counter_kind}, id}).get()))
      out.push_back(std::move(id));
  }
  return out;
}

void failover_bench::stage::kill(std::size_t victim, round_plan& plan) {
  plan.killed.sent = steady_now().time_since_epoch().count();
  world_.end(victim, SIGKILL);
  plan.killed.gone = steady_now().time_since_epoch().count();
}

void failover_bench::stage::watch_recovery(std::uint64_t dead, const clients& load,
                                           failover_round& out) {
  const auto since_kill = [sent = load.plan.killed.sent.load()] {
    return nanoseconds{steady_now().time_since_epoch().count() - sent};
  };
  while (since_kill() < recovery_max) {
    if (out.declared_dead == 0ns && witness_.is_dead(dead)) out.declared_dead = since_kill();
    if (out.slots_claimed == 0ns && witness_.owns_nothing(dead)) out.slots_claimed = since_kill();
    if (out.slots_claimed > 0ns && load.recovered()) return;
    world_.tend();
    std::this_thread::sleep_for(look_period);
  }
}

void failover_bench::stage::collect(clients& load, failover_round& out) {
  load.plan.giving_up = !load.recovered();
  load.plan.ending = true;
  for (auto& x : load.all) {
    x->join();
    out.adds += x->adds();
    out.miscounted += x->miscounted() ? 1 : 0;
    if (x->recovered())
      out.recoveries.push_back(x->recovery());
    else
      ++out.never;
    for (const auto& [code, count] : x->refusals()) {
      out.refusals[code] += count;
      if (!is_expected(code)) out.unexpected += count;
    }
  }
}

failover_round failover_bench::stage::run_round() {
  const auto victim = rounds_++ % node_count + 1;
  const auto incarnation = witness_.incarnation_of(world_.node(victim).id);
  failover_round out;
  round_plan plan;
  fill(plan, victim);
  clients load{plan};
  for (auto& id : entities_in(witness_.slots_of(incarnation)))
    load.add(std::move(id));
  world_.sleep(before_kill);
  kill(victim, plan);
  watch_recovery(incarnation, load, out);
  world_.sleep(after_recovery);
  collect(load, out);
  world_.launch(victim);
  wait_until_balanced();
  return out;
}

void failover_bench::stage::wait_until_balanced() {
  constexpr auto least = slot_total * balanced_permille / 1'000 / std::int64_t{node_count};
  std::optional<std::int64_t> moves;
  auto quiet_since = steady_now();
  const auto balanced = [&] {
    const auto smallest = world_.number_from_database(
        "SELECT coalesce(min(n), 0) FROM (SELECT count(s.slot) AS n FROM member m LEFT JOIN slot s "
        "ON s.owner = m.incarnation WHERE m.state = 'up' GROUP BY m.incarnation) shares");
    const auto now_moved = world_.number_from_database("SELECT count(*) FROM slot_move");
    if (now_moved != moves) quiet_since = steady_now();
    moves = now_moved;
    return smallest && *smallest >= least && steady_now() - quiet_since >= quiet
           && world_.is_whole();
  };
  if (!world_.wait_for(whole_max, balanced))
    throw std::runtime_error("the cluster is not whole again; its logs were in "
                             + world_.folder().string());
}

failover_bench::failover_bench(failover_options how)
    : stage_(std::make_unique<stage>(std::move(how))) {}

failover_bench::~failover_bench() = default;

failover_round failover_bench::run_round() {
  return stage_->run_round();
}

} // namespace bpci::bench
