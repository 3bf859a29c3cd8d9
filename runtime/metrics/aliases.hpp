#pragma once

#include "runtime/metrics/name_rules.hpp"

#include <span>
#include <string>
#include <string_view>

namespace bpci::metrics {

/// A metric that is shown under another name as well.
struct alias {
  std::string_view name;
  std::string_view of;
  kind is = kind::gauge; ///< while the metric is not there yet, its alias is 0
};

/// The aliases as they go behind `exposed`, the text of `registry::expose`. Pure.
std::string aliased(std::string_view exposed, std::span<const alias> all);

} // namespace bpci::metrics
