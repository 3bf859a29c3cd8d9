#include "gateways/api/listener_actor.hpp"

#include "messages/codec/json.hpp"
#include "messages/oracle/frames.hpp"
#include "runtime/log/log.hpp"

namespace bpci::gateway {

namespace {

using start_atom = caf::atom_constant<caf::atom("start")>;

/// What requests in flight get when the node stops.
constexpr auto stop_max = std::chrono::milliseconds{3'000};

http::server_options to_options(const config::node_config& x) {
  const auto& links = x.oracle.limits;
  http::server_options out;
  out.host = x.listen.host;
  out.port = x.listen.port;
  out.io_threads = x.listen.io_threads;
  out.max_header_bytes = x.listen.max_header_bytes;
  out.max_body_bytes = x.listen.max_body_bytes;
  out.header_timeout = x.listen.request_timeout;
  out.body_timeout = x.listen.request_timeout;
  // A relay over HTTP waits for its targets.
  out.request_timeout = std::max<std::chrono::milliseconds>(
      x.listen.request_timeout, x.oracle.relay_timeout + std::chrono::seconds{5});
  out.idle_timeout = x.listen.idle_timeout;
  out.max_http_connections = x.listen.max_http_connections;
  out.max_websockets = x.oracle.max_connections;
  out.websocket.max_frame_bytes = links.max_frame_bytes;
  out.websocket.max_write_queue_bytes = links.max_write_queue_bytes;
  out.websocket.write_stall = links.write_stall;
  out.websocket.ping_interval = links.ping_interval;
  out.websocket.idle = links.idle_timeout;
  out.subprotocols = {std::string{oracle::subprotocol}};
  return out;
}

} // namespace

listener_actor::listener_actor(caf::actor_config& cfg, context_ptr shared,
                               std::shared_ptr<http::handler> handler, std::function<void()> ready)
    : actor_base(cfg),
      shared_(std::move(shared)),
      handler_(std::move(handler)),
      ready_(std::move(ready)) {}

caf::behavior listener_actor::make_behavior() {
  send(this, start_atom::value);
  return {
      [this](start_atom) { listen(); },
  };
}

void listener_actor::listen() {
  auto options = to_options(shared_->config);
  // After a restart the clients look for the port that they know.
  if (auto before = shared_->http_port->load(); before != 0) options.port = before;
  server_ = http::make_server(options, handler_);
  auto port = server_->start();
  if (!port) {
    log::error("listen-failed",
               {{"code", bpci::name(port.error().code)}, {"detail", port.error().detail}});
    return quit(to_caf(port.error()));
  }
  *shared_->http_port = *port;
  log::info("listening", {{"host", options.host}, {"port", *port}});
  listen_further();
  ready_();
}

/// The older ports are a courtesy: 9100 is also node_exporter's.
void listener_actor::listen_further() {
  for (auto port : shared_->further_ports) {
    auto options = to_options(shared_->config);
    options.host = "127.0.0.1";
    options.port = port;
    auto server = http::make_server(options, handler_);
    if (auto started = server->start(); !started) {
      log::warn("older-port-taken", {{"port", port}, {"detail", started.error().detail}});
      continue;
    }
    log::info("listening", {{"host", options.host}, {"port", port}});
    further_.push_back(std::move(server));
  }
}

void listener_actor::on_exit() {
  for (auto& server : further_)
    server->stop(stop_max);
  if (server_) server_->stop(stop_max);
  further_.clear();
  server_ = nullptr;
}

std::string listener_actor::describe() const {
  if (!server_) return "{}";
  auto stats = server_->stats();
  return codec::to_text({{"port", shared_->http_port->load()},
                         {"http_connections", stats.http_connections},
                         {"websockets", stats.websockets},
                         {"accepted", stats.accepted},
                         {"refused", stats.refused},
                         {"requests", stats.requests}});
}

} // namespace bpci::gateway
