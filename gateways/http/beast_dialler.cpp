#include "gateways/http/beast_address.hpp"
#include "gateways/http/beast_websocket.hpp"
#include "gateways/http/dialler.hpp"

#include <boost/asio/connect.hpp>

namespace bpci::http {

namespace {

using namespace io;
using tcp = asio::ip::tcp;
using resolver = asio::ip::basic_resolver<tcp, executor>;

/// How often deadlines are looked at.
constexpr auto tick_every = std::chrono::milliseconds{100};

/// From an address to a socket that is connected, and then to a WebSocket. Belongs to the loop
/// until its session does.
class attempt final : public connection, public std::enable_shared_from_this<attempt> {
public:
  attempt(loop& where, address to, websocket_client_options how, dialler::make_listener listener,
          dialler::answer done)
      : loop_(where),
        names_(where.context()),
        socket_(where.context()),
        to_(std::move(to)),
        how_(std::move(how)),
        until_(clock::now() + how_.connect_timeout),
        listener_(std::move(listener)),
        done_(std::move(done)) {}

  /// The loop may have ended before it came to this.
  ~attempt() override { tell(fail(ec::shutting_down)); }

  void start() {
    loop_.add(shared_from_this());
    names_.async_resolve(to_.host, to_.port,
                         [me = shared_from_this()](error_code why, const auto& found) {
                           if (why || !me->done_) return me->end(broken(me->to_, why));
                           me->connect(found);
                         });
  }

  void tick(time_point now) override {
    if (now > until_) give_up(broken(to_, asio::error::timed_out));
  }
  void shut() override { cut(); }
  void cut() override { give_up(fail(ec::shutting_down)); }

private:
  void connect(const resolver::results_type& found) {
    asio::async_connect(socket_, found, [me = shared_from_this()](error_code why, const auto&) {
      if (why || !me->done_) return me->end(broken(me->to_, why));
      me->shake_hands();
    });
  }

  /// From here on the session watches the time.
  void shake_hands() {
    error_code why;
    const auto remote = socket_.remote_endpoint(why);
    if (why) return end(broken(to_, why));
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.set_option(asio::socket_base::keep_alive(true), ignored);
    socket_.non_blocking(true, ignored);
    websocket_session::accept_fields fields{{"User-Agent", "bpci"}};
    if (!how_.subprotocol.empty()) fields.emplace_back("Sec-WebSocket-Protocol", how_.subprotocol);
    for (const auto& x : how_.headers.fields)
      fields.push_back(x);
    auto link = std::make_shared<websocket_link>(loop_.post_box(), how_.limits,
                                                 remote.address().to_string());
    auto listener = listener_(link);
    const auto session = std::make_shared<websocket_session>(
        std::move(socket_), loop_, how_.limits, std::move(link), std::move(listener), nullptr);
    loop_.add(session);
    loop_.remove(*this);
    const auto within =
        std::chrono::duration_cast<std::chrono::milliseconds>(until_ - clock::now());
    session->handshake(to_.authority(), to_.path, std::move(fields), within,
                       [me = shared_from_this(), session = session.get()](error_code e) {
                         me->tell(me->outcome(*session, e));
                       });
  }

  [[nodiscard]] result<void> outcome(const websocket_session& session, error_code why) const {
    if (why == boost::beast::websocket::error::upgrade_declined) return refusal(session.answer());
    if (why == asio::error::operation_aborted)
      return fail(ec::timeout, "no handshake with " + to_.authority());
    if (why) return fail(ec::malformed, "the handshake failed: " + why.message());
    return {};
  }

  /// What is under way ends soon, and finds that it has been answered.
  void give_up(const failure& why) {
    error_code ignored;
    names_.cancel();
    socket_.close(ignored);
    end(why);
  }

  void end(const failure& why) {
    tell(why);
    loop_.remove(*this);
  }

  void tell(result<void> what) {
    if (const auto done = std::exchange(done_, nullptr)) done(std::move(what));
  }

  loop& loop_;
  resolver names_;
  tcp_socket socket_;
  const address to_;
  const websocket_client_options how_;
  const time_point until_;
  dialler::make_listener listener_;
  dialler::answer done_; ///< Null once it was called.
};

class beast_dialler final : public dialler {
public:
  beast_dialler() : loop_(tick_every) { loop_.start(); }
  ~beast_dialler() override { loop_.end(); }

  void dial(websocket_client_options how, make_listener listener, answer done) override {
    auto to = parse_address(how.url, "ws://");
    if (!to) return done(to.error());
    if (!fits_in_a_request("GET", to->path, how.headers))
      return done(fail(ec::invalid_argument, "the path or a header cannot be sent"));
    auto next = std::make_shared<attempt>(loop_, std::move(*to), std::move(how),
                                          std::move(listener), std::move(done));
    loop_.post_box()->post([next = std::move(next)] { next->start(); });
  }

private:
  loop loop_;
};

} // namespace

std::unique_ptr<dialler> make_dialler() {
  return std::make_unique<beast_dialler>();
}

} // namespace bpci::http
