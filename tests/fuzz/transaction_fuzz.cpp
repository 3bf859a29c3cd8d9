/// A transaction, from the mempool's check through a block to its receipt.

#include "actors/ledger/receipts.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/small_chain.hpp"

using namespace bpci;
using namespace bpci::ledger;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto encoded = bytes{data, data + size};
  const std::vector<bytes> alone{encoded};
  if (auto x = decode_transaction(encoded))
    fuzz::require(codec::to_canonical(*x) == encoded, "a transaction has one encoding");
  const auto& chain = fuzz::small_chain();
  const auto& rules = fuzz::believing_rules();
  const auto terms = terms_at(chain.state, height{1});
  (void)check_transaction(rules, terms, chain.state, encoded, admission::mempool);

  const block_context block{
      chain.chain_id, height{1}, timestamp_ms{chain.time.get() + 1}, {}, chain.validators, {}, {}};
  const auto allowed =
      check_transaction(rules, terms, chain.state, encoded, admission::block).has_value();
  const auto chosen = select_transactions(rules, chain.state, block, alone);
  fuzz::require(chosen.size() == (allowed ? 1u : 0u), "a block takes what the check lets in");
  const auto done = execute(rules, chain.state, block, alone);
  fuzz::require(done.has_value() == allowed, "a block is valid when the check says so");
  if (!done) return 0;
  const auto proof = prove_receipt(done->state, height{1}, done->receipts, 0);
  fuzz::require(verify_receipt(done->root, height{1}, done->receipts[0], proof),
                "what became of it is provable");
  return 0;
}
