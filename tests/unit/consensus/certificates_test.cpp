#define CAF_SUITE consensus_certificates

#include "actors/consensus/certificates.hpp"
#include "tests/unit/consensus/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// What seals prove.
namespace bpci::consensus::testing {

namespace {

const auto parent = genesis(4);
const auto one = block_of(1, parent, timestamp_ms{1'000'500});
const auto one_id = block_id(one.head);

struct bench {
  fake_signer keys{1};
  verifier check{chain, keys};

  bool holds(const certificate& x, const validator_set& set = validator_set{validators(4)}) {
    return check_certificate(x, set, check).has_value();
  }
  bool syncs(const sealed_block& x, const chain_head& upon = parent) {
    return check_sealed_block(x, upon, check).has_value();
  }
};

CAF_TEST_FIXTURE_SCOPE(certificates, bench)

CAF_TEST(seals of a quorum of distinct validators in one round prove a block) {
  CAF_CHECK(holds(certificate_of({1, 2, 3}, 1, 0, one_id)));
  CAF_CHECK(holds(certificate_of({4, 1, 3, 2}, 1, 5, one_id)));
}

CAF_TEST(a quorum less one does not and neither does a validator twice) {
  CAF_CHECK(!holds(certificate_of({1, 2}, 1, 0, one_id)));
  CAF_CHECK(!holds(certificate_of({1, 2, 2}, 1, 0, one_id)));
  CAF_CHECK(!holds(certificate_of({1, 2, 3, 3}, 1, 0, one_id)));
  CAF_CHECK(!holds(certificate_of({}, 1, 0, one_id)));
}

CAF_TEST(seals of another round or height or block do not ) {
  for (const auto& stray :
       {commit_by(3, 1, 1, one_id), commit_by(3, 2, 0, one_id), commit_by(3, 1, 0, parent.id)}) {
    auto x = certificate_of({1, 2}, 1, 0, one_id);
    x.seals.push_back({stray.by, stray.sig});
    CAF_CHECK(!holds(x));
  }
  // A prepare is no seal.
  auto x = certificate_of({1, 2}, 1, 0, one_id);
  x.seals.push_back({id_of(3), prepare_of(3, 1, 0, one_id).sig});
  CAF_CHECK(!holds(x));
  CAF_CHECK_EQUAL(code_of(check_certificate(x, validator_set{validators(4)}, check)),
                  ec::bad_signature);
}

CAF_TEST(seals of an old set do not ) {
  auto newer = validator_set{{{id_of(3), 1}, {id_of(4), 1}, {id_of(5), 1}, {id_of(6), 1}}};
  CAF_CHECK(!holds(certificate_of({1, 2, 3, 4}, 1, 0, one_id), newer));
  CAF_CHECK(!holds(certificate_of({3, 4, 5, 1}, 1, 0, one_id), newer));
  CAF_CHECK(holds(certificate_of({3, 4, 5}, 1, 0, one_id), newer));
}

CAF_TEST(weight counts and not number) {
  auto set = validator_set{{{id_of(1), 67}, {id_of(2), 11}, {id_of(3), 11}, {id_of(4), 11}}};
  CAF_CHECK(holds(certificate_of({1}, 1, 0, one_id), set));
  CAF_CHECK(!holds(certificate_of({2, 3, 4}, 1, 0, one_id), set));
}

// -- synchronisation -------------------------------------------------------------------

CAF_TEST(a sealed block is taken upon its parent) {
  auto x = sealed_block{one, certificate_of({1, 2, 3}, 1, 0, one_id)};
  CAF_CHECK(syncs(x));
  CAF_CHECK(check_sealed_block(x, parent, check).value() == one_id);
  CAF_CHECK(!syncs(x, genesis(5)));
}

CAF_TEST(a sealed block with another body or without enough seals is not ) {
  auto x = sealed_block{one, certificate_of({1, 2, 3}, 1, 0, one_id)};
  x.what.transactions.push_back({1, 2, 3});
  CAF_CHECK(!syncs(x));
  CAF_CHECK(!syncs({one, certificate_of({1, 2}, 1, 0, one_id)}));
  CAF_CHECK(!syncs({one, certificate_of({1, 2, 3}, 1, 0, parent.id)}));
  CAF_CHECK(!syncs({one, certificate_of({1, 2, 3}, 2, 0, one_id)}));
}

CAF_TEST_FIXTURE_SCOPE_END()

// -- light clients -----------------------------------------------------------------------

struct light_bench : bench {
  trusted_header base{one.head, parent.next};
  light_rules rules{24h, 10s};
  timestamp_ms now{1'100'000};

  /// Sealed by `who` of `set`.
  light_block later(std::uint64_t at, const std::vector<validator>& set, std::vector<int> who) {
    light_block out;
    out.head = one.head;
    out.head.at = height{at};
    out.head.time = timestamp_ms{1'050'000};
    out.head.parent = at == 2 ? one_id : hash{};
    out.head.validators_hash = out.head.next_validators_hash = validators_hash(set);
    out.seals = certificate_of(std::move(who), at, 0, block_id(out.head));
    out.validators = set;
    return out;
  }
  bool believes(const light_block& x) {
    return check_light_block(x, base, now, rules, check).has_value();
  }
};

std::vector<validator> from_to(int first, int last) {
  std::vector<validator> out;
  for (int n = first; n <= last; ++n)
    out.push_back({id_of(n), 1});
  return out;
}

CAF_TEST_FIXTURE_SCOPE(light_clients, light_bench)

CAF_TEST(the next header is believed if the validators that were named sealed it) {
  CAF_CHECK(believes(later(2, from_to(1, 4), {1, 2, 3})));
  CAF_CHECK(!believes(later(2, from_to(1, 4), {1, 2})));
  CAF_CHECK(!believes(later(2, from_to(1, 5), {1, 2, 3, 4})));
  auto stray = later(2, from_to(1, 4), {1, 2, 3});
  stray.head.parent = {};
  stray.seals = certificate_of({1, 2, 3}, 2, 0, block_id(stray.head));
  CAF_CHECK(!believes(stray));
}

CAF_TEST(a far header is believed if a third of those who are trusted is in its quorum) {
  CAF_CHECK(believes(later(9, from_to(3, 8), {3, 4, 5, 6})));
  CAF_CHECK(!believes(later(9, from_to(4, 9), {4, 5, 6, 7}))); // a quarter
  CAF_CHECK(!believes(later(9, from_to(3, 8), {3, 4, 5})));    // no quorum of its own
  CAF_CHECK(!believes(later(9, from_to(3, 8), {5, 6, 7, 8}))); // they are, but did not seal
}

CAF_TEST(validators that the headers do not name are not believed) {
  auto x = later(9, from_to(1, 4), {1, 2, 3});
  x.validators = from_to(1, 3);
  CAF_CHECK(!believes(x));
  base.next = from_to(1, 3);
  CAF_CHECK(!believes(later(9, from_to(1, 4), {1, 2, 3})));
}

CAF_TEST(what is trusted too long ago or comes from the future is not believed) {
  auto x = later(2, from_to(1, 4), {1, 2, 3});
  now = timestamp_ms{one.head.time.get() + 86'400'000};
  CAF_CHECK_EQUAL(code_of(check_light_block(x, base, now, rules, check)), ec::expired);
  now = timestamp_ms{1'039'999};
  CAF_CHECK_EQUAL(code_of(check_light_block(x, base, now, rules, check)), ec::from_the_future);
  now = timestamp_ms{1'040'000};
  CAF_CHECK(believes(x));
}

CAF_TEST(a header that is not later is not believed) {
  CAF_CHECK(!believes(later(1, from_to(1, 4), {1, 2, 3})));
  auto x = later(2, from_to(1, 4), {1, 2, 3});
  x.head.time = one.head.time;
  x.seals = certificate_of({1, 2, 3}, 2, 0, block_id(x.head));
  CAF_CHECK(!believes(x));
}

CAF_TEST_FIXTURE_SCOPE_END()

// -- when it went wrong --------------------------------------------------------------------

const auto four = validator_set{validators(4)};

CAF_TEST(two blocks of one round were sealed by those who sealed both) {
  auto x = certificate_of({1, 2, 3}, 1, 0, one_id);
  auto y = certificate_of({2, 3, 4}, 1, 0, parent.id);
  CAF_CHECK(conflict(x, y));
  CAF_CHECK(!conflict(x, x));
  CAF_CHECK(culprits_of(x, y, {}, four) == (std::vector{id_of(2), id_of(3)}));
}

CAF_TEST(two blocks of two rounds are the fault of those who forgot and not of the deceived) {
  auto early = certificate_of({1, 2, 3}, 1, 0, one_id);
  auto late = certificate_of({1, 2, 3, 4}, 1, 1, parent.id);
  auto honest = change_of(3, 1, 1, prepared_claim{round_no{0}, one_id});
  std::vector kept{change_of(1, 1, 1), change_of(2, 1, 1), honest, change_of(4, 1, 1)};
  CAF_CHECK(culprits_of(early, late, kept, four) == (std::vector{id_of(1), id_of(2)}));
  CAF_CHECK(culprits_of(late, early, kept, four) == (std::vector{id_of(1), id_of(2)}));
  // Without the round changes, whoever sealed both is all that is known.
  CAF_CHECK(culprits_of(early, late, {}, four) == (std::vector{id_of(1), id_of(2), id_of(3)}));
}

} // namespace

} // namespace bpci::consensus::testing
