#include "actors/consensus/quorum.hpp"

namespace bpci::consensus {

namespace {

__extension__ using wide = unsigned __int128;

} // namespace

bool is_quorum(std::uint64_t weight, std::uint64_t total) noexcept {
  return total > 0 && wide{3} * weight >= wide{2} * total;
}

bool is_weak(std::uint64_t weight, std::uint64_t total) noexcept {
  return total > 0 && wide{3} * weight >= wide{total};
}

std::uint64_t quorum_of(std::uint64_t total) noexcept {
  return static_cast<std::uint64_t>((wide{2} * total + 2) / 3);
}

} // namespace bpci::consensus
