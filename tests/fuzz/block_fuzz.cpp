/// A block as another operator sends it, with its seals or without.

#include "actors/consensus/body.hpp"
#include "actors/consensus/certificates.hpp"
#include "actors/consensus/downtime.hpp"
#include "actors/consensus/evidence.hpp"
#include "actors/ledger/attendance.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/gullible_signer.hpp"

using namespace bpci;
using namespace bpci::consensus;

namespace {

const chain_head& start() {
  static const auto head = testing::genesis(4);
  return head;
}

void look_at(const sealed_block& x) {
  static const fuzz::gullible_signer keys{1};
  verifier check{testing::chain, keys};
  const auto set = validator_set{start().validators};
  (void)check_block_upon(x.what, start(), testing::chain);
  if (auto id = check_sealed_block(x, start(), check))
    fuzz::require(*id == block_id(x.what.head),
                  "a block that is sealed has the id that was sealed");
  const sealed_height before[] = {{start().head.at, start().id, set}};
  (void)check_seals_in(x.what, before, check);
  for (const auto& one : x.what.misbehaviour)
    if (auto found = check_evidence(one, set, check))
      fuzz::require(set.contains(found->by), "who is accused was a validator");
  (void)attendance_of(x.what);
  ledger::attendance who;
  who.note(x.what);
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (auto x = fuzz::read_canonical<sealed_block>({data, size})) look_at(*x);
  if (auto x = fuzz::read_canonical<block>({data, size})) look_at({*x, {}});
  return 0;
}
