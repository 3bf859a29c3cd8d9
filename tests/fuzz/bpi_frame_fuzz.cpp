/// Frames of BPI-1.0 in both encodings, both directions. The first byte says which.

#include "messages/oracle/batch.hpp"
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

/// The reader in place takes nothing that the other one would not, and sees the same in it.
void read_in_place(fuzz::input data, const result<client_frame>& known) {
  batch_view view;
  if (!view_batch(data, view)) return;
  const auto* batch = known ? std::get_if<send_batch>(&*known) : nullptr;
  fuzz::require(batch != nullptr, "what is read in place is a batch");
  fuzz::require(view.id == batch->id.get() && view.sequence == batch->sequence
                    && view.source == batch->source.get() && view.priority == batch->priority
                    && view.sent_at == batch->sent_at.get()
                    && view.items.size() == batch->items.size(),
                "with the same head");
  bytes one;
  bytes other;
  for (std::size_t i = 0; i < view.items.size(); ++i) {
    write_leaf(view.items[i], one);
    write_leaf(batch->items[i], other);
    fuzz::require(one == other, "and the same items");
  }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto rest = fuzz::input{data + 1, size - 1};
  const auto how = (data[0] & 1) == 0 ? encoding::msgpack : encoding::json;
  if ((data[0] & 2) == 0) {
    auto x = decode_client_frame(rest, how);
    if (x) write_again<client_frame>(*x, decode_client_frame);
    if (how == encoding::msgpack) read_in_place(rest, x);
  } else {
    if (auto x = decode_server_frame(rest, how)) write_again<server_frame>(*x, decode_server_frame);
  }
  return 0;
}
