#pragma once

#include "actors/ledger/state/trie.hpp"
#include "messages/codec/canonical.hpp"

#include <stdexcept>
#include <unordered_map>

/// Changes upon a state that are not yet part of one.
namespace bpci::ledger {

/// The value under `key`, which must be the bytes of a T: what a module reads, it has written
/// itself. Anything else is damage that nobody can repair here: throws std::runtime_error.
template <described T>
std::optional<T> load(const reader& from, std::string_view key) {
  auto raw = from.find(key);
  if (!raw) return {};
  auto out = codec::from_canonical<T>(*raw);
  if (!out)
    throw std::runtime_error("ledger state: " + std::string{key} + ": " + out.error().detail);
  return std::move(*out);
}

/// The same; a fresh T where there is none.
template <described T>
T load_or_new(const reader& from, std::string_view key) {
  auto out = load<T>(from, key);
  return out ? std::move(*out) : T{};
}

/// Reads through to the state below, remembers what was read and written, and can go back to a
/// mark. Not for two threads.
class draft final : public reader {
public:
  /// A point to go back to; marks nest.
  using mark = std::size_t;

  explicit draft(state_trie below) : below_(std::move(below)) {}
  draft(const draft&) = delete;
  draft& operator=(const draft&) = delete;

  /// Until the next change.
  [[nodiscard]] state_value find(std::string_view key) const override;

  void put(std::string_view key, bytes value);
  void erase(std::string_view key);

  template <described T>
  void store(std::string_view key, const T& x) {
    put(key, codec::to_canonical(x));
  }

  [[nodiscard]] mark here() const noexcept { return undo_.size(); }
  /// Undoes all that was done since.
  void go_back(mark to);

  /// The state below with all of it.
  [[nodiscard]] state_trie finish() const;

private:
  struct slot {
    hash path{};
    std::optional<bytes> value;
    bool changed = false;
  };
  struct undone {
    slot* what = nullptr;
    std::optional<bytes> value;
    bool changed = false;
  };
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view x) const noexcept {
      return std::hash<std::string_view>{}(x);
    }
  };

  slot& slot_of(std::string_view key) const;
  void change(std::string_view key, std::optional<bytes> value);

  state_trie below_;
  /// References into it stay valid while it grows.
  mutable std::unordered_map<std::string, slot, text_hash, std::equal_to<>> slots_;
  std::vector<undone> undo_;
};

} // namespace bpci::ledger
