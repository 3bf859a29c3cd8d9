#include "gateways/websocket/bpi_socket.hpp"

#include <caf/send.hpp>

namespace bpci::gateway {

using oracle::connection_closed;
using oracle::connection_opened;
using oracle::connection_writable;
using oracle::frames_received;

bpi_socket::bpi_socket(std::shared_ptr<http::socket> socket, oracle::encoding how, caf::actor owner)
    : socket_(std::move(socket)), how_(how), owner_(std::move(owner)) {}

void bpi_socket::announce() {
  tell(connection_opened{shared_from_this()});
}

template <class Message>
void bpi_socket::tell(Message what) {
  caf::actor owner;
  {
    auto lock = std::lock_guard{mutex_};
    owner = owner_;
  }
  if (owner) caf::anon_send(owner, std::move(what));
}

bool bpi_socket::write(bytes frame) {
  return write(std::make_shared<const bytes>(std::move(frame)));
}

bool bpi_socket::write(std::shared_ptr<const bytes> frame) {
  auto kind = how_ == oracle::encoding::json ? http::frame_kind::text : http::frame_kind::binary;
  return socket_->send(std::move(frame), kind);
}

void bpi_socket::allow(std::size_t frame_bytes_max, std::size_t queue_bytes_max) {
  socket_->allow(frame_bytes_max, queue_bytes_max);
}

void bpi_socket::grant(std::size_t frames) {
  socket_->grant(frames);
}

void bpi_socket::close(ec why, std::string detail) {
  auto reason = std::string{sentence(why)};
  if (!detail.empty()) reason += " (" + detail + ")";
  socket_->close(why, std::move(reason));
}

void bpi_socket::set_owner(caf::actor owner) {
  auto lock = std::lock_guard{mutex_};
  owner_ = std::move(owner);
  // It may have closed while it changed hands; the new owner would never learn.
  if (closed_) caf::anon_send(owner_, connection_closed{shared_from_this(), *closed_});
}

std::string bpi_socket::remote_address() const {
  return socket_->remote_address();
}

void bpi_socket::on_frames(std::vector<http::frame> frames) {
  std::vector<oracle::raw_frame> raw;
  raw.reserve(frames.size());
  for (auto& x : frames)
    raw.push_back({std::move(x.data), x.kind == http::frame_kind::text
                                          ? oracle::encoding::json
                                          : oracle::encoding::msgpack});
  tell(frames_received{shared_from_this(), std::move(raw)});
}

void bpi_socket::on_writable() {
  tell(connection_writable{shared_from_this()});
}

void bpi_socket::on_closed(ec why, std::string detail) {
  caf::actor owner;
  {
    auto lock = std::lock_guard{mutex_};
    closed_ = failure{why, std::move(detail)};
    owner = std::exchange(owner_, nullptr);
  }
  if (owner) caf::anon_send(owner, connection_closed{shared_from_this(), *closed_});
}

} // namespace bpci::gateway
