#pragma once

#include <string_view>

namespace bpci::cli {

/// What a shell evaluates so that it asks `bpci __complete` for proposals: `bash`, `zsh` or `fish`.
/// Empty for another word.
std::string_view completion_script(std::string_view shell);

} // namespace bpci::cli
