#include "gateways/http/beast_loop.hpp"

#include "runtime/log/log.hpp"

#include <boost/asio/post.hpp>

#include <ctime>
#include <exception>
#include <future>

namespace bpci::http::io {

bool mailbox::post(task what) {
  std::lock_guard lock{mutex_};
  if (!where_) return false;
  tasks_.push_back(std::move(what));
  if (!scheduled_) {
    scheduled_ = true;
    asio::post(*where_, [this] { run_all(); });
  }
  return true;
}

void mailbox::run_all() {
  {
    std::lock_guard lock{mutex_};
    scheduled_ = false;
    running_.swap(tasks_);
  }
  for (auto& x : running_) {
    try {
      x();
    } catch (const std::exception& e) {
      // One task must not take the others with it.
      log::error("http-task-fault", {{"what", e.what()}});
    }
  }
  running_.clear();
}

void mailbox::close() {
  std::vector<task> dropped;
  std::lock_guard lock{mutex_};
  where_ = nullptr;
  dropped.swap(tasks_);
}

loop::loop(std::chrono::milliseconds tick)
    : work_(context_.get_executor()),
      mailbox_(std::make_shared<mailbox>(context_)),
      timer_(context_),
      tick_(tick) {
  refresh_date();
}

loop::~loop() {
  end();
  mailbox_->close();
}

void loop::start() {
  std::promise<void> known;
  thread_ = std::thread{[this, &known] {
    mailbox_->belongs_to(std::this_thread::get_id());
    known.set_value();
    run();
  }};
  known.get_future().wait();
  mailbox_->post([this] { arm(); });
}

void loop::end() {
  if (!thread_.joinable()) return;
  mailbox_->post([this] {
    cut_all();
    timer_.cancel();
    work_.reset();
    context_.stop();
  });
  thread_.join();
  mailbox_->belongs_to({});
}

void loop::run() {
  for (;;) {
    try {
      context_.run();
      return;
    } catch (const std::exception& e) {
      // Handlers are guarded where they are called; what arrives here is a fault of this folder.
      log::error("http-loop-fault", {{"what", e.what()}});
    }
  }
}

void loop::add(std::shared_ptr<connection> what) {
  const auto* key = what.get();
  connections_.emplace(key, std::move(what));
}

void loop::remove(const connection& what) {
  const auto at = connections_.find(&what);
  if (at == connections_.end()) return;
  // The connection is in the middle of a call; it goes when that has returned.
  mailbox_->post([gone = std::move(at->second)] {});
  connections_.erase(at);
}

void loop::shut_all() {
  const auto all = connections_;
  for (const auto& [key, x] : all)
    x->shut();
}

void loop::cut_all() {
  const auto all = connections_;
  for (const auto& [key, x] : all)
    x->cut();
}

void loop::arm() {
  timer_.expires_after(tick_);
  timer_.async_wait([this](error_code why) {
    if (!why) on_tick();
  });
}

void loop::on_tick() {
  refresh_date();
  const auto now = clock::now();
  // A tick may end connections, which changes the map under the walk.
  std::vector<std::shared_ptr<connection>> all;
  all.reserve(connections_.size());
  for (const auto& [key, x] : connections_)
    all.push_back(x);
  for (const auto& x : all)
    x->tick(now);
  arm();
}

void loop::refresh_date() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[sizeof "Sun, 06 Nov 1994 08:49:37 GMT"];
  date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
}

} // namespace bpci::http::io
