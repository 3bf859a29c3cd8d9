#pragma once

#include "gateways/api/call.hpp"

#include <functional>
#include <memory>
#include <string>

namespace bpci::gateway {

/// What somebody is about to do.
struct intent {
  std::string action; ///< a verb
  std::string target;
  std::string why;
};

/// When the database cannot record an action first: whether it is refused with `unavailable`, or
/// goes on with a line of the log as its only record.
enum class without_record : std::uint8_t { refuse, go_on };

/// An action that is on record and may be carried out. Only `carry_out` makes one, and what acts
/// asks it for the `who` and `why` that the actors require: so no route acts unrecorded.
///
/// Answers its call, once its result is on record too, or could not be recorded.
class admin_action {
public:
  [[nodiscard]] const std::string& who() const noexcept { return call_->caller; }
  [[nodiscard]] const std::string& why() const noexcept { return what_.why; }

  void done(boost::json::value data) const;
  void failed(const failure& why) const;

private:
  friend class recording;
  admin_action(api_actor& self, call_ptr call, intent what, std::uint64_t no);

  void finish(std::string result, std::function<void()> answer) const;

  api_actor& self_;
  call_ptr call_;
  intent what_;
  std::uint64_t no_; ///< 0: it is not on record
};

using admin_action_ptr = std::shared_ptr<const admin_action>;

/// Every route that changes something passes through here: writes the action down, calls `act`,
/// and completes the record with what came of it. Refuses an action without a reason.
void carry_out(api_actor& self, const call_ptr& what, intent wanted, without_record otherwise,
               std::function<void(const admin_action_ptr&)> act);

} // namespace bpci::gateway
