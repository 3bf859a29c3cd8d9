#include "tests/bench/bpci_dialect.hpp"

#include "messages/oracle/codec.hpp"
#include "messages/oracle/signing.hpp"
#include "runtime/crypto/merkle.hpp"

#include <msgpack.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace bpci::bench {

namespace {

using oracle::encoding;

/// Behind it stands the number.
constexpr std::string_view id_prefix = "m";

timestamp_ms wall_now() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return timestamp_ms{std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
}

bytes fresh_nonce() {
  auto nonce = crypto::random_nonce();
  return {nonce.begin(), nonce.end()};
}

/// The texts of a frame that the load generator needs, without copies.
struct frame_texts : msgpack::null_visitor {
  std::string_view key, t, source, id, code, detail;
  std::size_t targets = 0;
  std::size_t depth = 0; ///< Of lists: what is in them is not the frame's own.
  bool in_key = false;

  bool start_array(std::uint32_t size) {
    ++depth;
    if (key == "targets") targets = size;
    return true;
  }
  bool end_array() {
    --depth;
    return true;
  }

  bool start_map_key() {
    in_key = true;
    return true;
  }
  bool end_map_key() {
    in_key = false;
    return true;
  }
  bool visit_str(const char* data, std::uint32_t size) {
    if (depth > 0) return true;
    auto text = std::string_view{data, size};
    if (in_key)
      key = text;
    else if (key == "t")
      t = text;
    else if (key == "source")
      source = text;
    else if (key == "id")
      id = text;
    else if (key == "code")
      code = text;
    else if (key == "detail")
      detail = text;
    return true;
  }
};

result<std::uint64_t> number_of(std::string_view id) {
  std::uint64_t number = 0;
  if (!id.starts_with(id_prefix)) return fail(ec::malformed, "an answer without our id");
  id.remove_prefix(id_prefix.size());
  auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc{} || end != id.data() + id.size())
    return fail(ec::malformed, "an answer with another's id");
  return number;
}

} // namespace

bpci_dialect::bpci_dialect(std::size_t nodes, std::size_t body_bytes, std::size_t batch_items)
    : body_(body_bytes), batch_items_(batch_items) {
  nodes_.reserve(nodes);
  for (std::size_t i = 0; i < nodes; ++i)
    nodes_.push_back({crypto::generate(), {}, {}, {}});
  std::uint8_t next = 0;
  for (auto& x : body_)
    x = next += 31;
}

node_id bpci_dialect::id(std::size_t who) const {
  return node_id{"bench-" + std::to_string(who)};
}

result<bool> bpci_dialect::greet(std::size_t who, std::span<const std::uint8_t> frame,
                                 bytes& reply) {
  auto said = oracle::decode_server_frame(frame, encoding::msgpack);
  if (!said) return said.error();
  auto& me = nodes_[who];
  if (const auto* asked = std::get_if<oracle::challenge>(&*said)) {
    auto answer = client::answer(*asked, {id(who)}, me.keys, fresh_nonce(), {});
    if (!answer) return answer.error();
    me.handshake = std::move(*answer);
    reply = oracle::encode(oracle::client_frame{me.handshake.hello}, encoding::msgpack);
    return false;
  }
  if (const auto* no = std::get_if<oracle::refusal>(&*said))
    return fail(ec::not_permitted, no->code + ": " + no->message + " " + no->detail);
  const auto* welcome = std::get_if<oracle::welcome>(&*said);
  if (!welcome) return fail(ec::malformed, "a frame before the welcome");
  if (auto ok = client::check(*welcome, me.handshake); !ok) return ok.error();
  return true;
}

oracle::envelope bpci_dialect::make_envelope(std::size_t who, std::uint64_t number) const {
  oracle::envelope out;
  out.id = message_id{std::string{id_prefix} + std::to_string(number)};
  out.sequence = number;
  out.source = id(who);
  out.targets = {id((who + 1) % nodes_.size())};
  out.type = "DataSync";
  out.sent_at = wall_now();
  out.body = body_;
  auto signature = crypto::sign(nodes_[who].keys.secret, oracle::signing_bytes(out));
  out.signature.assign(signature.bytes.begin(), signature.bytes.end());
  return out;
}

bytes bpci_dialect::make_batch(std::size_t who, std::uint64_t number) {
  oracle::send_batch out;
  out.id = message_id{std::string{id_prefix} + std::to_string(number)};
  out.sequence = number;
  out.source = id(who);
  out.sent_at = wall_now();
  std::vector<crypto::digest> leaves;
  bytes leaf;
  for (std::size_t i = 0; i < batch_items_; ++i) {
    auto to =
        manner_ == manner::together ? 1 : 1 + (number * batch_items_ + i) % (nodes_.size() - 1);
    out.items.push_back({message_id{out.id.get() + "." + std::to_string(i)},
                         id((who + to) % nodes_.size()), "DataSync", body_});
    oracle::write_leaf(out.items.back(), leaf);
    leaves.push_back(crypto::leaf_hash(leaf));
  }
  crypto::sealed_tree tree;
  tree.seal(leaves);
  const oracle::batch_head head{out.id.get(), out.sequence,      out.source.get(),
                                out.priority, out.sent_at.get(), out.items.size()};
  auto signature = crypto::sign(nodes_[who].keys.secret, oracle::signing_bytes(head, tree.root()));
  out.signature.assign(signature.bytes.begin(), signature.bytes.end());
  if (manner_ == manner::scattered)
    nodes_[who].unanswered[number] = std::min(batch_items_, nodes_.size() - 1);
  return oracle::encode(oracle::client_frame{std::move(out)}, encoding::msgpack);
}

bytes bpci_dialect::make_message(std::size_t who, std::uint64_t number) {
  if (manner_ != manner::alone) return make_batch(who, number);
  return oracle::encode(oracle::client_frame{oracle::send{make_envelope(who, number)}},
                        encoding::msgpack);
}

/// A batch is acknowledged when all its targets have.
heard bpci_dialect::count_receipts(std::size_t who, std::uint64_t number, std::size_t count) {
  auto& waiting = nodes_[who].unanswered;
  if (auto found = waiting.find(number); found != waiting.end()) {
    found->second -= std::min(found->second, count);
    if (found->second > 0) return {};
    waiting.erase(found);
  }
  return heard{heard::kind::acknowledged, number, {}};
}

void bpci_dialect::heard_all(std::size_t who, bytes& reply) {
  auto& acks = nodes_[who].acks;
  if (acks.items.empty()) return;
  auto frame = acks.items.size() == 1 ? oracle::client_frame{acks.items.front()}
                                      : oracle::client_frame{acks};
  reply = oracle::encode(frame, encoding::msgpack);
  acks.items.clear();
}

result<heard> bpci_dialect::hear(std::size_t who, std::span<const std::uint8_t> frame, bytes&) {
  frame_texts texts;
  if (!msgpack::parse(reinterpret_cast<const char*>(frame.data()), frame.size(), texts))
    return fail(ec::malformed, "not msgpack");
  if (texts.t == "deliver" || texts.t == "deliver_batch") {
    nodes_[who].acks.items.push_back(
        {node_id{std::string{texts.source}}, message_id{std::string{texts.id}}});
    return heard{};
  }
  if (texts.t == "refusal")
    return heard{heard::kind::refused, 0,
                 std::string{texts.code} + ", " + std::string{texts.detail}};
  if (texts.t != "receipt" && texts.t != "receipt_batch")
    return fail(ec::malformed, "an unexpected frame");
  auto number = number_of(texts.id);
  if (!number) return number.error();
  return count_receipts(who, *number, texts.t == "receipt" ? 1 : texts.targets);
}

} // namespace bpci::bench
