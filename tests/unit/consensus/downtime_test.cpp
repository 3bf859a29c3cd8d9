#define CAF_SUITE consensus_downtime

#include "actors/consensus/downtime.hpp"
#include "tests/unit/consensus/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// Who was there.
namespace bpci::consensus::testing {

namespace {

hash some(std::uint8_t n) {
  hash out{};
  out.fill(n);
  return out;
}

struct bench {
  bench() {
    x.head.at = height{9};
    x.parent_seals = certificate_of({3, 1, 2}, 8, 0, some(8));
    x.late_seals = {certificate_of({4}, 7, 0, some(7)), certificate_of({5}, 6, 2, some(6))};
    for (std::uint8_t at : {6, 7, 8})
      before.push_back({height{at}, some(at), validator_set{validators(at == 6 ? 5 : 4)}});
  }
  bool holds() { return check_seals_in(x, before, check).has_value(); }

  fake_signer keys{1};
  verifier check{chain, keys};
  std::vector<sealed_height> before;
  block x;
};

CAF_TEST_FIXTURE_SCOPE(downtime, bench)

CAF_TEST(a block says who was there at its parent and who came late before) {
  CAF_CHECK(attendance_of(x)
            == (std::vector<attendance>{{height{6}, {id_of(5)}},
                                        {height{7}, {id_of(4)}},
                                        {height{8}, {id_of(1), id_of(2), id_of(3)}}}));
  CAF_CHECK(holds());
}

CAF_TEST(whoever is named twice was there once) {
  x.late_seals.push_back(certificate_of({4}, 7, 1, some(7)));
  CAF_CHECK_EQUAL(attendance_of(x)[1].signers.size(), 1u);
  CAF_CHECK(!holds()); // and a block does not repeat itself
}

CAF_TEST(the first block says nothing) {
  CAF_CHECK(attendance_of(block{}).empty());
  x = {};
  x.head.at = height{1};
  CAF_CHECK(holds());
}

CAF_TEST(seals of the parent are its certificate) {
  x.parent_seals = certificate_of({1, 2}, 8, 0, some(8));
  CAF_CHECK(!holds());
  x.parent_seals = certificate_of({1, 2, 3}, 8, 0, some(7));
  CAF_CHECK(!holds());
}

CAF_TEST(late seals are of validators of that height and of the block that became final) {
  auto with = [&](certificate late) {
    x.late_seals = {std::move(late)};
    return holds();
  };
  CAF_CHECK(with(certificate_of({4}, 7, 9, some(7))));
  CAF_CHECK(!with(certificate_of({4}, 7, 0, some(6))));
  CAF_CHECK(!with(certificate_of({5}, 7, 0, some(7))));
  CAF_CHECK(!with(certificate_of({4}, 5, 0, some(5))));
  auto forged = certificate_of({4}, 7, 0, some(7));
  forged.round = round_no{1};
  CAF_CHECK(!with(forged));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace

} // namespace bpci::consensus::testing
