#pragma once

#include "actors/consensus/engine.hpp"

#include <cstdint>
#include <string>

namespace bpci::consensus::sim {

/// The keys have numbers; by address they are in the same order.
address key_of(std::size_t number);

/// The number of a key, or a very large one for an address that is none.
std::size_t number_of(const address& key);

/// "v2", for traces.
std::string name_of(const address& key);

/// "3f9a01": the beginning of a hash, for traces.
std::string brief(const hash& x);

/// How often anybody signed and checked in this thread.
struct key_usage {
  std::uint64_t signed_ = 0;
  std::uint64_t checked = 0;
};
key_usage& usage();

/// Signatures that cost next to nothing: a keyed hash that only the holder of this object can make,
/// but everybody can check. Nobody in the simulator breaks cryptography, so that will do.
class model_signer final : public signer {
public:
  explicit model_signer(std::size_t number) : number_(number), self_(key_of(number)) {}

  [[nodiscard]] address self() const override { return self_; }
  [[nodiscard]] signature sign(std::span<const std::uint8_t> what) const override;
  [[nodiscard]] bool verify(const address& by, std::span<const std::uint8_t> what,
                            const signature& sig) const override;

private:
  std::size_t number_;
  address self_;
};

} // namespace bpci::consensus::sim
