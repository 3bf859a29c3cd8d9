#pragma once

#include "messages/consensus/votes.hpp"

#include <map>
#include <optional>
#include <tuple>
#include <vector>

namespace bpci::consensus {

/// Who signed a message, where it belongs. Not for a sealed_block, which many have signed.
struct message_origin {
  address by{};
  height at;
  round_no round;
};
[[nodiscard]] std::optional<message_origin> origin_of(const consensus_message& x);

/// How many bytes it takes, about: for bounds.
[[nodiscard]] std::size_t bytes_of(const consensus_message& x);

/// Messages of the heights ahead, until the chain is there. Their signatures were checked, their
/// signers are known; of each signer, height and type the one of the newest round is kept, so
/// nobody takes more room than anybody else.
class message_store {
public:
  message_store(std::uint32_t heights_ahead, std::uint32_t kept_max)
      : heights_ahead_(heights_ahead), kept_max_(kept_max) {}

  /// `here` is the height that is being decided, below the message's.
  void keep(height here, const message_origin& from, const consensus_message& x);

  /// Those of `at`; earlier ones are forgotten.
  [[nodiscard]] std::vector<consensus_message> take(height at);

  [[nodiscard]] std::size_t size() const noexcept { return kept_.size(); }

private:
  using slot = std::tuple<height, address, std::size_t>;

  std::uint32_t heights_ahead_;
  std::uint32_t kept_max_;
  std::map<slot, consensus_message> kept_;
};

} // namespace bpci::consensus
