#pragma once

#include "config/node_config.hpp"
#include "runtime/log/outputs.hpp"

namespace bpci::shipping {

/// The outputs that the section `logging` names, for `log::start`. Those of type elasticsearch
/// begin at once, and keep their spools in `logs` of the data directory, which must be there.
/// Errors: config_invalid, for a spool or a key that cannot be used.
result<log::outputs> log_outputs(const config::node_config& of);

} // namespace bpci::shipping
