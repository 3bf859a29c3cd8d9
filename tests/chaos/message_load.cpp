#include "message_load.hpp"

#include "messages/codec/json.hpp"
#include "messages/oracle/nodes.hpp"
#include "runtime/crypto/hex.hpp"
#include "runtime/crypto/token.hpp"

#include <algorithm>
#include <stdexcept>

namespace bpci::chaos {

namespace {

using std::chrono::steady_clock;

constexpr auto first_connection_max = milliseconds{30'000};
/// No message may fail for want of time: what is lost has to show as lost.
constexpr auto message_max = milliseconds{120'000};

client::options options_of(const bpi_identity& who, const std::vector<std::string>& urls) {
  client::options out{.urls = urls, .node_id = node_id{who.id}, .keys = who.keys()};
  out.deadline = message_max;
  return out;
}

void connect(client::bpi_client& x, const std::string& who) {
  if (auto ok = x.connect(first_connection_max); !ok)
    throw std::runtime_error(who + " cannot connect: " + to_string(ok.error()));
}

} // namespace

bpi_identity make_bpi_identity(const std::string& id) {
  return {.id = id, .seed = crypto::random_nonce()};
}

std::string registration_of(const bpi_identity& x) {
  const oracle::registration what{.node_id = node_id{x.id},
                                  .node_type = "Banking",
                                  .endpoint = "ws://127.0.0.1:1",
                                  .capabilities = {"Test"},
                                  .public_key = crypto::to_hex(x.keys().pub)};
  return codec::to_text(codec::to_json(what));
}

message_load::message_load(message_load_options how) : how_(std::move(how)) {
  auto to = options_of(how_.to, how_.to_urls);
  to.on_message = [this](const client::delivery& x) { return take(x); };
  to_ = std::make_unique<client::bpi_client>(std::move(to));
  from_ = std::make_unique<client::bpi_client>(options_of(how_.from, how_.from_urls));
  connect(*to_, how_.to.id);
  connect(*from_, how_.from.id);
}

message_load::~message_load() {
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

bool message_load::take(const client::delivery& x) {
  std::lock_guard lock{mutex_};
  ++records_[x.message.id.get()].handled;
  changed_.notify_all();
  return x.verified;
}

void message_load::send_one(std::size_t number) {
  const auto id = how_.from.id + "-" + std::to_string(number);
  {
    std::lock_guard lock{mutex_};
    records_[id].id = id;
    records_[id].stored = how_.stored;
  }
  const auto told = [this, id](const client::report& x) {
    std::lock_guard lock{mutex_};
    ++answered_;
    if (x.delivered()) {
      records_[id].acknowledged = true;
      ++acknowledged_;
    } else {
      records_[id].code = name(x.targets.front().why.code);
    }
    changed_.notify_all();
  };
  const auto mode = how_.stored ? oracle::delivery_mode::stored : oracle::delivery_mode::live;
  const auto taken = from_->send({.targets = {node_id{how_.to.id}},
                                  .type = "Numbered",
                                  .body = bytes(how_.body_bytes, 'x'),
                                  .delivery = mode,
                                  .id = message_id{id}},
                                 told);
  if (taken) return;
  std::lock_guard lock{mutex_};
  ++answered_;
  records_[id].code = "not taken: " + std::string{name(taken.error().code)};
}

void message_load::run() {
  const auto pause = std::chrono::nanoseconds{std::chrono::seconds{1}} / how_.per_second;
  auto due = steady_clock::now();
  for (;;) {
    std::size_t number = 0;
    {
      std::unique_lock lock{mutex_};
      if (changed_.wait_until(lock, due, [&] { return stopping_; })) return;
      number = sent_++;
    }
    send_one(number);
    due += pause;
  }
}

void message_load::begin() {
  thread_ = std::thread{[this] { run(); }};
}

std::size_t message_load::acknowledged() const {
  std::lock_guard lock{mutex_};
  return acknowledged_;
}

bool message_load::is_complete() const {
  return answered_ == sent_ && std::ranges::all_of(records_, [](const auto& entry) {
           const auto& x = entry.second;
           return !x.stored || !x.acknowledged || x.handled > 0;
         });
}

std::vector<message_record> message_load::finish(milliseconds deadline) {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, deadline, [&] { return is_complete(); });
  std::vector<message_record> out;
  for (const auto& [id, record] : records_)
    out.push_back(record);
  return out;
}

} // namespace bpci::chaos
