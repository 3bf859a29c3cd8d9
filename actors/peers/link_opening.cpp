#include "actors/peers/link_opening.hpp"

#include "messages/codec/canonical.hpp"
#include "messages/oracle/peer_link.hpp"

#include <algorithm>

namespace bpci::peers {

namespace {

constexpr std::size_t nonce_size = 32;

template <std::size_t N>
bytes to_bytes(const std::array<std::uint8_t, N>& x) {
  return {x.begin(), x.end()};
}

side other_side(side x) {
  return x == side::server ? side::client : side::server;
}

/// A frame of the handshake, from a server.
result<oracle::server_frame> read_handshake(const oracle::raw_frame& x) {
  auto frame = oracle::decode_server_frame(x.data, x.how);
  if (!frame) return frame.error();
  if (const auto* no = std::get_if<oracle::refusal>(&*frame))
    return fail(code_from_name(no->code), no->detail);
  return frame;
}

} // namespace

bytes proof_bytes(const std::string& chain_id, const link_parties& who, side by) {
  codec::canonical_writer out;
  out(std::string{"bpci/chain/link/1"})(chain_id)(static_cast<std::uint8_t>(by));
  out(who.server)(who.client)(who.with.server_key)(who.with.server_nonce)(who.with.client_nonce);
  return out.take();
}

link_opening link_opening::dialled(identity me, const address& expected, bytes nonce) {
  auto out = link_opening{std::move(me), side::client, stage::challenge};
  out.who_.server = expected;
  out.who_.client = out.me_.self();
  out.nonce_ = std::move(nonce);
  return out;
}

link_opening link_opening::accepted(identity me, const address& client,
                                    oracle::handshake_context with) {
  auto out = link_opening{std::move(me), side::server, stage::proof};
  out.who_ = {out.me_.self(), client, std::move(with)};
  return out;
}

link_opening::step link_opening::begin() const {
  step out;
  if (here_ == side::server) out.write.push_back(proof());
  return out;
}

result<link_opening::step> link_opening::on_frame(const oracle::raw_frame& x,
                                                  const peer_head& mine) {
  if (at_ == stage::challenge || at_ == stage::welcome) {
    const auto frame = read_handshake(x);
    if (!frame) return frame.error();
    return at_ == stage::challenge ? on_challenge(*frame) : on_welcome(*frame);
  }
  const auto said = decode(x, here_);
  if (!said) return said.error();
  if (said->chain_id != me_.chain_id)
    return fail(ec::not_permitted, "this is another chain: " + me_.chain_id);
  if (at_ == stage::proof) {
    const auto* proven = std::get_if<chain::prove_address>(&said->what);
    if (!proven) return fail(ec::handshake_required, "prove_address is due");
    return on_proof(*proven, mine);
  }
  const auto* head = std::get_if<peer_head>(&said->what);
  if (at_ != stage::head || !head) return fail(ec::handshake_required, "peer_head is due");
  at_ = stage::open;
  return step{{encode(say(me_.chain_id, mine))}, true, true, *head};
}

result<link_opening::step> link_opening::on_challenge(const oracle::server_frame& x) {
  const auto* asked = std::get_if<oracle::challenge>(&x);
  if (!asked) return fail(ec::handshake_required, "the challenge is due");
  if (std::ranges::find(asked->versions, oracle::protocol_version) == asked->versions.end())
    return fail(ec::unsupported, "the node does not speak BPI-1.0");
  if (asked->nonce.size() != nonce_size) return fail(ec::malformed, "challenge: nonce");
  if (!crypto::public_key_from_bytes(asked->server_key))
    return fail(ec::malformed, "challenge: server_key");
  who_.with = {asked->server_key, to_bytes(me_.self()), asked->nonce, nonce_};
  member_ = asked->member;
  oracle::hello hello;
  hello.version = oracle::protocol_version;
  hello.node_id = node_id{std::string{oracle::peer_node_prefix} + crypto::to_hex(me_.keys->pub)};
  hello.key = who_.with.client_key;
  hello.nonce = nonce_;
  hello.signature =
      to_bytes(crypto::sign(me_.keys->secret, oracle::signing_bytes(who_.with, hello)).bytes);
  at_ = stage::welcome;
  step out;
  out.write.push_back(
      oracle::encode(oracle::client_frame{std::move(hello)}, oracle::encoding::msgpack));
  return out;
}

result<link_opening::step> link_opening::on_welcome(const oracle::server_frame& x) {
  const auto* said = std::get_if<oracle::welcome>(&x);
  if (!said) return fail(ec::handshake_required, "the welcome is due");
  const auto server = crypto::public_key_from_bytes(who_.with.server_key);
  const auto signature = crypto::signature_from_bytes(said->signature);
  if (!server || !signature
      || !crypto::verify(*server, oracle::signing_bytes(who_.with, member_, *said), *signature))
    return fail(ec::bad_signature, "welcome");
  at_ = stage::proof;
  return step{};
}

result<link_opening::step> link_opening::on_proof(const chain::prove_address& x,
                                                  const peer_head& mine) {
  if (auto good = check(x); !good) return good.error();
  step out;
  out.proved = true;
  if (here_ == side::client) {
    // Not before the server has proved that it is the one that is named in here: so nobody who
    // was dialled can use it to pass for this node somewhere else.
    out.write.push_back(proof());
    at_ = stage::head;
    return out;
  }
  out.write.push_back(encode(say(me_.chain_id, mine)));
  out.open = true;
  at_ = stage::open;
  return out;
}

result<void> link_opening::check(const chain::prove_address& x) const {
  if (x.who == me_.self()) return fail(ec::not_permitted, "this node's own address");
  if (x.who != other())
    return fail(ec::wrong_source, "it holds the key " + crypto::to_hex(x.who) + ", and not "
                                      + crypto::to_hex(other()));
  if (!crypto::verify({x.who}, proof_bytes(me_.chain_id, who_, other_side(here_)), {x.sig}))
    return fail(ec::bad_signature, "prove_address");
  return {};
}

bytes link_opening::proof() const {
  const auto signature =
      crypto::sign(me_.keys->secret, proof_bytes(me_.chain_id, who_, here_)).bytes;
  return encode(say(me_.chain_id, chain::prove_address{me_.self(), signature}));
}

} // namespace bpci::peers
