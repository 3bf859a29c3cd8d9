/// Frames of BPI-1.0 in both encodings, both directions. The first byte says which.

#include "messages/oracle/codec.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace bpci;
using namespace bpci::oracle;

namespace {

/// What was understood is understood again when it is written, in either encoding.
template <class Frame>
void write_again(const Frame& x, result<Frame> (*decode)(fuzz::input, encoding)) {
  for (auto how : {encoding::msgpack, encoding::json}) {
    const auto raw = encode(x, how);
    const auto back = decode(raw, how);
    fuzz::require(back.has_value(), "what is understood can be passed on");
    fuzz::require(encode(*back, how) == raw, "and stays what it was");
  }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto rest = fuzz::input{data + 1, size - 1};
  const auto how = (data[0] & 1) == 0 ? encoding::msgpack : encoding::json;
  if ((data[0] & 2) == 0) {
    if (auto x = decode_client_frame(rest, how)) write_again<client_frame>(*x, decode_client_frame);
  } else {
    if (auto x = decode_server_frame(rest, how)) write_again<server_frame>(*x, decode_server_frame);
  }
  return 0;
}
