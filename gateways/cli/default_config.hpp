#pragma once

#include <string_view>

namespace bpci::cli {

/// config/defaults.yaml, as it was when this was built.
extern const std::string_view default_config;

} // namespace bpci::cli
