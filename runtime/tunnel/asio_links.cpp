#include "runtime/log/log.hpp"
#include "runtime/tunnel/asio_link.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <exception>
#include <fcntl.h>
#include <map>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace bpci::tunnel {

local_end::~local_end() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

namespace io {

namespace {

using timer = asio::basic_waitable_timer<clock, asio::wait_traits<clock>, executor>;
using tcp_acceptor = asio::basic_socket_acceptor<asio::ip::tcp, executor>;
using tcp_resolver = asio::ip::basic_resolver<asio::ip::tcp, executor>;

constexpr auto tick_every = std::chrono::milliseconds{100};
constexpr int backlog = 128;

/// While the process has no descriptors left, accepting would only spin.
constexpr auto accept_pause = std::chrono::milliseconds{200};

/// A dial that TCP has not finished.
struct attempt {
  explicit attempt(const executor& where) : socket(where), resolver(where) {}

  tcp_socket socket;
  tcp_resolver resolver;
  time_point deadline;
};

failure to_failure(const error_code& why) {
  if (why == asio::error::connection_refused) return fail(ec::not_found, "nobody listens there");
  return fail(ec::unavailable, why.message());
}

class loop final : public links, public link_owner {
public:
  loop(links_options how, std::function<void(link_event)> tell)
      : how_(how), tell_(std::move(tell)), thread_([this] { run(); }) {
    asio::post(context_, [this] { arm(); });
  }

  ~loop() override {
    asio::post(context_, [this] { end(); });
    thread_.join();
  }

  void use(tls_context_ptr context) override {
    asio::post(context_, [this, context = std::move(context)] { shared_ = context; });
  }

  result<std::uint16_t> listen(const std::string& host, std::uint16_t port) override;
  void dial(link_id link, const std::string& host, std::uint16_t port) override;

  void admit(link_id id) override {
    with(id, [this](io::link& x) {
      cut_stale(x);
      x.admit();
    });
  }

  void refuse(link_id id, const failure& why) override {
    with(id, [why](io::link& x) { x.refuse(why); });
  }

  void cut(link_id id, const failure& why) override {
    with(id, [why](io::link& x) { x.cut(why); });
  }

  // -- link_owner, on the loop's thread

  const links_options& how() const override { return how_; }
  void tell(link_event what) override { tell_(std::move(what)); }

  void forget(link_id id) override {
    const auto found = links_.find(id);
    if (found == links_.end()) return;
    // It is in the middle of a call of its own.
    asio::post(context_, [gone = std::move(found->second)] {});
    links_.erase(found);
  }

private:
  template <class F>
  void with(link_id id, F what) {
    asio::post(context_, [this, id, what] {
      if (const auto found = links_.find(id); found != links_.end()) {
        const auto kept = found->second;
        what(*kept);
      }
    });
  }

  std::vector<std::shared_ptr<io::link>> all() const;
  void run();
  void end();
  void arm();
  void on_tick();
  void accept();
  void on_accept(error_code why, tcp_socket socket);
  void make_room();
  void cut_stale(const io::link& newer);
  void add(link_id id, link_side side, tcp_socket socket);
  void connect(link_id id, const tcp_resolver::results_type& where);
  void give_up(link_id id, const failure& why);

  links_options how_;
  std::function<void(link_event)> tell_;
  asio::io_context context_{1};
  asio::executor_work_guard<executor> work_{context_.get_executor()};
  timer timer_{context_};
  tcp_acceptor acceptor_{context_};
  timer accept_timer_{context_};
  tls_context_ptr shared_;
  link_id next_accepted_ = 1;
  std::map<link_id, std::shared_ptr<io::link>> links_;
  std::map<link_id, std::shared_ptr<attempt>> attempts_;
  std::thread thread_; ///< last: it uses the others
};

// -- the thread --------------------------------------------------------------------------

void loop::run() {
  for (;;) {
    try {
      context_.run();
      return;
    } catch (const std::exception& e) {
      log::error("tunnel-loop-fault", {{"what", e.what()}});
    }
  }
}

void loop::end() {
  tell_ = [](const link_event&) {};
  error_code ignored;
  acceptor_.close(ignored);
  attempts_.clear();
  for (const auto& x : all())
    x->cut(fail(ec::shutting_down));
  work_.reset();
  context_.stop();
}

std::vector<std::shared_ptr<io::link>> loop::all() const {
  std::vector<std::shared_ptr<io::link>> out;
  for (const auto& [id, x] : links_)
    out.push_back(x);
  return out;
}

void loop::arm() {
  timer_.expires_after(tick_every);
  timer_.async_wait([this](error_code why) {
    if (!why) on_tick();
  });
}

void loop::on_tick() {
  const auto now = clock::now();
  // A tick may end links, which changes the map.
  for (const auto& x : all())
    x->tick(now);
  std::vector<link_id> late;
  for (const auto& [id, x] : attempts_)
    if (now > x->deadline) late.push_back(id);
  for (const auto id : late)
    give_up(id, fail(ec::timeout, "no answer from its machine"));
  arm();
}

void loop::add(link_id id, link_side side, tcp_socket socket) {
  auto made = std::make_shared<io::link>(*this, id, side, std::move(socket), shared_);
  links_.emplace(id, made);
  made->start();
}

/// Two connections of one peer would confuse CAF for as long as it believes in the older one.
void loop::cut_stale(const io::link& newer) {
  const auto now = clock::now();
  for (const auto& x : all())
    if (x->open() && x->peer().id == newer.peer().id && x->silent_for(how_.stale_after, now))
      x->cut(fail(ec::unavailable, "a newer connection has taken its place"));
}

// -- accepting ---------------------------------------------------------------------------

result<std::uint16_t> loop::listen(const std::string& host, std::uint16_t port) {
  error_code why;
  const auto address = asio::ip::make_address(host, why);
  if (why) return fail(ec::invalid_argument, host + " is not an IP address");
  const asio::ip::tcp::endpoint where{address, port};
  auto made = std::make_shared<tcp_acceptor>(context_);
  made->open(where.protocol(), why);
  if (!why) made->set_option(asio::socket_base::reuse_address{true}, why);
  if (!why) made->bind(where, why);
  if (!why) made->listen(backlog, why);
  if (why)
    return fail(ec::address_in_use, host + ":" + std::to_string(port) + ": " + why.message());
  ::fcntl(made->native_handle(), F_SETFD, FD_CLOEXEC);
  const auto chosen = made->local_endpoint(why).port();
  asio::post(context_, [this, made] {
    acceptor_ = std::move(*made);
    accept();
  });
  return chosen;
}

void loop::accept() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_accept(
      [this](error_code why, tcp_socket socket) { on_accept(why, std::move(socket)); });
}

void loop::on_accept(error_code why, tcp_socket socket) {
  if (why == asio::error::operation_aborted) return;
  if (why) {
    log::warn("tunnel-accept-failed", {{"detail", why.message()}});
    accept_timer_.expires_after(accept_pause);
    accept_timer_.async_wait([this](error_code cancelled) {
      if (!cancelled) accept();
    });
    return;
  }
  make_room();
  add(std::exchange(next_accepted_, next_accepted_ + 2), link_side::accepted, std::move(socket));
  accept();
}

void loop::make_room() {
  std::shared_ptr<io::link> oldest;
  std::size_t waiting = 0;
  for (const auto& [id, x] : links_) {
    if (!x->accepted() || !x->waits_for_peer()) continue;
    if (!oldest) oldest = x;
    ++waiting;
  }
  if (waiting >= how_.handshakes_max) oldest->cut(fail(ec::busy, "too many handshakes at once"));
}

// -- dialling ----------------------------------------------------------------------------

void loop::dial(link_id id, const std::string& host, std::uint16_t port) {
  asio::post(context_, [this, id, host, port] {
    auto x = std::make_shared<attempt>(context_.get_executor());
    x->deadline = clock::now() + how_.handshake_max;
    attempts_.emplace(id, x);
    x->resolver.async_resolve(host, std::to_string(port), asio::ip::resolver_base::numeric_service,
                              [this, id](error_code why, const tcp_resolver::results_type& where) {
                                if (!attempts_.contains(id)) return;
                                if (why) return give_up(id, fail(ec::unavailable, why.message()));
                                connect(id, where);
                              });
  });
}

void loop::connect(link_id id, const tcp_resolver::results_type& where) {
  auto x = attempts_.at(id);
  asio::async_connect(x->socket, where,
                      [this, id, x](error_code why, const asio::ip::tcp::endpoint&) {
                        if (!attempts_.contains(id)) return;
                        if (why) return give_up(id, to_failure(why));
                        attempts_.erase(id);
                        add(id, link_side::dialled, std::move(x->socket));
                      });
}

void loop::give_up(link_id id, const failure& why) {
  const auto found = attempts_.find(id);
  if (found == attempts_.end()) return;
  const auto x = found->second;
  attempts_.erase(found);
  error_code ignored;
  x->resolver.cancel();
  x->socket.close(ignored);
  tell(link_ended{id, why});
}

} // namespace

} // namespace io

std::unique_ptr<links> make_links(links_options how, std::function<void(link_event)> tell) {
  return std::make_unique<io::loop>(how, std::move(tell));
}

} // namespace bpci::tunnel
