#include "traffic.hpp"

#include "runtime/time/clock.hpp"

#include <algorithm>
#include <sstream>

namespace bpci::e2e {

namespace {

constexpr auto first_connection_max = milliseconds{30'000};

/// No message of the traffic may fail for want of time: what is lost has to show as lost.
constexpr auto message_max = milliseconds{90'000};

client::options options_of(const identity& who, const std::vector<std::string>& urls) {
  client::options out{.urls = urls, .node_id = node_id{who.id}, .keys = who.keys()};
  out.deadline = message_max;
  return out;
}

} // namespace

// -- one node -----------------------------------------------------------------

cpp_node::cpp_node(const identity& who, const std::vector<std::string>& urls,
                   client::message_handler on_message, std::size_t batch_max)
    : who_(who), client_([&] {
        auto how = options_of(who, urls);
        how.batch_max = batch_max;
        how.on_message = std::move(on_message);
        how.on_state = [this](const client::state_change& x) { note(x); };
        return how;
      }()) {
  if (auto ok = client_.connect(first_connection_max); !ok)
    give_up(who_.id + " cannot connect: " + to_string(ok.error()));
  // The client has decided; its handler may still have to be called.
  wait_for_connection(1, first_connection_max);
}

void cpp_node::note(const client::state_change& x) {
  std::lock_guard lock{mutex_};
  if (x.state == client::link_state::connected) connections_.push_back({x.url, steady_now()});
  if (x.why.code != ec::none) losses_.push_back(x.why);
  changed_.notify_all();
}

std::size_t cpp_node::connections() const {
  std::lock_guard lock{mutex_};
  return connections_.size();
}

std::string cpp_node::wait_for_connection(std::size_t count, milliseconds deadline) {
  std::unique_lock lock{mutex_};
  const auto done = changed_.wait_for(lock, deadline, [&] { return connections_.size() >= count; });
  return done ? connections_[count - 1].url : std::string{};
}

std::chrono::steady_clock::time_point cpp_node::connected_at(std::size_t count) const {
  std::lock_guard lock{mutex_};
  return connections_.at(count - 1).at;
}

std::vector<failure> cpp_node::losses() const {
  std::lock_guard lock{mutex_};
  return losses_;
}

// -- two of them --------------------------------------------------------------

std::string to_string(const tally& x) {
  std::ostringstream out;
  out << x.sent << " sent, " << x.acknowledged << " acknowledged, " << x.received << " received, "
      << x.lost << " lost, " << x.doubled << " doubled, longest gap " << x.longest_gap.count()
      << " ms, " << x.duplicates_dropped << " duplicates dropped by the client";
  for (const auto& [code, count] : x.failed)
    out << ", " << count << " " << code;
  return out.str();
}

traffic::traffic(const identity& from, const std::vector<std::string>& from_urls,
                 const identity& to, const std::vector<std::string>& to_urls, std::size_t at_once)
    : at_once_(at_once) {
  to_ = std::make_unique<cpp_node>(to, to_urls,
                                   [this](const client::delivery& x) { return take(x); });
  from_ = std::make_unique<cpp_node>(from, from_urls, client::message_handler{}, at_once);
}

traffic::~traffic() {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  // Their handlers count here.
  from_.reset();
  to_.reset();
}

bool traffic::take(const client::delivery& x) {
  const auto number = std::stoul(std::string{x.message.body.begin(), x.message.body.end()});
  const auto now = steady_now();
  std::lock_guard lock{mutex_};
  if (!received_.empty()) longest_gap_ = std::max(longest_gap_, now - last_arrival_);
  last_arrival_ = now;
  ++received_[number];
  changed_.notify_all();
  return x.verified;
}

void traffic::note_report(std::size_t number, const client::report& x) {
  std::lock_guard lock{mutex_};
  ++answered_;
  if (x.delivered())
    acknowledged_[number] = 1;
  else
    ++failed_[std::string{name(x.targets.front().why.code)}];
  changed_.notify_all();
}

void traffic::note_refusal(const failure& why) {
  std::lock_guard lock{mutex_};
  ++answered_;
  ++failed_["not taken: " + std::string{name(why.code)}];
}

void traffic::send_some(std::size_t first) {
  std::vector<client::outgoing> all;
  std::map<message_id, std::size_t> numbers;
  for (auto number = first; number < first + at_once_; ++number) {
    const auto text = std::to_string(number);
    const auto id = message_id{"n" + text};
    numbers.emplace(id, number);
    all.push_back({.targets = {node_id{to_->who().id}},
                   .type = "Numbered",
                   .body = {text.begin(), text.end()},
                   .id = id});
  }
  const auto told = [this, numbers](const client::report& x) { note_report(numbers.at(x.id), x); };
  for (const auto& taken : from_->client().send_batch(std::move(all), told))
    if (!taken) note_refusal(taken.error());
}

void traffic::run(std::chrono::nanoseconds pause) {
  auto due = steady_now();
  for (;;) {
    std::size_t number = 0;
    {
      std::unique_lock lock{mutex_};
      if (changed_.wait_until(lock, due, [&] { return stopping_; })) return;
      number = sent_;
      sent_ += at_once_;
      acknowledged_.resize(sent_, 0);
    }
    send_some(number);
    due += pause;
  }
}

void traffic::begin(std::size_t per_second) {
  const auto pause = std::chrono::nanoseconds{1'000'000'000} * at_once_ / per_second;
  thread_ = std::thread{[this, pause] { run(pause); }};
}

std::size_t traffic::received() const {
  std::lock_guard lock{mutex_};
  return received_.size();
}

bool traffic::wait_for_received(std::size_t count, milliseconds deadline) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, deadline, [&] { return received_.size() >= count; });
}

tally traffic::finish(milliseconds deadline) {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
  tally out;
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, deadline, [&] { return answered_ == sent_; });
  out.sent = sent_;
  out.received = received_.size();
  for (std::size_t i = 0; i < sent_; ++i) {
    if (!acknowledged_[i]) continue;
    ++out.acknowledged;
    if (!received_.contains(i)) ++out.lost;
  }
  for (const auto& [number, count] : received_)
    if (count > 1) ++out.doubled;
  out.longest_gap = std::chrono::ceil<milliseconds>(longest_gap_);
  out.failed = failed_;
  if (answered_ < sent_) out.failed["unanswered"] = sent_ - answered_;
  lock.unlock();
  out.duplicates_dropped = to_->client().stats().duplicates;
  return out;
}

} // namespace bpci::e2e
