#define CAF_SUITE oracle_link_sending

#include "tests/unit/oracle/helpers.hpp"

#include <caf/test/unit_test.hpp>

#include <functional>

/// What a BPI node sends to its LINK: the checks of docs/protocol/bpi-1.0.md, section 3, and what
/// becomes of the messages that pass.
namespace bpci::oracle {

namespace {

using namespace testing;

struct row {
  std::string what;
  std::string code; ///< `none`: it is accepted.
  std::function<void(envelope&)> change;
};

node_id operator""_node(const char* text, std::size_t size) {
  return node_id{std::string{text, size}};
}

timestamp_ms sent(std::chrono::milliseconds after) {
  return testing::at(after).wall;
}

/// What is wrong before the source signs; the signature is right.
const row checks[] = {
    {"nothing", "none", [](envelope&) {}},

    {"an id of 64", "none", [](envelope& x) { x.id = message_id{std::string(64, 'z')}; }},
    {"an id of 65", "invalid_argument",
     [](envelope& x) { x.id = message_id{std::string(65, 'z')}; }},
    {"no id", "invalid_argument", [](envelope& x) { x.id = message_id{}; }},
    {"an id with a slash", "invalid_argument", [](envelope& x) { x.id = message_id{"a/b"}; }},
    {"an id with a zero byte", "invalid_argument",
     [](envelope& x) { x.id = message_id{std::string(1, '\0')}; }},
    {"no type", "invalid_argument", [](envelope& x) { x.type.clear(); }},
    {"a type with a line end", "invalid_argument", [](envelope& x) { x.type = "a\n"; }},

    {"no targets", "invalid_argument", [](envelope& x) { x.targets.clear(); }},
    {"as many targets as allowed", "none",
     [](envelope& x) {
       x.targets = nodes({"b", "c", "d"});
     }},
    {"a target too many", "invalid_argument",
     [](envelope& x) {
       x.targets = nodes({"b", "c", "d", "e"});
     }},
    {"a target twice", "invalid_argument",
     [](envelope& x) {
       x.targets = nodes({"b", "c", "b"});
     }},
    {"a target without a name", "invalid_argument",
     [](envelope& x) {
       x.targets = nodes({"b", ""});
     }},
    {"itself as the target", "none", [](envelope& x) { x.targets = nodes({"alice"}); }},

    {"sequence 0", "invalid_argument", [](envelope& x) { x.sequence = 0; }},
    {"sequence 2^53 - 1", "none", [](envelope& x) { x.sequence = integer_max; }},
    {"sequence 2^53", "invalid_argument", [](envelope& x) { x.sequence = integer_max + 1; }},
    {"the largest sequence", "invalid_argument", [](envelope& x) { x.sequence = UINT64_MAX; }},

    {"the source of another", "wrong_source", [](envelope& x) { x.source = "bob"_node; }},
    {"no source", "wrong_source", [](envelope& x) { x.source = node_id{}; }},
    {"a source in capitals", "wrong_source", [](envelope& x) { x.source = "Alice"_node; }},

    {"exactly as old as allowed", "none", [](envelope& x) { x.sent_at = sent(-300s); }},
    {"a millisecond older", "too_old", [](envelope& x) { x.sent_at = sent(-300s - 1ms); }},
    {"sent at the epoch", "too_old", [](envelope& x) { x.sent_at = timestamp_ms{0}; }},
    {"sent before the epoch", "invalid_argument",
     [](envelope& x) { x.sent_at = timestamp_ms{-1}; }},
    {"sent at the beginning of integers", "invalid_argument",
     [](envelope& x) { x.sent_at = timestamp_ms{INT64_MIN}; }},
    {"exactly a minute ahead", "none", [](envelope& x) { x.sent_at = sent(60s); }},
    {"a millisecond further ahead", "from_the_future",
     [](envelope& x) { x.sent_at = sent(60s + 1ms); }},
    {"sent at 2^53 - 1", "from_the_future",
     [](envelope& x) { x.sent_at = timestamp_ms{static_cast<std::int64_t>(integer_max)}; }},
    {"sent at 2^53", "invalid_argument",
     [](envelope& x) { x.sent_at = timestamp_ms{static_cast<std::int64_t>(integer_max) + 1}; }},
    {"sent at the end of integers", "invalid_argument",
     [](envelope& x) { x.sent_at = timestamp_ms{INT64_MAX}; }},

    {"the last sequence", "replayed", [](envelope& x) { x.sequence = 10; }},
    {"a lower sequence", "replayed", [](envelope& x) { x.sequence = 9; }},
    {"the next sequence", "none", [](envelope& x) { x.sequence = 11; }},
    {"a gap in the sequence", "none", [](envelope& x) { x.sequence = 1'000'000; }},

    {"to be stored", "none", [](envelope& x) { x.delivery = delivery_mode::stored; }},
    {"to be live, in so many words", "none", [](envelope& x) { x.delivery = delivery_mode::live; }},
    {"an empty body", "none", [](envelope& x) { x.body.clear(); }},
};

/// What is changed on the way, after the source has signed.
const row forgeries[] = {
    {"the id", "bad_signature", [](envelope& x) { x.id = message_id{"m2"}; }},
    {"the sequence", "bad_signature", [](envelope& x) { ++x.sequence; }},
    {"the target", "bad_signature", [](envelope& x) { x.targets = nodes({"carol"}); }},
    {"one target more", "bad_signature",
     [](envelope& x) {
       x.targets = nodes({"bob", "carol"});
     }},
    {"the type", "bad_signature", [](envelope& x) { x.type = "Transfer"; }},
    {"the priority", "bad_signature", [](envelope& x) { x.priority = priority::Critical; }},
    {"the storing that was added", "bad_signature",
     [](envelope& x) { x.delivery = delivery_mode::stored; }},
    {"the time", "bad_signature", [](envelope& x) { x.sent_at = sent(1ms); }},
    {"a bit of the body", "bad_signature", [](envelope& x) { x.body[0] ^= 1; }},
    {"a byte from the type to the body", "bad_signature",
     [](envelope& x) {
       x.type.pop_back();
       x.body.insert(x.body.begin(), 'c');
     }},
    {"the signature", "bad_signature", [](envelope& x) { x.signature[63] ^= 1; }},
    {"no signature", "bad_signature", [](envelope& x) { x.signature.clear(); }},
    {"a signature of 65", "bad_signature", [](envelope& x) { x.signature.push_back(0); }},
};

/// A LINK that has accepted the sequence 10, and whose message was answered.
struct used_link : link_bench {
  used_link() {
    take_letter("m0", 10);
    outcome_of("m0", "bob");
  }
};

/// Checks what `take` answers to `x`, and that a refusal has used up nothing.
void check_verdict(used_link& at, const std::string& what, const std::string& code,
                   const envelope& x) {
  auto before = at.uut.stats();
  auto got = at.take_as_is(x);
  auto id = is_valid_id(x.id.get()) ? x.id.get() : "?";
  if (code == "none") {
    CAF_CHECK_EQUAL(what + ": " + got, what + ": submit " + id);
    CAF_CHECK_EQUAL(at.uut.last_sequence(), x.sequence);
    CAF_CHECK_EQUAL(at.uut.stats().accepted, before.accepted + 1);
    return;
  }
  CAF_CHECK_EQUAL(what + ": " + got, what + ": refuse " + id + " " + code);
  CAF_CHECK_EQUAL(at.uut.last_sequence(), 10u);
  CAF_CHECK_EQUAL(at.uut.stats().refused, before.refused + 1);
  CAF_CHECK_EQUAL(at.uut.in_flight(), 0u);
  CAF_CHECK_EQUAL(what + ": " + at.take_letter("m1", 11), what + ": submit m1");
}

/// The faults that one message can have at a time, in the order in which they are looked for.
struct fault {
  std::string code;
  std::function<void(link_bench&, envelope&)> inflict;
};

const fault faults[] = {
    {"invalid_argument", [](link_bench&, envelope& x) { x.type = "not an id"; }},
    {"wrong_source", [](link_bench&, envelope& x) { x.source = "bob"_node; }},
    {"too_old", [](link_bench&, envelope& x) { x.sent_at = sent(-1h); }},
    {"replayed", [](link_bench&, envelope& x) { x.sequence = 1; }},
    {"busy",
     [](link_bench& at, envelope&) {
       for (auto n = std::uint64_t{1}; n <= small_limits.max_in_flight; ++n)
         at.take_letter(numbered('f', n), 50 + n);
     }},
    {"rate_limited",
     [](link_bench& at, envelope&) {
       while (at.garbage().find("hang up") == std::string::npos)
         continue;
     }},
    {"bad_signature", [](link_bench&, envelope& x) { x.signature.assign(64, 7); }},
};

} // namespace

CAF_TEST(each check has its code and a refusal uses up nothing) {
  for (const auto& check : checks) {
    used_link at;
    auto x = at.letter("m1", 11);
    check.change(x);
    check_verdict(at, check.what, check.code, sign(x, at.keys));
  }
}

CAF_TEST(whatever is changed after signing breaks the signature) {
  for (const auto& forgery : forgeries) {
    used_link at;
    auto x = sign(at.letter("m1", 11), at.keys);
    forgery.change(x);
    check_verdict(at, forgery.what, forgery.code, x);
  }
}

CAF_TEST(a stored message cannot be made a live one on the way) {
  used_link at;
  auto x = at.letter("m1", 11);
  x.delivery = delivery_mode::stored;
  x = sign(x, at.keys);
  x.delivery.reset();
  check_verdict(at, "the storing that was stripped", "bad_signature", x);
}

CAF_TEST(a message that another has signed is refused) {
  used_link at;
  check_verdict(at, "signed by bob", "bad_signature", sign(at.letter("m1", 11), keys_of(2)));
}

CAF_TEST(of two faults the cheaper one is told) {
  for (auto first = std::begin(faults); first != std::end(faults); ++first)
    for (auto second = std::next(first); second != std::end(faults); ++second) {
      link_bench at;
      at.uut.attach(at.keys.pub, 50);
      // Fill the link before the message is changed: both faults are then those of one message.
      auto x = sign(at.letter("m1", 100), at.keys);
      for (const auto* fault : {first, second})
        if (fault->code == "busy") fault->inflict(at, x);
      for (const auto* fault : {first, second})
        if (fault->code != "busy") fault->inflict(at, x);
      if (second->code != "bad_signature") x = sign(x, at.keys);
      auto got = at.take_as_is(x);
      auto pair = first->code + " before " + second->code + ": ";
      CAF_CHECK_EQUAL(pair + got.substr(0, 10 + first->code.size()),
                      pair + "refuse m1 " + first->code);
    }
}

CAF_TEST(an accepted message reaches the relay as the source signed it) {
  link_bench at;
  auto x = sign(at.letter("m1", 1), at.keys);
  link_effects out;
  at.uut.on_frame(client_frame{oracle::send{x}}, at.now, out);
  CAF_REQUIRE_EQUAL(out.size(), 1u);
  CAF_CHECK(*std::get<submit>(out.front()).message == x);
}

CAF_TEST(a message that was overheard can be sent once) {
  link_bench at;
  auto x = sign(at.letter("m1", 1), at.keys);
  CAF_CHECK_EQUAL(at.take_as_is(x), "submit m1");
  CAF_CHECK_EQUAL(at.take_as_is(x), "refuse m1 replayed");
  at.outcome_of("m1", "bob");
  CAF_CHECK_EQUAL(at.take_as_is(x), "refuse m1 replayed");
}

CAF_TEST(a forged message with a high sequence does not lock the true one out) {
  link_bench at;
  auto forged = at.letter("m1", integer_max);
  forged.signature.assign(64, 0);
  CAF_CHECK_EQUAL(at.take_as_is(forged), "refuse m1 bad_signature");
  CAF_CHECK_EQUAL(at.take_letter("m1", 1), "submit m1");
}

CAF_TEST(exactly as many messages as allowed may be without an answer) {
  link_bench at;
  CAF_CHECK_EQUAL(at.take_letter("m1", 1), "submit m1");
  CAF_CHECK_EQUAL(at.take_letter("m2", 2), "submit m2");
  CAF_CHECK_EQUAL(at.take_letter("m3", 3), "submit m3");
  CAF_CHECK_EQUAL(at.take_letter("m4", 4), "refuse m4 busy retry after 200");
  CAF_CHECK_EQUAL(at.outcome_of("m2", "bob"), "receipt m2 bob");
  CAF_CHECK_EQUAL(at.take_letter("m4", 4), "submit m4");
  CAF_CHECK_EQUAL(at.take_letter("m5", 5), "refuse m5 busy retry after 200");
}

CAF_TEST(a message counts until its last target is answered) {
  link_bench at;
  auto x = at.letter("m1", 1);
  x.targets = nodes({"bob", "carol"});
  at.take_signed(x);
  CAF_CHECK_EQUAL(at.outcome_of("m1", "carol", ec::unknown_target),
                  "refuse m1 unknown_target at carol");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 1u);
  CAF_CHECK_EQUAL(at.outcome_of("m1", "bob"), "receipt m1 bob");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 0u);
}

CAF_TEST(a stored message is answered when it is safe and once more when it has arrived) {
  link_bench at;
  at.take_letter("m1", 1);
  CAF_CHECK_EQUAL(at.outcome_of("m1", "bob", ec::none, progress::stored), "receipt m1 bob stored");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 0u);
  CAF_CHECK_EQUAL(at.outcome_of("m1", "bob", ec::none, progress::later), "receipt m1 bob");
}

CAF_TEST(an arrival that overtakes the news of the storing is not taken for it) {
  link_bench at;
  auto x = at.letter("m1", 1);
  x.targets = nodes({"bob", "carol"});
  at.take_signed(x);
  CAF_CHECK_EQUAL(at.outcome_of("m1", "bob", ec::none, progress::later), "receipt m1 bob");
  CAF_CHECK_EQUAL(at.outcome_of("m1", "bob", ec::none, progress::stored), "receipt m1 bob stored");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 1u);
  CAF_CHECK_EQUAL(at.outcome_of("m1", "carol", ec::busy, progress::acknowledged, 1'000),
                  "refuse m1 busy at carol retry after 1000");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 0u);
}

CAF_TEST(a retry while the first is open counts as the same message) {
  link_bench at;
  at.take_letter("m1", 1);
  CAF_CHECK_EQUAL(at.take_letter("m1", 2), "submit m1");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 1u);
  at.outcome_of("m1", "bob");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 0u);
}

CAF_TEST(another content under an open id does not hide the open message) {
  link_bench at;
  for (auto n = std::uint64_t{1}; n <= 3; ++n)
    at.take_letter("m1", n);
  auto x = at.letter("m1", 4);
  x.body = to_bytes("something else");
  CAF_CHECK_EQUAL(at.take_signed(x), "submit m1");
  CAF_CHECK_EQUAL(at.outcome_of("m1", "bob", ec::conflict), "refuse m1 conflict at bob");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 1u);
  at.outcome_of("m1", "bob");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 0u);
}

CAF_TEST(a conflict with a message that was answered long ago is over at once) {
  link_bench at;
  at.take_letter("m1", 1);
  CAF_CHECK_EQUAL(at.outcome_of("m1", "bob", ec::conflict), "refuse m1 conflict at bob");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 0u);
}

CAF_TEST(whoever sends too fast is told how long to wait and loses nothing) {
  link_bench at;
  auto n = std::uint64_t{0};
  while (n < small_limits.rate_limit_per_sec) {
    auto id = numbered('m', ++n);
    CAF_REQUIRE_EQUAL(at.take_letter(id, n), "submit " + id);
    at.outcome_of(id, "bob");
  }
  CAF_CHECK_EQUAL(at.take_letter("m11", 11), "refuse m11 rate_limited retry after 100");
  at.now = testing::at(99ms);
  CAF_CHECK_EQUAL(at.take_letter("m11", 11), "refuse m11 rate_limited retry after 1");
  at.now = testing::at(100ms);
  CAF_CHECK_EQUAL(at.take_letter("m11", 11), "submit m11");
}

CAF_TEST(a message that is refused for a cheap reason costs no token but a forged one does) {
  link_bench at;
  for (auto turn = 0; turn < 50; ++turn) {
    auto x = at.letter("m1", 1);
    x.sent_at = sent(-1h);
    CAF_REQUIRE_EQUAL(at.take_signed(x), "refuse m1 too_old");
  }
  for (auto turn = 0; turn < 10; ++turn)
    CAF_REQUIRE_EQUAL(at.take_as_is(at.letter("m1", 1)), "refuse m1 bad_signature");
  CAF_CHECK_EQUAL(at.take_letter("m1", 1), "refuse m1 rate_limited retry after 100");
}

CAF_TEST(frames that cannot be decoded are answered until the rate is used up) {
  link_bench at;
  for (auto turn = 0; turn < 10; ++turn)
    CAF_REQUIRE_EQUAL(at.garbage(), "refuse ? malformed");
  CAF_CHECK_EQUAL(at.garbage(ec::too_deep), "refuse ? too_deep; hang up rate_limited");
  CAF_CHECK_EQUAL(at.uut.stats().refused, 11u);
}

CAF_TEST(a second hello is refused and changes nothing) {
  link_bench at;
  CAF_CHECK_EQUAL(at.take(client_frame{hello{}}), "refuse ? unsupported");
  CAF_CHECK_EQUAL(at.take_letter("m1", 1), "submit m1");
}

CAF_TEST(a quarantined message is refused and leaves its sequence unused) {
  link_bench at;
  link_effects out;
  at.uut.refuse(message_id{"m1"}, {ec::quarantined, {}}, out);
  CAF_CHECK_EQUAL(words(out), "refuse m1 quarantined");
  CAF_CHECK_EQUAL(at.uut.last_sequence(), 0u);
  CAF_CHECK_EQUAL(at.uut.stats().refused, 1u);
}

CAF_TEST(a refusal says in words what is wrong and what to do) {
  auto x = make_refusal({ec::too_old, "301000 ms"}, message_id{"m1"}, node_id{"bob"}, 7ms);
  CAF_CHECK(x
            == (refusal{"too_old", std::string{sentence(ec::too_old)},
                        std::string{next_step(ec::too_old)}, "301000 ms", message_id{"m1"},
                        node_id{"bob"}, 7}));
  CAF_CHECK(!make_refusal({ec::too_old, {}}).retry_after_ms);
}

// -- reconnects --------------------------------------------------------------------------

CAF_TEST(a reconnect keeps the sequence whatever the node says) {
  link_bench at;
  at.take_letter("m1", 20);
  at.uut.detach();
  CAF_CHECK_EQUAL(at.uut.attach(at.keys.pub, 0), 20u);
  CAF_CHECK_EQUAL(at.take_letter("m2", 20), "refuse m2 replayed");
  CAF_CHECK_EQUAL(at.uut.attach(at.keys.pub, 15), 20u);
  CAF_CHECK_EQUAL(at.uut.attach(at.keys.pub, 30), 30u);
  CAF_CHECK_EQUAL(at.take_letter("m2", 30), "refuse m2 replayed");
  CAF_CHECK_EQUAL(at.take_letter("m2", 31), "submit m2");
}

CAF_TEST(a node that has used its last sequence is locked out and nothing overflows) {
  link_bench at;
  CAF_CHECK_EQUAL(at.uut.attach(at.keys.pub, integer_max), integer_max);
  CAF_CHECK_EQUAL(at.take_letter("m1", integer_max), "refuse m1 replayed");
  CAF_CHECK_EQUAL(at.take_letter("m1", 1), "refuse m1 replayed");
}

CAF_TEST(a reconnect frees the window for the retries that follow it) {
  link_bench at;
  for (auto n = std::uint64_t{1}; n <= 3; ++n)
    at.take_letter(numbered('m', n), n);
  at.uut.detach();
  CAF_CHECK_EQUAL(at.uut.in_flight(), 0u);
  CAF_CHECK(!at.uut.attached());
  at.uut.attach(at.keys.pub, 3);
  CAF_CHECK(at.uut.attached());
  for (auto n = std::uint64_t{1}; n <= 3; ++n)
    CAF_CHECK_EQUAL(at.take_letter(numbered('m', n), 3 + n), "submit " + numbered('m', n));
}

CAF_TEST(a reconnect does not refill the rate) {
  link_bench at;
  while (at.garbage().find("hang up") == std::string::npos)
    continue;
  at.uut.attach(at.keys.pub, 0);
  CAF_CHECK_EQUAL(at.take_letter("m1", 1), "refuse m1 rate_limited retry after 100");
}

CAF_TEST(after a reconnect under a new key the old one counts no more) {
  link_bench at;
  at.uut.attach(keys_of(2).pub, 0);
  CAF_CHECK_EQUAL(at.take_letter("m1", 1), "refuse m1 bad_signature");
  CAF_CHECK_EQUAL(at.take_as_is(sign(at.letter("m1", 1), keys_of(2))), "submit m1");
}

CAF_TEST(answers for messages of an earlier life of the link are still written) {
  link_bench at;
  CAF_CHECK_EQUAL(at.outcome_of("m1", "bob"), "receipt m1 bob");
  CAF_CHECK_EQUAL(at.outcome_of("m1", "carol", ec::expired), "refuse m1 expired at carol");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 0u);
}

CAF_TEST(answers for a node that is away are not written) {
  link_bench at;
  at.take_letter("m1", 1);
  at.uut.detach();
  CAF_CHECK_EQUAL(at.outcome_of("m1", "bob"), "");
}

CAF_TEST(a queue that was full at the target says when to try again) {
  link_bench at;
  at.take_letter("m1", 1);
  CAF_CHECK_EQUAL(at.outcome_of("m1", "bob", ec::busy), "refuse m1 busy at bob retry after 200");
}

CAF_TEST(when the relay dies every open message is refused and may be sent again) {
  link_bench at;
  at.take_letter("m1", 1);
  at.take_letter("m2", 2);
  at.outcome_of("m1", "bob");
  CAF_CHECK_EQUAL(at.relay_lost(), "refuse m2 restarted");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 0u);
  CAF_CHECK_EQUAL(at.relay_lost(), "");
  CAF_CHECK_EQUAL(at.take_letter("m2", 3), "submit m2");
}

} // namespace bpci::oracle
