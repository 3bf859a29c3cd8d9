#include "gateways/api/audit_log.hpp"

#include "runtime/log/log.hpp"

namespace bpci::gateway::audit_log {

namespace {

bool wanted(const settings& how, config::audit_level least) {
  return how.enabled && how.level >= least;
}

using config::audit_level;

} // namespace

void action(const settings& how, const call& what, std::string_view action, std::string_view target,
            std::string_view why) {
  if (wanted(how, audit_level::standard))
    return log::info("admin-action", {{"who", what.caller},
                                      {"from", what.request.remote_address},
                                      {"action", action},
                                      {"target", target},
                                      {"why", why}});
  if (wanted(how, audit_level::basic))
    log::info("admin-action", {{"who", what.caller}, {"action", action}, {"target", target}});
}

void action_ended(const settings& how, const call& what, std::string_view action,
                  std::string_view target, std::string_view result) {
  if (!wanted(how, audit_level::basic)) return;
  log::info("admin-action-ended",
            {{"who", what.caller}, {"action", action}, {"target", target}, {"result", result}});
}

void action_unrecorded(const call& what, std::string_view action, std::string_view target,
                       std::string_view why, ec code) {
  log::warn("admin-action-unrecorded", {{"who", what.caller},
                                        {"from", what.request.remote_address},
                                        {"action", action},
                                        {"target", target},
                                        {"why", why},
                                        {"code", name(code)}});
}

void refused(const settings& how, const call& what, ec why) {
  if (!wanted(how, audit_level::detailed)) return;
  log::info("api-refused", {{"from", what.request.remote_address},
                            {"method", what.request.method},
                            {"route", what.route.pattern},
                            {"code", name(why)}});
}

void called(const settings& how, const call& what) {
  if (!wanted(how, audit_level::comprehensive)) return;
  log::info("api-call", {{"who", what.caller},
                         {"from", what.request.remote_address},
                         {"method", what.request.method},
                         {"path", what.request.path}});
}

} // namespace bpci::gateway::audit_log
