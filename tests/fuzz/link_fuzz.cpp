/// What a BPI node may send from its hello on: frames, each behind two bytes of length, through the
/// check of the handshake and into the LINK. Signatures are checked; those of the corpus are good.

#include "actors/oracle/handshake.hpp"
#include "actors/oracle/link.hpp"
#include "messages/oracle/codec.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/known_keys.hpp"

using namespace bpci;
using namespace bpci::oracle;

namespace {

constexpr std::size_t frames_max = 200;

std::vector<bytes> frames_of(fuzz::input data) {
  std::vector<bytes> out;
  while (data.size() >= 2 && out.size() < frames_max) {
    const auto length = std::size_t{data[0]} * 256 + data[1];
    data = data.subspan(2);
    const auto frame = data.first(std::min(length, data.size()));
    out.emplace_back(frame.begin(), frame.end());
    data = data.subspan(frame.size());
  }
  return out;
}

/// Every message that was passed on is answered once, or still open.
class relay_stub {
public:
  void take(const link_effects& all) {
    for (const auto& x : all)
      if (const auto* it = std::get_if<submit>(&x)) {
        fuzz::require(it->message->source == fuzz::known_node(), "nobody speaks for another");
        fuzz::require(!it->batch || it->batch->parts.size() == it->message->targets.size(),
                      "a batch has a part for each target");
        ++submitted;
      }
  }

  std::size_t submitted = 0;
};

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto me = fuzz::known_server();
  const auto asked = fuzz::known_challenge();
  const auto frames = frames_of({data, size});
  auto next = frames.begin();
  if (next == frames.end()) return 0;

  auto first = decode_client_frame(*next++, encoding::msgpack);
  const auto* answer = first ? std::get_if<hello>(&*first) : nullptr;
  if (!answer) return 0;
  auto who = check_hello(asked, *answer);
  // The register knows the one node, under its key.
  if (!who || who->node != fuzz::known_node() || who->key != fuzz::known_client().pub) return 0;
  (void)make_welcome(me, who->signed_with, session_no{1}, 0, fuzz::known_time);

  oracle::link core{{who->node, me.limits, 100}};
  core.attach(who->key, who->last_sequence);
  relay_stub relay;
  link_effects out;
  auto now = moment{fuzz::known_time, instant{} + std::chrono::hours{1}};
  for (; next != frames.end(); ++next) {
    out.clear();
    batch_view batch;
    if (view_batch(*next, batch))
      core.on_batch(batch, now, out);
    else if (auto frame = decode_client_frame(*next, encoding::msgpack))
      core.on_frame(std::move(*frame), now, out);
    else
      core.on_garbage(frame.error(), now, out);
    relay.take(out);
    now.steady += std::chrono::milliseconds{50};
  }
  fuzz::require(core.in_flight() <= me.limits.max_in_flight, "the window holds");
  fuzz::require(core.stats().accepted == relay.submitted, "what is accepted is passed on");
  return 0;
}
