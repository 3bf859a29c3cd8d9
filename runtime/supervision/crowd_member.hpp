#pragma once

#include "runtime/actor/actor_base.hpp"
#include "runtime/supervision/child_spec.hpp"

#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace bpci::supervision {

/// "I have ended." From: a member of a crowd. To: its supervisor, ahead of what waits there.
struct member_ended {
  std::string id; ///< as a child
  std::uint64_t actor_id = 0;
  caf::error why;
};

/// What `start_child_like` starts. It tells of its end by itself: a monitor for each, and a table
/// that finds a member by its actor, would be a tenth of what an idle one takes.
class crowd_member : public actor_base {
public:
  crowd_member(caf::actor_config& cfg, caf::actor_addr supervisor)
      : actor_base(cfg), supervisor_(std::move(supervisor)) {}

  bool cleanup(caf::error&& why, caf::execution_unit* where) override {
    auto reason = why;
    auto ended = actor_base::cleanup(std::move(why), where);
    if (ended) on_end({child_id(), id(), std::move(reason)});
    return ended;
  }

protected:
  /// The id that it was started under.
  [[nodiscard]] virtual std::string child_id() const = 0;

  /// The last thing that is called. Who overrides it calls it as well.
  virtual void on_end(member_ended what) { tell(supervisor_, std::move(what)); }

  template <class Message>
  static void tell(const caf::actor_addr& whom, Message&& what) {
    if (auto to = caf::actor_cast<caf::actor>(whom))
      caf::anon_send<caf::message_priority::high>(to, std::forward<Message>(what));
  }

private:
  caf::actor_addr supervisor_;
};

} // namespace bpci::supervision

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::supervision::member_ended)
