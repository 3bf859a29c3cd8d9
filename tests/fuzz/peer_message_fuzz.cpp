/// A frame between the nodes of a chain.

#include "messages/chain/wire.hpp"
#include "tests/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)bpci::fuzz::read_canonical<bpci::chain::peer_envelope>({data, size});
  return 0;
}
