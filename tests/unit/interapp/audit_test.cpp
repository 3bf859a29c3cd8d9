#define CAF_SUITE interapp_audit

#include "actors/interapp/audit_chain.hpp"
#include "runtime/crypto/hash.hpp"
#include "tests/unit/interapp/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// The audit of an agreement, and what becomes visible of a change to it.
namespace bpci::interapp {

namespace {

using namespace testing;

/// An agreement with `messages` of them.
struct audited : agreement_bench {
  explicit audited(int messages = 6) {
    agree();
    for (auto i = 1; i <= messages; ++i)
      send(transfer(id, "m" + std::to_string(i)));
  }

  std::string key(std::uint64_t seq) const {
    auto at = items.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(seq - 1));
    return at->first;
  }

  void change(std::uint64_t seq, auto how) {
    auto x = codec::from_msgpack<audit_entry>(items.at(key(seq))).value();
    how(x);
    items[key(seq)] = codec::to_msgpack(x);
  }

  /// "7 audit_changed", over all pages of this size.
  std::string faults(std::uint64_t page = 0) {
    std::string out;
    for (std::uint64_t after = 0;;) {
      auto got = report(after, page);
      CAF_CHECK_EQUAL(got.verified, got.faults.empty());
      for (const auto& x : got.faults)
        out += (out.empty() ? "" : "; ") + std::to_string(x.seq) + " " + std::string{name(x.code)};
      if (got.next == 0) return out;
      after = got.next;
    }
  }
};

} // namespace

CAF_TEST(an audit that nobody has touched is verified in pages of any size) {
  audited at;
  for (auto size : {1u, 2u, 3u, 7u, 10u, 11u, 500u}) {
    CAF_MESSAGE("page: " << size);
    CAF_CHECK_EQUAL(at.faults(size), "");
  }
  auto all = at.report();
  CAF_CHECK_EQUAL(all.entries.size(), 10u);
  CAF_CHECK_EQUAL(all.next, 0u);
  auto last = all.entries.back();
  CAF_CHECK_EQUAL(all.head.hash, last.hash);
  CAF_CHECK_EQUAL(hash_of(at.id, last), last.hash);
  CAF_CHECK_EQUAL(all.entries.front().previous, root_of(at.id, good_terms()));
}

CAF_TEST(a changed entry is named by its number in pages of any size) {
  for (auto size : {1u, 2u, 3u, 7u, 500u}) {
    audited at;
    at.change(7, [](audit_entry& x) { x.permission = "Execute(refund)"; });
    CAF_MESSAGE("page: " << size);
    CAF_CHECK_EQUAL(at.faults(size), "7 audit_changed");
  }
}

CAF_TEST(an entry that was hashed anew does not fit the next one) {
  audited at;
  at.change(7, [&](audit_entry& x) {
    x.who = "somebody else";
    x.hash = hash_of(at.id, x);
  });
  CAF_CHECK_EQUAL(at.faults(), "8 audit_changed");
}

CAF_TEST(an entry that cannot be read is named too) {
  audited at;
  at.items[at.key(6)] = {0xc1};
  CAF_CHECK_EQUAL(at.faults(), "6 audit_changed");
}

CAF_TEST(a missing entry is named and the newest are missed) {
  audited middle;
  middle.items.erase(middle.key(6));
  CAF_CHECK_EQUAL(middle.faults(2), "6 audit_missing");
  audited first;
  first.items.erase(first.key(1));
  CAF_CHECK_EQUAL(first.faults(), "1 audit_missing");
  audited cut;
  cut.items.erase(cut.key(10));
  cut.items.erase(cut.key(9));
  CAF_CHECK_EQUAL(cut.faults(), "10 audit_cut");
  CAF_CHECK_EQUAL(cut.faults(4), "10 audit_cut");
}

CAF_TEST(a last entry that was exchanged and hashed anew is not the head) {
  audited at;
  at.change(10, [&](audit_entry& x) {
    x.verdict = "refused";
    x.hash = hash_of(at.id, x);
  });
  CAF_CHECK_EQUAL(at.faults(), "10 audit_cut");
}

CAF_TEST(a report can be cut down to a time) {
  agreement_bench at;
  at.agree();
  for (auto i = 0; i < 4; ++i)
    at.send(transfer(at.id, "m" + std::to_string(i)), by_the_banks_node(),
            timestamp_ms{at_noon.get() + i * 1'000});
  auto asked = read_audit{
      at.id, 0, 0, timestamp_ms{at_noon.get() + 1'000}, timestamp_ms{at_noon.get() + 3'000}, false};
  auto got = at.ask<audit_report>(asked).value();
  CAF_REQUIRE_EQUAL(got.entries.size(), 2u);
  CAF_CHECK_EQUAL(got.entries.front().message_id, "m1");
  CAF_CHECK(got.verified);
  CAF_CHECK_EQUAL(got.checked_to, 8u);
}

CAF_TEST(the audit level says what is written down and refusals always are) {
  auto at_level = [](audit_level level) {
    agreement_bench at;
    at.rules.audit = level;
    at.agree();
    at.send(transfer(at.id, "good"));
    auto bad = transfer(at.id, "bad");
    bad.signature.clear();
    at.send(bad);
    return at.report(4).entries;
  };
  auto basic = at_level(audit_level::Basic);
  CAF_REQUIRE_EQUAL(basic.size(), 1u);
  CAF_CHECK_EQUAL(basic.front().code, "signature_missing");
  auto standard = at_level(audit_level::Standard);
  CAF_REQUIRE_EQUAL(standard.size(), 2u);
  CAF_CHECK_EQUAL(standard.front().digest, "");
  auto detailed = at_level(audit_level::Detailed);
  CAF_REQUIRE_EQUAL(detailed.size(), 2u);
  CAF_CHECK_EQUAL(detailed.front().digest, crypto::to_hex(crypto::sha256(sealed_payload())));
  CAF_CHECK_EQUAL(detailed.front().encryption, "High");
  CAF_CHECK_EQUAL(detailed.front().envelope, "bank-node/e1");
}

CAF_TEST(strangers cannot fill the audit and are counted all the same) {
  agreement_bench at;
  at.agree();
  auto thief = carrier{node_id{"thief"}, message_id{"e"}, node_id{"pay-node"}};
  for (std::uint64_t i = 0; i < strangers_max + 7; ++i)
    at.send(transfer(at.id, "t" + std::to_string(i)), thief);
  CAF_CHECK_EQUAL(at.items.size(), 4 + strangers_max);
  CAF_CHECK_EQUAL(at.report().unlisted, 7u);
  // Those of the apps' own nodes are listed as ever, and say what was left out.
  auto wrong = transfer(at.id, "w");
  wrong.signature.clear();
  at.send(wrong);
  auto last = at.report(4 + strangers_max).entries;
  CAF_REQUIRE_EQUAL(last.size(), 1u);
  CAF_CHECK_EQUAL(last.front().unlisted, 7u);
  CAF_CHECK_EQUAL(at.report().unlisted, 0u);
  at.send(transfer(at.id, "again"), thief, timestamp_ms{at_noon.get() + strangers_period_ms});
  CAF_CHECK_EQUAL(at.items.size(), 6 + strangers_max);
  auto refused = at.ask<agreement>(read_agreement{}).value().refused;
  CAF_CHECK_EQUAL(refused, strangers_max + 9);
}

CAF_TEST(what becomes of a message elsewhere is written down too) {
  agreement_bench at;
  at.agree();
  auto entry = audit_entry{.event = audit_event::relay, .who = "bank", .verdict = "delivered"};
  auto head = at.tell<audit_head>(record_entry{entry, at.rules}, at_noon).value();
  CAF_CHECK_EQUAL(head.seq, 5u);
  CAF_CHECK_EQUAL(at.listed(4), "5 relay delivered");
  CAF_CHECK(at.report().verified);
}

CAF_TEST(an agreement that was put away goes on with its chain) {
  audited at(1);
  at.load(make_agreement_kind(), at.stored());
  at.send(transfer(at.id, "m2"));
  CAF_CHECK_EQUAL(at.faults(), "");
  CAF_CHECK_EQUAL(at.report().head.seq, 6u);
}

} // namespace bpci::interapp
