#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

/// Internal to gateways/http: one I/O thread and what runs on it. A connection belongs to one loop
/// for its whole life, so nothing on the path needs a strand or a lock.
namespace bpci::http::io {

namespace asio = boost::asio;
using error_code = boost::system::error_code;
using clock = std::chrono::steady_clock;
using time_point = clock::time_point;
using executor = asio::io_context::executor_type;
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, executor>;
using tcp_acceptor = asio::basic_socket_acceptor<asio::ip::tcp, executor>;
using timer = asio::basic_waitable_timer<clock, asio::wait_traits<clock>, executor>;

/// The way into a loop from any thread. It may outlive the loop. What is posted before the loop
/// gets to it runs in one go, so one wake-up serves many senders.
class mailbox {
public:
  using task = std::function<void()>;

  explicit mailbox(asio::io_context& where) : where_(&where) {}

  /// False if the loop has ended; the task is dropped.
  bool post(task what);

  /// Tasks that did not run are dropped, outside of the lock.
  void close();

  [[nodiscard]] bool inside() const noexcept { return std::this_thread::get_id() == thread_; }

  /// The thread that runs the loop; none once it has ended, since ids are given again.
  void belongs_to(std::thread::id who) noexcept { thread_ = who; }

private:
  void run_all();

  std::mutex mutex_;
  asio::io_context* where_;
  std::vector<task> tasks_;
  std::vector<task> running_; ///< Only the loop's thread; keeps its storage.
  bool scheduled_ = false;
  std::atomic<std::thread::id> thread_{};
};

/// A connection as its loop sees it.
class connection {
public:
  virtual ~connection() = default;

  /// Looks at the connection's deadlines.
  virtual void tick(time_point now) = 0;

  /// Finish what is under way, begin nothing.
  virtual void shut() = 0;

  /// End now. The connection removes itself from the loop.
  virtual void cut() = 0;
};

class loop {
public:
  /// Deadlines are looked at every `tick`.
  explicit loop(std::chrono::milliseconds tick);
  ~loop();
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  void start();

  /// Cuts every connection, ends the thread and waits for it. Later calls do nothing.
  void end();

  [[nodiscard]] asio::io_context& context() noexcept { return context_; }
  [[nodiscard]] const std::shared_ptr<mailbox>& post_box() const noexcept { return mailbox_; }

  // Only on the loop's thread:
  void add(std::shared_ptr<connection> what);
  void remove(const connection& what);
  void shut_all();
  [[nodiscard]] bool empty() const noexcept { return connections_.empty(); }

  /// The time for Date headers (RFC 9110, section 5.6.7), as fresh as the last tick.
  [[nodiscard]] const std::string& date() const noexcept { return date_; }

private:
  void run();
  void cut_all();
  void arm();
  void on_tick();
  void refresh_date();

  asio::io_context context_{1};
  asio::executor_work_guard<executor> work_;
  std::shared_ptr<mailbox> mailbox_;
  timer timer_;
  std::chrono::milliseconds tick_;
  std::string date_;
  std::unordered_map<const connection*, std::shared_ptr<connection>> connections_;
  std::thread thread_;
};

} // namespace bpci::http::io
