/// Proofs: nobody can prove what is not so.

#include "actors/ledger/receipts.hpp"
#include "actors/ledger/state/proof.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/small_chain.hpp"

using namespace bpci;
using namespace bpci::ledger;

namespace {

void look_at(const state_proof& proof) {
  const auto& state = fuzz::small_chain().state;
  const auto root = state.root();
  fuzz::require(!verify_exclusion(root, "ledger/chain", proof),
                "what is there is not provably absent");
  fuzz::require(!verify_inclusion(root, "nobody", bytes{1}, proof),
                "what is not there has no proof");
  fuzz::require(!verify_inclusion(root, "ledger/chain", bytes{1}, proof), "nor has another value");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (auto x = decode_state_proof({data, size})) look_at(*x);
  if (auto x = decode_receipt_proof({data, size})) {
    const auto root = fuzz::small_chain().state.root();
    fuzz::require(!verify_receipt(root, height{1}, {}, *x), "a block without receipts proves none");
  }
  return 0;
}
