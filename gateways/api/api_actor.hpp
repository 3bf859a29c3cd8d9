#pragma once

#include "gateways/api/call.hpp"
#include "gateways/api/context.hpp"
#include "runtime/actor/actor_base.hpp"

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace bpci::gateway {

/// API: carries HTTP requests to the actors and their answers back. Checks who calls; what a call
/// does is in gateways/routes/.
///
/// Accepts: call_ptr.
class api_actor : public actor_base {
public:
  api_actor(caf::actor_config& cfg, context_ptr shared);

  const char* name() const override { return "api"; }

  // For the routes.
  using actor_base::ask;
  [[nodiscard]] const gateway::context& shared() const noexcept { return *shared_; }

  /// Asks the actor at `where` and answers the call with what `show` makes of the reply.
  template <class Reply, class Message>
  void forward(const call_ptr& what, std::string_view where, Message message,
               std::chrono::milliseconds deadline, boost::json::value (*show)(const Reply&)) {
    auto target = shared_->find(where);
    if (!target) return what->fail({ec::restarted, std::string{where}});
    ask<Reply>(
        target, deadline, std::move(message), [what, show](const Reply& x) { what->ok(show(x)); },
        [what](const failure& why) { what->fail(why); });
  }

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;
  std::string describe() const override;

private:
  void make_first_token();
  void admit(const call_ptr& what);
  void look_up(const call_ptr& what, const std::string& hash);
  void looked_up(const std::string& hash, const result<std::optional<std::string>>& label);
  void let_in(const call_ptr& what, const std::string& label);
  void turn_away(const call_ptr& what, const failure& why);

  context_ptr shared_;
  /// The labels of those that the database has confirmed, by hash.
  std::unordered_map<std::string, std::string> known_tokens_;
  /// Who waits for the database to say whose token it is, by hash.
  std::unordered_map<std::string, std::vector<call_ptr>> look_ups_;
  std::uint64_t handled_ = 0;
};

} // namespace bpci::gateway
