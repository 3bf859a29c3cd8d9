#pragma once

#include "runtime/supervision/directory.hpp"
#include "runtime/supervision/quarantine.hpp"
#include "runtime/supervision/restart_budget.hpp"
#include "runtime/supervision/tree_registry.hpp"

#include <memory>

namespace bpci::supervision {

/// What all supervisors of one node share. Each part is thread-safe; the node owns it and hands it
/// to whoever looks up, lists or asks.
struct node_context {
  restart_budget budget;
  supervision::quarantine quarantine;
  tree_registry tree;
  supervision::directory directory;
};

using node_context_ptr = std::shared_ptr<node_context>;

} // namespace bpci::supervision
