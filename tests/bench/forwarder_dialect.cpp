#include "tests/bench/forwarder_dialect.hpp"

#include <cstring>

namespace bpci::bench {

namespace {

enum class kind : std::uint32_t { message, ack };

/// At the beginning of each frame, in this machine's byte order.
struct header {
  std::uint32_t to = 0;
  std::uint32_t from = 0;
  kind what = kind::message;
  std::uint64_t number = 0;
};

void write(bytes& out, const header& x, std::size_t size) {
  out.resize(std::max(size, sizeof x));
  std::memcpy(out.data(), &x, sizeof x);
}

} // namespace

result<bool> forwarder_dialect::greet(std::size_t who, std::span<const std::uint8_t> frame,
                                      bytes&) {
  if (frame.size() != sizeof names_[who]) return fail(ec::malformed, "the forwarder's greeting");
  std::memcpy(&names_[who], frame.data(), frame.size());
  return true;
}

bytes forwarder_dialect::make_message(std::size_t who, std::uint64_t number) {
  bytes out;
  write(out, {names_[(who + 1) % names_.size()], names_[who], kind::message, number},
        message_bytes_);
  return out;
}

result<heard> forwarder_dialect::hear(std::size_t who, std::span<const std::uint8_t> frame,
                                      bytes& reply) {
  header said;
  if (frame.size() < sizeof said) return fail(ec::malformed, "the forwarder's frame");
  std::memcpy(&said, frame.data(), sizeof said);
  if (said.what == kind::ack) return heard{heard::kind::acknowledged, said.number, {}};
  write(reply, {said.from, names_[who], kind::ack, said.number}, ack_bytes_);
  return heard{};
}

} // namespace bpci::bench
