#pragma once

#include <boost/json/array.hpp>

namespace bpci::cli {

/// The rows of a supervision tree (messages/runtime/supervision.hpp), each with a member `shown`:
/// its path below the nearest row above that contains it, indented. Rows whose parents were
/// filtered away are shown with their whole path. A row of which no actor is alive loses its
/// `started_at`: it has no uptime.
boost::json::array indent_tree(const boost::json::array& rows);

} // namespace bpci::cli
