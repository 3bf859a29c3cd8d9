#pragma once

#include "config/node_config.hpp"
#include "gateways/cli/context.hpp"

#include <string>
#include <vector>

namespace bpci::cli {

enum class verdict : std::uint8_t { ok, warn, fail, skipped };

/// One thing that `doctor` looked at.
struct finding {
  std::string name;
  verdict what = verdict::ok;
  std::string detail;
  std::string fix; ///< what to do, of `warn` and `fail`

  bool operator==(const finding&) const = default;
};
using findings = std::vector<finding>;

// What a node needs to start; nothing of it is changed.
finding check_data_dir(const config::node_config& c);
finding check_postgres(const config::node_config& c);
finding check_database(const config::node_config& c);
finding check_clock(timestamp_ms now);

/// Whether the port is free, or a node answers there.
finding check_port(const context& with, const config::node_config& c);

/// Whether the node answers and takes the token: the one of --url, else the one that `c` describes.
findings check_api(const context& with, const config::node_config& c);

} // namespace bpci::cli
