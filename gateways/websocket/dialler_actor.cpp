#include "gateways/websocket/dialler_actor.hpp"

#include "gateways/websocket/bpi_socket.hpp"
#include "messages/codec/json.hpp"
#include "messages/oracle/frames.hpp"

namespace bpci::gateway {

namespace {

/// From the I/O thread: an attempt is over. `connection` null: `why`.
struct attempt_over {
  std::uint64_t ticket = 0;
  oracle::connection_ptr connection;
  failure why;
};

constexpr std::size_t attempts_max = 32;
constexpr auto within_max = std::chrono::milliseconds{30'000};

/// What its owner may have unhandled: as of a connection that came in.
constexpr std::size_t credit = 256;

} // namespace

} // namespace bpci::gateway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::gateway::attempt_over)

namespace bpci::gateway {

http::websocket_limits dialled_limits() {
  http::websocket_limits out;
  out.max_frame_bytes = std::size_t{64} * 1'024;
  out.max_write_queue_bytes = std::size_t{1'024} * 1'024;
  // Nothing is read before it has its owner.
  out.initial_credit = 0;
  // Whoever dials notices first that a link is dead, and dials again.
  out.ping_interval = std::chrono::milliseconds{5'000};
  out.idle = std::chrono::milliseconds{15'000};
  return out;
}

dialler_actor::dialler_actor(caf::actor_config& cfg)
    : actor_base(cfg), dialler_(http::make_dialler()) {}

caf::behavior dialler_actor::make_behavior() {
  return {
      [this](const oracle::dial& x) { return dial(x); },
      [this](const attempt_over& x) { finish(x.ticket, x.connection, x.why); },
  };
}

caf::result<oracle::dialled> dialler_actor::dial(const oracle::dial& x) {
  if (attempts_.size() >= attempts_max)
    return to_caf(ec::busy, std::to_string(attempts_max) + " are being dialled already");
  // Before the promise, which takes the sender away.
  auto owner = caf::actor_cast<caf::actor>(current_sender());
  auto answer = make_response_promise<oracle::dialled>();
  const auto ticket = ++last_ticket_;
  attempts_.emplace(ticket, attempt{answer, std::move(owner)});
  http::websocket_client_options how;
  how.url = x.url;
  how.subprotocol = oracle::subprotocol;
  how.connect_timeout = std::clamp(x.within, std::chrono::milliseconds{1}, within_max);
  how.limits = dialled_limits();
  auto made = std::make_shared<oracle::connection_ptr>();
  dialler_->dial(
      std::move(how),
      [made](std::shared_ptr<http::socket> where) {
        auto out =
            std::make_shared<bpi_socket>(std::move(where), oracle::encoding::msgpack, caf::actor{});
        *made = out;
        return std::static_pointer_cast<http::socket_listener>(out);
      },
      [made, ticket, me = address()](const result<void>& done) {
        auto out = attempt_over{ticket, std::exchange(*made, nullptr), {}};
        if (!done) out = {ticket, nullptr, done.error()};
        caf::anon_send(caf::actor_cast<caf::actor>(me), std::move(out));
      });
  return answer;
}

void dialler_actor::finish(std::uint64_t ticket, const oracle::connection_ptr& opened,
                           const failure& why) {
  auto found = attempts_.find(ticket);
  if (found == attempts_.end()) return;
  auto who = std::move(found->second);
  attempts_.erase(found);
  if (!opened) {
    ++failed_;
    who.answer.deliver(to_caf(why));
    return;
  }
  ++opened_;
  // In this order nothing of a connection comes before it is known.
  who.answer.deliver(oracle::dialled{opened});
  opened->set_owner(who.owner);
  opened->grant(credit);
}

void dialler_actor::on_exit() {
  dialler_ = nullptr;
  for (auto& [ticket, x] : std::exchange(attempts_, {}))
    x.answer.deliver(to_caf(ec::restarted, "the dialler"));
}

std::string dialler_actor::describe() const {
  return codec::to_text({{"dialling", attempts_.size()}, {"opened", opened_}, {"failed", failed_}});
}

} // namespace bpci::gateway
