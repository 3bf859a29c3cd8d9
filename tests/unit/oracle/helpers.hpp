#pragma once

#include "actors/oracle/handshake.hpp"
#include "actors/oracle/link.hpp"
#include "actors/oracle/relay.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// What the tests of the oracle's pure cores share. Effects become words, joined by "; ", so that a
/// test compares one line of text.
namespace bpci::oracle::testing {

using namespace std::chrono_literals;

/// The key pair whose seed is 32 times `seed`.
inline crypto::key_pair keys_of(std::uint8_t seed) {
  std::array<std::uint8_t, 32> raw{};
  raw.fill(seed);
  return crypto::from_seed(raw);
}

template <std::size_t N>
bytes to_bytes(const std::array<std::uint8_t, N>& x) {
  return {x.begin(), x.end()};
}

inline bytes to_bytes(std::string_view x) {
  return {x.begin(), x.end()};
}

inline envelope sign(envelope x, const crypto::key_pair& by) {
  x.signature = to_bytes(crypto::sign(by.secret, signing_bytes(x)).bytes);
  return x;
}

/// The wall clock and the steady one, `after` the start of every test.
inline moment at(std::chrono::milliseconds after) {
  return {timestamp_ms{1'700'000'000'000 + after.count()}, instant{1h} + after};
}

inline std::vector<node_id> nodes(const std::vector<std::string>& names) {
  std::vector<node_id> out;
  for (const auto& name : names)
    out.emplace_back(name);
  return out;
}

/// "m7".
inline std::string numbered(char prefix, std::uint64_t number) {
  return std::to_string(number).insert(0, 1, prefix);
}

inline std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words)
    out += (out.empty() ? "" : "; ") + word;
  return out;
}

// -- effects in words ----------------------------------------------------------------

inline std::string words(const receipt& x) {
  return "receipt " + x.id.get() + " " + x.target.get() + (x.stored == true ? " stored" : "");
}

inline std::string words(const refusal& x) {
  auto out = "refuse " + (x.id ? x.id->get() : "?") + " " + x.code;
  if (x.target) out += " at " + x.target->get();
  if (x.retry_after_ms) out += " retry after " + std::to_string(*x.retry_after_ms);
  return out;
}

inline std::string words(const challenge&) {
  return "challenge";
}
inline std::string words(const welcome&) {
  return "welcome";
}
inline std::string words(const peer&) {
  return "peer";
}
inline std::string words(const deliver_batch& x) {
  return "deliver batch " + x.id.get();
}
inline std::string words(const receipt_batch& x) {
  auto out = "receipts " + x.id.get();
  for (const auto& target : x.targets)
    out += " " + target.get();
  return out;
}
inline std::string words(const notice& x) {
  return "notice " + x.topic;
}
inline std::string words(const deliver& x) {
  return "deliver " + x.envelope.id.get();
}

inline std::string words(const write& x) {
  return std::visit([](const auto& frame) { return words(frame); }, x.frame);
}

inline std::string words(const write_delivery& x) {
  return "deliver " + x.what.message->source.get() + "/" + x.what.message->id.get();
}

inline std::string words(const submit& x) {
  return "submit " + x.message->id.get();
}

inline std::string words(const settle& x) {
  return "settle " + x.what.source.get() + "/" + x.what.id.get() + " "
         + std::string{name(x.what.why.code)} + " to " + x.relay.get();
}

inline std::string words(const hang_up& x) {
  return "hang up " + std::string{name(x.why.code)};
}

inline std::string words(const accuse& x) {
  return "accuse " + std::string{name(x.reason)};
}

inline std::string words(const deliver_to& x) {
  return "deliver " + x.what.message->id.get() + " to " + x.target.get();
}

inline std::string words(const store_for& x) {
  return "store " + x.message->id.get() + " for " + x.target.get();
}

inline std::string words(const answer& x) {
  auto code = x.what.why.code == ec::none && x.what.progress == progress::stored
                  ? std::string{"stored"}
                  : std::string{name(x.what.why.code)};
  auto out = x.what.id.get() + " " + code + " at " + x.what.target.get();
  if (x.what.retry_after_ms > 0) out += " retry after " + std::to_string(x.what.retry_after_ms);
  if (x.to != ticket{}) out += " ticket " + std::to_string(x.to.get());
  return out;
}

inline std::string words(const supersede& x) {
  return "supersede " + x.node.get() + " by " + std::to_string(x.by.get());
}

template <class... Effect>
std::string words(const std::vector<std::variant<Effect...>>& effects) {
  std::vector<std::string> out;
  for (const auto& effect : effects)
    out.push_back(std::visit([](const auto& x) { return words(x); }, effect));
  return join(out);
}

// -- a link under test -----------------------------------------------------------------

constexpr auto small_limits = limits{.max_frame_bytes = 65'536,
                                     .max_in_flight = 3,
                                     .max_targets = 3,
                                     .max_message_age_secs = 300,
                                     .rate_limit_per_sec = 10,
                                     .handshake_timeout_ms = 5'000,
                                     .relay_timeout_secs = 30,
                                     .max_batch = 5,
                                     .batch_size = 5};

/// The LINK of the node `alice`, whose key comes from the seed 1.
class link_bench {
public:
  explicit link_bench(limits with = small_limits, std::size_t backlog_max = 10,
                      conduct_rules conduct = {.threshold = 0})
      : keys(keys_of(1)), uut({node_id{"alice"}, with, backlog_max, conduct}) {
    uut.attach(keys.pub, 0);
  }

  /// A message of alice's that passes every check, not yet signed.
  [[nodiscard]] envelope letter(const std::string& id, std::uint64_t sequence) const {
    return {.id = message_id{id},
            .sequence = sequence,
            .source = node_id{"alice"},
            .targets = nodes({"bob"}),
            .type = "DataSync",
            .priority = priority::Normal,
            .sent_at = now.wall,
            .body = to_bytes(std::string_view{"body"}),
            .signature = {}};
  }

  std::string take(const client_frame& frame) {
    return effects([&](auto& out) { uut.on_frame(frame, now, out); });
  }

  /// As it is, whatever its signature says.
  std::string take_as_is(const envelope& x) { return take(client_frame{oracle::send{x}}); }

  std::string take_signed(const envelope& x) { return take_as_is(sign(x, keys)); }

  std::string take_letter(const std::string& id, std::uint64_t sequence) {
    return take_signed(letter(id, sequence));
  }

  std::string acknowledge(const std::string& source, const std::string& id) {
    return take(client_frame{ack{node_id{source}, message_id{id}}});
  }

  std::string garbage(ec code = ec::malformed) {
    return effects([&](auto& out) { uut.on_garbage(fail(code), now, out); });
  }

  std::string outcome_of(const std::string& id, const std::string& target, ec code = ec::none,
                         progress how = progress::acknowledged, std::uint64_t retry_after_ms = 0) {
    return effects([&](auto& out) {
      uut.on_outcome(
          {node_id{"alice"}, message_id{id}, node_id{target}, fail(code), how, retry_after_ms},
          out);
    });
  }

  std::string delivered(const std::string& source, const std::string& id,
                        const std::string& relay = "m1") {
    return effects(
        [&](auto& out) { uut.on_delivery(delivery_of(source, id, relay), now.steady, out); });
  }

  static delivery delivery_of(const std::string& source, const std::string& id,
                              const std::string& relay = "m1") {
    auto message = envelope{};
    message.id = message_id{id};
    message.source = node_id{source};
    message.targets = nodes({"alice"});
    return {std::make_shared<const envelope>(std::move(message)), {}, member_id{relay}};
  }

  std::string writable() {
    return effects([&](auto& out) { uut.on_writable(now.steady, out); });
  }

  std::string tick() {
    return effects([&](auto& out) { uut.tick(now.steady, out); });
  }

  std::string relay_lost() {
    return effects([&](auto& out) { uut.relay_lost(out); });
  }

  crypto::key_pair keys;
  link uut;
  moment now = at(0ms);

private:
  template <class Call>
  static std::string effects(Call&& call) {
    link_effects out;
    call(out);
    return words(out);
  }
};

// -- a relay under test ------------------------------------------------------------------

constexpr auto relay_timeout = 30s;

inline relay_config small_relay(std::size_t message_cache_size = 100, std::size_t open_max = 100) {
  return {member_id{"m1"}, relay_timeout, 0ms, message_cache_size, open_max};
}

inline envelope_ptr stored_note(const std::string& id, const std::vector<std::string>& targets,
                                std::string_view body = "body", std::uint64_t sequence = 1) {
  auto out = envelope{};
  out.id = message_id{id};
  out.sequence = sequence;
  out.source = node_id{"alice"};
  out.targets = nodes(targets);
  out.type = "DataSync";
  out.delivery = delivery_mode::stored;
  out.body = to_bytes(body);
  return std::make_shared<const envelope>(std::move(out));
}

inline envelope_ptr note(const std::string& id, const std::vector<std::string>& targets,
                         std::string_view body = "body", const std::string& source = "alice",
                         std::uint64_t sequence = 1) {
  auto out = envelope{};
  out.id = message_id{id};
  out.sequence = sequence;
  out.source = node_id{source};
  out.targets = nodes(targets);
  out.type = "DataSync";
  out.body = to_bytes(body);
  return std::make_shared<const envelope>(std::move(out));
}

/// The RELAY of the member `m1`.
class relay_bench {
public:
  explicit relay_bench(relay_config config = small_relay()) : uut(std::move(config)) {}

  static route_up route(const std::string& node, std::uint64_t session = 1,
                        const std::string& member = "m1") {
    return {node_id{node}, member_id{member}, session_no{session}, {}, {}};
  }

  std::string up(const std::string& node, std::uint64_t session = 1,
                 const std::string& member = "m1") {
    return effects([&](auto& out) { uut.up(route(node, session, member), now, out); });
  }

  void down(const std::string& node, std::uint64_t session = 1) {
    uut.down({node_id{node}, member_id{"m1"}, session_no{session}}, now);
  }

  std::string snapshot(const std::string& member, std::vector<route_up> routes) {
    return effects([&](auto& out) {
      uut.snapshot({member_id{member}, std::move(routes)}, now, out);
    });
  }

  std::string submit(const envelope_ptr& message, std::uint64_t who = 0) {
    return effects([&](auto& out) { uut.submit(message, {}, ticket{who}, now, out); });
  }

  std::string settle(const std::string& id, const std::string& target, ec code = ec::none) {
    return effects([&](auto& out) {
      uut.settle({node_id{"alice"}, message_id{id}, node_id{target}, fail(code)}, now, out);
    });
  }

  /// What came of putting it into the mailbox.
  std::string stored(const std::string& id, const std::string& target, ec code = ec::none,
                     std::uint64_t retry_after_ms = 0) {
    return effects([&](auto& out) {
      uut.stored({node_id{"alice"}, message_id{id}, node_id{target}, fail(code), progress::stored,
                  retry_after_ms},
                 now, out);
    });
  }

  void member_down(const std::string& member) { uut.member_down(member_id{member}, now); }

  /// The time passes without anybody looking, and then RELAY looks.
  std::string pass(std::chrono::milliseconds time) {
    now += time;
    return effects([&](auto& out) { uut.tick(now, out); });
  }

  [[nodiscard]] bool connected(const std::string& node) const {
    return uut.find(node_id{node}) != nullptr;
  }

  relay uut;
  instant now = at(0ms).steady;

private:
  template <class Call>
  static std::string effects(Call&& call) {
    relay_effects out;
    call(out);
    return words(out);
  }
};

} // namespace bpci::oracle::testing
