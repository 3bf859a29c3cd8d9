#include "actors/ledger/state/draft.hpp"

#include "actors/ledger/state/node.hpp"

namespace bpci::ledger {

draft::slot& draft::slot_of(std::string_view key) const {
  if (auto known = slots_.find(key); known != slots_.end()) return known->second;
  slot fresh{.path = path_of(key), .value = {}, .changed = false};
  const auto* leaf = state::leaf_towards(below_.top(), fresh.path);
  if (leaf && leaf->path == fresh.path)
    fresh.value.emplace(leaf->value().begin(), leaf->value().end());
  return slots_.emplace(key, std::move(fresh)).first->second;
}

state_value draft::find(std::string_view key) const {
  const auto& x = slot_of(key);
  if (!x.value) return {};
  return std::span{*x.value};
}

void draft::change(std::string_view key, std::optional<bytes> value) {
  auto& x = slot_of(key);
  undo_.push_back({&x, std::move(x.value), x.changed});
  x.value = std::move(value);
  x.changed = true;
}

void draft::put(std::string_view key, bytes value) {
  change(key, std::move(value));
}

void draft::erase(std::string_view key) {
  change(key, {});
}

void draft::go_back(mark to) {
  for (; undo_.size() > to; undo_.pop_back()) {
    auto& last = undo_.back();
    last.what->value = std::move(last.value);
    last.what->changed = last.changed;
  }
}

state_trie draft::finish() const {
  std::vector<state_change> all;
  for (const auto& [key, x] : slots_)
    if (x.changed) all.push_back({x.path, key, x.value});
  return below_.apply(std::move(all));
}

} // namespace bpci::ledger
