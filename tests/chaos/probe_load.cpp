#include "probe_load.hpp"

#include <mutex>

namespace bpci::chaos {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t guests_every = 4; ///< an add to the probe of another client
constexpr std::size_t tells_every = 3;
constexpr std::size_t reads_every = 5;
constexpr std::int64_t by_most = 1'000;

constexpr auto read_within = milliseconds{2'000};

std::string numbered(const char* prefix, std::size_t number) {
  return prefix + std::to_string(number);
}

} // namespace

probe_load::probe_load(probe_load_options how) : how_(std::move(how)), workers_(how_.entities) {}

probe_load::~probe_load() {
  finish();
}

void probe_load::begin() {
  for (std::size_t i = 0; i < workers_.size(); ++i)
    workers_[i].thread = std::thread{[this, i] { run(workers_[i], i); }};
}

void probe_load::finish() {
  ending_ = true;
  for (auto& x : workers_)
    if (x.thread.joinable()) x.thread.join();
}

void probe_load::run(worker& x, std::size_t number) {
  dice seeds{how_.seed ^ (number << 32)};
  probe_client client{how_.nodes, how_.token, seeds.next()};
  auto& luck = client.luck();
  auto due = steady_clock::now() + luck.between(milliseconds{0}, how_.pace);
  for (std::size_t i = 0; !ending_; ++i) {
    std::this_thread::sleep_until(due);
    due = std::max(due + how_.pace, steady_clock::now());
    const auto guest = i % guests_every == guests_every - 1;
    const auto entity = guest ? luck.below(how_.entities) : number;
    operation one;
    one.entity = numbered("e", entity);
    one.key = numbered("k", number) + numbered("-", i);
    one.by = static_cast<std::int64_t>(luck.below(by_most)) + 1;
    if (i % tells_every == 0) one.tell = numbered("sink-", entity % how_.sinks);
    if (client.add(one, how_.operation_max)) ++acknowledged_;
    x.operations.push_back(std::move(one));
    if (i % reads_every == 0)
      if (auto got = client.read(numbered("e", entity), client.any_node(), read_within))
        x.readings.push_back(std::move(*got));
  }
}

std::vector<operation> probe_load::operations() const {
  std::vector<operation> out;
  for (const auto& x : workers_)
    out.insert(out.end(), x.operations.begin(), x.operations.end());
  return out;
}

std::vector<reading> probe_load::readings() const {
  std::vector<reading> out;
  for (const auto& x : workers_)
    out.insert(out.end(), x.readings.begin(), x.readings.end());
  return out;
}

std::vector<resent> probe_load::send_again(const std::vector<operation>& all,
                                           milliseconds deadline) const {
  std::vector<resent> out;
  std::mutex mutex;
  std::atomic<std::size_t> next{0};
  const auto until = steady_clock::now() + deadline;
  const auto work = [&](std::uint64_t seed) {
    probe_client client{how_.nodes, how_.token, seed};
    for (auto i = next++; i < all.size() && steady_clock::now() < until; i = next++) {
      auto again = all[i];
      again.attempts.clear();
      const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
      const auto answer = client.add(again, left);
      if (!answer) continue;
      std::lock_guard lock{mutex};
      out.push_back({again.entity, again.key, answer->repeated, answer->total, answer->count});
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < how_.entities; ++i)
    threads.emplace_back(work, how_.seed + i);
  for (auto& x : threads)
    x.join();
  return out;
}

std::vector<std::string> probe_load::entity_names() const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < how_.entities; ++i)
    out.push_back(numbered("e", i));
  return out;
}

std::vector<std::string> probe_load::sink_names() const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < how_.sinks; ++i)
    out.push_back(numbered("sink-", i));
  return out;
}

} // namespace bpci::chaos
