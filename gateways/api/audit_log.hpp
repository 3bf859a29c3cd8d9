#pragma once

#include "config/node_config.hpp"
#include "gateways/api/call.hpp"

#include <string_view>

/// Who calls the API and what admins do, as lines of the log; what they did is in the table
/// `admin_action` besides, whatever the configuration says (audit.hpp). `logging.audit_logging`
/// decides what is logged:
///
///     basic          admin-action, admin-action-ended: who, action, target, result
///     standard       and why, and from which address
///     detailed       and api-refused: a token that is missing or not known
///     comprehensive  and api-call: every call with a token
namespace bpci::gateway::audit_log {

using settings = config::audit_log_settings;

void action(const settings& how, const call& what, std::string_view action, std::string_view target,
            std::string_view why);

void action_ended(const settings& how, const call& what, std::string_view action,
                  std::string_view target, std::string_view result);

/// The only record of what goes on without the database; always written, and with everything.
void action_unrecorded(const call& what, std::string_view action, std::string_view target,
                       std::string_view why, ec code);

void refused(const settings& how, const call& what, ec why);

void called(const settings& how, const call& what);

} // namespace bpci::gateway::audit_log
