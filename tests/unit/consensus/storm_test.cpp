#define CAF_SUITE consensus_storm

#include "tests/unit/consensus/helpers.hpp"

#include <caf/test/unit_test.hpp>

#include <cstdlib>
#include <random>

/// Messages that get lost, come late and come twice, timers at any moment, power cuts between any
/// two effects, and a validator that lives twice: one chain, evidence against nobody but the twin,
/// and blocks again as soon as it is quiet. A small one; tests/sim has whole clusters.
namespace bpci::consensus::testing {

namespace {

struct node {
  int number;
  fake_signer keys;
  std::unique_ptr<class engine> engine{};
  chain_head head{};
  std::optional<safety_record> disk{};
  std::map<timer_expired::kind, timer_expired> timers{};
  std::vector<hash> chain{};
  std::map<height, sealed_block> blocks{};
  std::deque<event> own{}; ///< answers of its disk, and its own words that come back
};

struct letter {
  std::size_t to;
  event what;
};

struct weather {
  int validators = 4;
  bool twin = false;    ///< validator 1 lives twice
  bool crashes = false; ///< power fails
  bool moving = false;  ///< one validator more comes and goes, and another one weighs less then
};

class storm {
public:
  storm(std::uint64_t seed, weather what)
      : random_(seed), weather_(what), twin_(what.twin), crashes_(what.crashes) {
    how_.chain_id = chain;
    how_.message_delay = 24h;
    auto start = genesis(set_of(1));
    start.next = set_of(2);
    start.head.next_validators_hash = validators_hash(start.validators);
    for (int i = 1; i <= what.validators + (what.moving ? 1 : 0); ++i)
      nodes_.push_back({i, fake_signer{i}});
    if (what.twin) nodes_.push_back({1, fake_signer{1}});
    for (auto& x : nodes_) {
      x.head = start;
      boot(x, journal_state::fresh);
    }
  }

  void rage(int steps) {
    for (int i = 0; i < steps; ++i)
      turn(true);
  }

  /// The twin has left, and nothing gets lost any more. How long it took until there are two more
  /// blocks; 0: never.
  int calm() {
    auto goal = highest() + 2;
    for (int i = 1; i < 40'000; ++i) {
      turn(false);
      if (lowest() >= goal) return i;
    }
    return 0;
  }

  [[nodiscard]] std::size_t highest() const {
    std::size_t out = 0;
    for (const auto& x : nodes_)
      out = std::max(out, x.chain.size());
    return out;
  }

  [[nodiscard]] std::size_t lowest() const {
    auto out = highest();
    for (const auto& x : nodes_)
      if (!is_twin(x)) out = std::min(out, x.chain.size());
    return out;
  }

  std::string wrong; ///< the first thing that must not be
  int accusations = 0;

  [[nodiscard]] std::string report() const {
    std::string out;
    for (const auto& x : nodes_) {
      auto w = x.engine->where();
      out += std::to_string(x.number) + ": height " + std::to_string(w.at.get()) + " round "
             + std::to_string(w.round.get()) + " " + w.doing + " timers "
             + std::to_string(x.timers.size()) + "\n";
    }
    return out;
  }

private:
  [[nodiscard]] bool is_twin(const node& x) const { return twin_ && x.number == 1; }

  [[nodiscard]] std::vector<validator> set_of(std::uint64_t at) const {
    std::vector<validator> out;
    auto is_more = weather_.moving && at / 2 % 2 == 1;
    for (int i = 1; i <= weather_.validators + (is_more ? 1 : 0); ++i)
      out.push_back({id_of(i), is_more && i == 2 ? 9u : i > weather_.validators ? 8u : 10u});
    return out;
  }

  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

  void boot(node& x, journal_state found) {
    x.timers.clear();
    x.own.clear();
    x.engine = std::make_unique<engine>(how_, x.keys);
    feed(x, begin{x.head, found, x.disk}, false);
  }

  void turn(bool raging) {
    now_ = timestamp_ms{now_.get() + 1};
    auto kind = random_() % 100;
    auto& x = nodes_[random_() % nodes_.size()];
    if (weather_.moving && chance(1)) return synchronise(x);
    if (!x.own.empty()) {
      auto next = std::move(x.own.front());
      x.own.pop_front();
      return feed(x, std::move(next), raging);
    }
    if (kind < (raging ? 3u : 1u)) return feed(x, work_due{}, raging);
    if (kind < (raging ? 8u : 2u) || letters_.empty()) return expire(x, raging);
    auto i = random_() % std::min<std::size_t>(letters_.size(), raging ? 1'000 : 4);
    std::swap(letters_[i], letters_.front());
    auto next = letters_.front();
    if (!(raging && chance(5))) letters_.pop_front();
    if (raging && chance(25)) return;
    if (letters_.size() > 5'000) letters_.resize(2'500);
    feed(nodes_[next.to], next.what, raging);
  }

  void expire(node& x, bool raging) {
    if (x.timers.empty()) return;
    auto what = chance(50) ? x.timers.begin() : std::prev(x.timers.end());
    auto gone = what->second;
    x.timers.erase(what);
    feed(x, gone, raging);
  }

  void feed(node& x, event what, bool raging) {
    for (auto& e : x.engine->step({now_, std::move(what)})) {
      if (raging && crashes_ && chance(1)) return boot(x, journal_state::intact);
      std::visit([&](auto& of) { carry_out(x, of); }, e);
    }
  }

  void send(int to, const consensus_message& what, const node& from) {
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (nodes_[i].number == to) letters_.push_back({i, arrived{id_of(from.number), what}});
  }

  void carry_out(node& x, persist& e) { x.disk = e.what; }
  void carry_out(node& x, broadcast& e) {
    for (const auto& v : x.head.validators)
      if (v.id != x.keys.self()) send(v.id[0], e.what, x);
    x.own.push_back(arrived{x.keys.self(), e.what});
  }
  void carry_out(node& x, send_to& e) { send(e.to[0], e.what, x); }
  void carry_out(node& x, start_timer& e) { x.timers[e.what.what] = e.what; }
  void carry_out(node& x, make_block& e) {
    auto body = block_of(x.number, x.head, now_, static_cast<std::uint8_t>(random_()));
    x.own.push_back(block_made{e.at, e.round, std::move(body)});
  }
  void carry_out(node& x, check_block& e) {
    x.own.push_back(block_checked{e.what.head.at, e.block_id, true});
  }
  void carry_out(node& x, finalize& e) { store(x, e.what); }
  void store(node& x, const sealed_block& what) {
    if (what.what.head.at.get() <= x.chain.size()) return; // it came by synchronisation as well
    x.chain.push_back(what.seals.block_id);
    x.blocks[what.what.head.at] = what;
    x.head = head_behind(what, x.head);
    x.head.next = set_of(what.what.head.at.get() + 2);
    auto [known, fresh] = decided_.try_emplace(what.what.head.at, what.seals.block_id);
    if (known->second != what.seals.block_id)
      complain("two blocks of height " + std::to_string(what.what.head.at.get()));
    x.timers.clear();
    x.own.push_back(advanced{x.head});
  }
  void carry_out(node&, report_evidence& e) {
    ++accusations;
    auto of = offence_of(e.what);
    if (!of || !(twin_ && of->by == id_of(1))) complain("evidence against an honest validator");
  }
  void carry_out(node& x, fall_behind&) { synchronise(x); }
  void synchronise(node& x) {
    auto next = height{x.chain.size() + 1};
    for (const auto& other : nodes_)
      if (auto found = other.blocks.find(next); found != other.blocks.end())
        return store(x, sealed_block{found->second});
  }
  void carry_out(node&, halt&) { complain("halted"); }

  void complain(const std::string& what) {
    if (wrong.empty()) wrong = what;
  }

  std::mt19937_64 random_;
  weather weather_;
  bool twin_;
  bool crashes_;
  engine_settings how_;
  timestamp_ms now_{1'001'000};
  std::vector<node> nodes_;
  std::deque<letter> letters_;
  std::map<height, hash> decided_;
};

std::uint64_t seeds() {
  const auto* told = std::getenv("BPCI_SEEDS");
  return told ? std::stoull(told) : 60;
}

void rage_and_calm(const weather& what) {
  std::size_t blocks = 0;
  int accusations = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    storm uut{seed, what};
    uut.rage(4'000);
    auto took = uut.calm();
    if (took == 0 || !uut.wrong.empty())
      CAF_ERROR("seed " << seed << ": " << uut.wrong << "\n" << uut.report());
    blocks += uut.highest();
    accusations += uut.accusations;
  }
  CAF_MESSAGE(blocks << " blocks, " << accusations << " accusations");
  CAF_CHECK(blocks > 3 * seeds());
  CAF_CHECK_EQUAL(accusations > 0, what.twin);
}

CAF_TEST(four validators agree while messages get lost and the power fails) {
  rage_and_calm({.validators = 4, .crashes = true});
}

CAF_TEST(four validators agree while one of them lives twice and the power fails) {
  rage_and_calm({.validators = 4, .twin = true, .crashes = true});
}

CAF_TEST(seven validators agree while one of them lives twice) {
  rage_and_calm({.validators = 7, .twin = true});
}

CAF_TEST(two validators agree while the power fails) {
  rage_and_calm({.validators = 2, .crashes = true});
}

CAF_TEST(validators that come and go agree while the power fails) {
  rage_and_calm({.validators = 4, .crashes = true, .moving = true});
}

} // namespace

} // namespace bpci::consensus::testing
