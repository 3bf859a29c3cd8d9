#include "runtime/actor/actor_config.hpp"

#include "messages/inspect.hpp"
#include "messages/runtime/introspection.hpp"
#include "runtime/actor/caf_error.hpp"

#include <caf/all.hpp>

#include <thread>

namespace bpci {

actor_config::actor_config(std::size_t threads) {
  if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
  // docs/adr/0003-caf-settings.md has the measurements behind each of these.
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", threads);
  set("scheduler.max-throughput", std::size_t{300});
  set("middleman.workers", std::size_t{0});
  set("middleman.heartbeat-interval", caf::timespan{std::chrono::milliseconds{200}});
  set("middleman.connection-timeout", caf::timespan{std::chrono::seconds{1}});
  add_error_category(
      caf::atom("bpci"), [](std::uint8_t code, caf::atom_value, const caf::message& context) {
        auto detail =
            context.match_elements<std::string>() ? context.get_as<std::string>(0) : std::string{};
        return to_string(failure{static_cast<ec>(code), std::move(detail)});
      });
  add_message_type<get_state>("get_state");
  add_message_type<actor_state>("actor_state");
}

} // namespace bpci
