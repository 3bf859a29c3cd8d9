#include "random_plan.hpp"

#include <algorithm>
#include <numeric>

namespace bpci::consensus::sim {

namespace {

constexpr auto second = instant{1'000'000};

class dealer {
public:
  dealer(std::uint64_t seed, const shape& how) : luck_(seed, 7), how_(how) { out_.seed = seed; }

  plan deal() {
    settings();
    people();
    auto count = luck_.between(0, 14);
    for (std::uint64_t i = 0; i < count; ++i)
      trouble_of_any_kind();
    if (luck_.percent(15) && n() > 2) swizzle();
    if (luck_.percent(35)) bad_weather();
    work_to_do();
    if (how_.hopeless) two_chains();
    std::ranges::sort(out_.faults, {}, &fault::at);
    return std::move(out_);
  }

private:
  [[nodiscard]] std::size_t n() const { return out_.processes(); }
  std::size_t anybody() { return luck_.below(n()); }
  instant some_time() { return luck_.between(instant{0}, out_.trouble_ends - second / 10); }
  /// Often short, sometimes as long as the run.
  instant some_while() {
    return luck_.between(instant{1'000}, second / 10 * (1 << luck_.below(8)));
  }

  void settings() {
    out_.live = how_.live;
    out_.trouble_ends = luck_.between(3 * second, 10 * second);
    out_.ends = out_.live ? out_.trouble_ends + 100 * second : out_.trouble_ends;
    out_.pipelined = luck_.percent(50);
    out_.base = milliseconds{luck_.between(200, 1'000)};
    out_.cap = out_.base * 8;
    out_.delay_max = luck_.between(instant{2'000}, instant{30'000});
    if (!out_.live && luck_.percent(20)) {
      // Rounds that end before anybody can have answered.
      out_.base = milliseconds{luck_.between(10, 60)};
      out_.cap = out_.base * 64;
    }
    if (luck_.percent(20)) out_.fsync_max = out_.execute_max = instant{0};
  }

  void people() {
    auto count = luck_.percent(50) ? std::clamp<std::size_t>(4, how_.least, how_.most)
                                   : luck_.between(how_.least, how_.most);
    out_.weights.assign(count, 1);
    if (luck_.percent(25))
      for (auto& weight : out_.weights)
        weight = luck_.between(1, 5);
    whole_ = std::accumulate(out_.weights.begin(), out_.weights.end(), std::uint64_t{0});
    if (how_.changes) changes_of_validators();
    if (how_.hopeless) {
      for (std::size_t i = 0; 3 * spent_ < whole_; ++i) {
        out_.twins.push_back(i);
        spent_ += out_.weights[i];
      }
      return;
    }
    while (how_.traitors && luck_.percent(80)) {
      auto who = luck_.below(count);
      if (!spend(who)) break;
      if (luck_.percent(30))
        out_.twins.push_back(who);
      else
        out_.traitors.push_back({who, static_cast<conduct_kind>(luck_.between(1, 9))});
    }
  }

  /// Some are validators later, some no longer, and some weigh more. What may be faulty is counted
  /// by the least that all together ever weigh, and only of those who do not change.
  void changes_of_validators() {
    auto fixed = std::max<std::size_t>(1, out_.weights.size() / 2);
    whole_ = std::accumulate(out_.weights.begin(),
                             out_.weights.begin() + static_cast<std::ptrdiff_t>(fixed),
                             std::uint64_t{0});
    for (auto who = fixed; who < out_.weights.size() + 2; ++who)
      changing_.push_back(who);
    out_.weights.resize(out_.weights.size() + 2, 0);
    auto count = luck_.between(1, 6);
    for (std::uint64_t i = 0; i < count; ++i) {
      work x;
      x.at = some_time();
      x.id = 500 + i;
      x.sets_weight = true;
      x.who = changing_[luck_.below(changing_.size())];
      x.weight = luck_.percent(30) ? 0 : luck_.between(1, 4);
      out_.works.push_back(x);
    }
  }

  /// Takes the weight of `who` from what may be faulty; false: that would be too much.
  bool spend(std::size_t who) {
    auto key = out_.key(who);
    if (std::ranges::find(changing_, key) != changing_.end()) return false;
    if (std::ranges::find(faulty_, key) != faulty_.end()) return true;
    if (3 * (spent_ + out_.weights[key]) >= whole_) return false;
    spent_ += out_.weights[key];
    faulty_.push_back(key);
    return true;
  }

  void trouble_of_any_kind() {
    fault x;
    x.at = some_time();
    x.lasts = some_while();
    x.who = anybody();
    x.whom = anybody();
    switch (luck_.below(how_.crashes ? 16 : 10)) {
    case 0:
      x.what = trouble::cut;
      break;
    case 1:
      x.what = trouble::isolate;
      break;
    case 2:
    case 3:
      x.what = trouble::split;
      x.mask = luck_.between(1, (1ULL << n()) - 1);
      break;
    case 4:
      x.what = trouble::clog;
      break;
    case 5:
      x.what = trouble::slow;
      x.amount = static_cast<std::int64_t>(luck_.between(10, 800));
      break;
    case 6:
      x.what = trouble::lose;
      x.amount = static_cast<std::int64_t>(luck_.between(2, 40));
      break;
    case 7:
      x.what = trouble::repeat;
      x.amount = static_cast<std::int64_t>(luck_.between(5, 60));
      break;
    case 8:
      x.what = trouble::lag;
      x.amount = static_cast<std::int64_t>(luck_.between(20, 1'500));
      break;
    case 9:
      wrong_clock(x);
      break;
    case 10:
      x.what = trouble::slow_disk;
      x.amount = static_cast<std::int64_t>(luck_.between(5, 500));
      break;
    default:
      crash(x);
    }
    out_.faults.push_back(x);
  }

  /// All the time, and with rounds that are short in comparison: quorums come about by halves.
  void bad_weather() {
    out_.base = milliseconds{luck_.between(80, 300)};
    out_.cap = out_.base * 8;
    auto base = static_cast<std::uint64_t>(out_.base.count());
    fault x;
    x.lasts = out_.trouble_ends;
    x.what = trouble::lose;
    x.amount = static_cast<std::int64_t>(luck_.between(5, 50));
    out_.faults.push_back(x);
    x.what = trouble::lag;
    x.amount = static_cast<std::int64_t>(luck_.between(base / 2, 3 * base));
    out_.faults.push_back(x);
  }

  /// A quorum has to be right about the time for the chain to be: else it may come to live in a
  /// future that nobody can wait for.
  void wrong_clock(fault& x) {
    x.what = trouble::skew;
    auto far = !out_.live || spend(x.who);
    auto most = far && luck_.percent(50) ? 3'600'000 : 240;
    x.amount =
        static_cast<std::int64_t>(luck_.between(0, 2 * static_cast<std::uint64_t>(most))) - most;
  }

  void crash(fault& x) {
    x.what = trouble::crash;
    x.steps = static_cast<std::uint32_t>(luck_.percent(20) ? 0 : luck_.between(1, 40));
    x.tail = static_cast<torn>(luck_.below(3));
    if (luck_.percent(60)) x.lasts = luck_.between(instant{0}, second / 5);
    if (!luck_.percent(8)) return;
    if (out_.live && !spend(x.who)) return;
    x.disk = luck_.percent(50) ? disk_fate::damaged : disk_fate::wiped;
    if (how_.traitors && luck_.percent(40) && spend(x.who)) x.disk = disk_fate::amnesia;
  }

  /// The twins on either side of a split, each with a part of the others; then all meet.
  void two_chains() {
    out_.ends = out_.trouble_ends + 15 * second;
    auto twin_group = ((1ULL << out_.twins.size()) - 1) << out_.weights.size();
    auto some =
        luck_.next() & ((1ULL << out_.weights.size()) - 1) & ~((1ULL << out_.twins.size()) - 1);
    fault x;
    x.what = trouble::split;
    x.at = luck_.between(instant{0}, out_.trouble_ends / 2);
    x.lasts = luck_.between(second, out_.trouble_ends);
    x.mask = twin_group | some;
    out_.faults.push_back(x);
    for (std::uint64_t i = 0; i < 8; ++i) {
      work more;
      more.at = x.at + i * out_.trouble_ends / 4;
      more.id = 100 + i;
      out_.works.push_back(more);
    }
  }

  /// Links clog one after another and come free in another order (FoundationDB's swizzling).
  void swizzle() {
    auto from = some_time();
    std::vector<std::size_t> order(n());
    std::iota(order.begin(), order.end(), std::size_t{0});
    auto to = anybody();
    for (auto who : order)
      out_.faults.push_back({from + who * instant{luck_.below(50'000)},
                             instant{100'000} + instant{luck_.below(900'000)}, trouble::clog, who,
                             to});
  }

  void work_to_do() {
    auto count = luck_.between(1, 8);
    auto at = instant{0};
    for (std::uint64_t id = 1; id <= count; ++id) {
      at += luck_.percent(40) ? luck_.between(instant{0}, second / 10)
                              : luck_.between(instant{0}, 2 * second);
      if (at >= out_.trouble_ends) break;
      work x;
      x.at = at;
      x.id = id;
      if (luck_.percent(50)) x.mask = luck_.next();
      out_.works.push_back(x);
    }
  }

  chance luck_;
  shape how_;
  plan out_;
  std::uint64_t whole_ = 0;
  std::uint64_t spent_ = 0; ///< weight that may be faulty
  std::vector<std::size_t> faulty_;
  std::vector<std::size_t> changing_; ///< keys
};

} // namespace

plan random_plan(std::uint64_t seed, const shape& how) {
  return dealer{seed, how}.deal();
}

} // namespace bpci::consensus::sim
