#define CAF_SUITE allowance

#include "actors/peers/allowance.hpp"
#include "messages/chain/wire.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::peers;
using namespace std::chrono_literals;

namespace {

const auto start = allowance::instant{} + 1h;

} // namespace

CAF_TEST(some seconds worth of frames may come at once and then each in its turn) {
  auto uut = allowance{{.frames_per_sec = 10, .bytes_per_sec = 1 << 20, .burst_secs = 2}};
  for (auto i = 0; i < 20; ++i)
    CAF_CHECK(!uut.take(1, start));
  CAF_CHECK(uut.take(1, start) == 100ms);
  CAF_CHECK(uut.take(1, start + 50ms) == 50ms);
  CAF_CHECK(!uut.take(1, start + 100ms));
  CAF_CHECK(uut.take(1, start + 100ms));
}

CAF_TEST(bytes count as well as frames) {
  auto uut = allowance{{.frames_per_sec = 1'000, .bytes_per_sec = 1 << 20, .burst_secs = 2}};
  CAF_CHECK(!uut.take(2 << 20, start));
  CAF_CHECK(uut.take(1 << 20, start) == 1'000ms);
  CAF_CHECK(!uut.take(1 << 20, start + 1s));
}

CAF_TEST(whoever was silent has no more than a burst) {
  auto uut = allowance{{.frames_per_sec = 10, .bytes_per_sec = 1 << 20, .burst_secs = 2}};
  static_cast<void>(uut.take(1, start));
  for (auto i = 0; i < 20; ++i)
    CAF_CHECK(!uut.take(1, start + 24h));
  CAF_CHECK(uut.take(1, start + 24h));
}

CAF_TEST(the largest frame fits into the usual allowance) {
  auto uut = allowance{};
  CAF_CHECK(!uut.take(chain::peer_envelope_bytes_max + 64, start));
}
