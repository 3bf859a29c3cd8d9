#define CAF_SUITE certificates

#include "runtime/tunnel/certificates.hpp"
#include "test_cluster.hpp"

using namespace bpci;
using namespace bpci::tunnel;
using namespace bpci::test;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;

timestamp_ms in(std::int64_t ms) {
  return timestamp_ms{wall_now().get() + ms};
}

} // namespace

CAF_TEST(a certificate says which member of which cluster it is of) {
  const test_authority authority{"east"};
  const auto facts = authority.issue("node-2").facts;
  CAF_CHECK_EQUAL(facts.member.get(), "node-2");
  CAF_CHECK_EQUAL(facts.cluster, "east");
  CAF_CHECK_EQUAL(facts.fingerprint.size(), 64u);
  CAF_CHECK_EQUAL(facts.fingerprint.find_first_not_of("0123456789abcdef"), std::string::npos);
}

CAF_TEST(the longest id has room) {
  const test_authority authority{std::string(64, 'c')};
  const std::string longest(64, 'm');
  const auto facts = authority.issue(longest).facts;
  CAF_CHECK_EQUAL(facts.member.get(), longest);
}

CAF_TEST(an id that could mean something to the format is refused) {
  const test_authority authority;
  for (const auto* id : {"", "node,URI:urn:bpci:member:node-1", "node 1", "node/1"}) {
    const auto verdict = verdict_of(issue(authority.it, member_id{id}, wall_now()));
    CAF_CHECK_EQUAL(verdict, "invalid_argument");
  }
  const auto verdict = verdict_of(make_authority("two words", wall_now()));
  CAF_CHECK_EQUAL(verdict, "invalid_argument");
}

CAF_TEST(a certificate is valid for a year and no longer) {
  const test_authority authority;
  const auto node = authority.issue("node-1");
  const auto at = [&](std::int64_t ms) {
    return verdict_of(check_issued(node.authorities, node.own.certificate, in(ms)));
  };
  CAF_CHECK_EQUAL(at(0), "ok");
  CAF_CHECK_EQUAL(at(364 * day_ms), "ok");
  CAF_CHECK_EQUAL(at(366 * day_ms), "not_permitted");
  CAF_CHECK_EQUAL(at(-hour_ms), "not_permitted");
  CAF_CHECK(node.facts.valid_until.get() > in(364 * day_ms).get());
}

CAF_TEST(another authority of the same name issues nothing that counts) {
  const test_authority ours;
  const test_authority theirs;
  const auto node = theirs.issue("node-1");
  const auto verdict =
      verdict_of(check_issued(ours.it.certificate, node.own.certificate, wall_now()));
  CAF_CHECK_EQUAL(verdict, "not_permitted");
}

CAF_TEST(a member issues nothing) {
  const test_authority authority;
  const auto member = authority.issue("node-1");
  CAF_CHECK_EQUAL(verdict_of(issue(member.own, member_id{"node-9"}, wall_now())),
                  "invalid_argument");
}

CAF_TEST(two authorities can be trusted while one takes the place of the other) {
  const test_authority old_one;
  const test_authority new_one;
  const auto both = new_one.it.certificate + old_one.it.certificate;
  for (const auto* x : {&old_one, &new_one}) {
    const auto node = x->issue("node-1");
    CAF_CHECK_EQUAL(verdict_of(check_issued(both, node.own.certificate, wall_now())), "ok");
  }
}

CAF_TEST(a key belongs to one certificate) {
  const test_authority authority;
  const auto a = authority.issue("node-1").own;
  const auto b = authority.issue("node-1").own;
  CAF_CHECK_EQUAL(verdict_of(check_key(a)), "ok");
  CAF_CHECK_EQUAL(verdict_of(check_key({a.certificate, b.key})), "conflict");
  CAF_CHECK_EQUAL(verdict_of(check_key({a.certificate, a.certificate})), "malformed");
}

CAF_TEST(what is no certificate is told so) {
  for (const auto& text : {std::string{}, std::string{"hello"}, std::string(100'000, 'x')})
    CAF_CHECK_EQUAL(verdict_of(read_certificate(text)), "malformed");
}
