#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Named places at which a node can be made to fail, for tests that need a crash between two
/// steps. They are compiled into every build, so that what is tested is what runs; without the
/// environment variable BPCI_FAILPOINTS, which is read once, each costs a branch.
///
///     BPCI_FAILPOINTS=outbox-after-send:kill@20,protocol:1-2
///
/// names places, what happens there and, after `@`, from the how manyth passing on (1 if absent):
///
/// | action  | what happens                                                   |
/// |---------|----------------------------------------------------------------|
/// | `kill`  | the process ends at once, as by `kill -9`; only at that passing |
/// | `throw` | an exception, which ends the actor                              |
/// | `slow`  | a sleep of 200 ms                                               |
///
/// Anything else is a setting that the place asks for by `failpoint_setting`. Whoever can set the
/// environment of a node can stop it anyway: this opens nothing to others.
namespace bpci {

/// Passes the place. Thread-safe.
void failpoint(std::string_view name);

/// The text behind the name, if there is any.
std::optional<std::string> failpoint_setting(std::string_view name);

} // namespace bpci
