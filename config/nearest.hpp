#pragma once

#include <span>
#include <string_view>

namespace bpci::config {

/// The candidate that a person most likely meant by `word`, or an empty one: at most a third
/// of its letters mistyped, left out, added or swapped.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// Whether they differ at most in the case of their ASCII letters.
bool same_word(std::string_view a, std::string_view b);

} // namespace bpci::config
