#pragma once

#include "messages/error.hpp"
#include "messages/oracle/discovery.hpp"
#include "messages/oracle/frames.hpp"

#include <span>
#include <string_view>
#include <vector>

/// The rules of announcing a BPI node, pure (docs/protocol/bpi-1.0.md, section 12).
namespace bpci::oracle {

inline constexpr std::size_t discover_capabilities_max = 16;

/// All that costs little, with the key in lower case. Errors: invalid_argument, naming the member;
/// too_old, from_the_future.
result<announcement> check(const announcement& x, const limits& within, timestamp_ms now);

/// Of an announcement that `check` has let pass. Errors: bad_signature.
result<void> check_signature(const announcement& x);

/// Until when it holds: as long as it wants, at most `ttl_max` from when it was signed. A clock
/// that is ahead wins nothing.
timestamp_ms holds_until(const announcement& x, std::uint64_t ttl_ms_max, timestamp_ms now);

/// What another operator has passed on, with everything checked and until when it holds. Errors:
/// malformed, invalid_argument, from_the_future, expired (it holds no more), bad_signature.
result<announced_node> check_shared(std::span<const std::uint8_t> encoded, const limits& within,
                                    std::uint64_t ttl_ms_max, timestamp_ms now);

/// Errors: invalid_argument.
result<void> check(const discover& x);

/// Where a page of `discover` ends, and the next one goes on: an id, with a slash and the operator
/// behind it where there is one.
std::string cursor_of(const announced_node& x);

struct place_in_list {
  std::string node_id;
  std::string of_operator;
};
place_in_list place_of(std::string_view cursor);

/// Both lists in the order of the pages.
std::vector<announced_node> merge(std::vector<announced_node> ours,
                                  std::vector<announced_node> others);

} // namespace bpci::oracle
