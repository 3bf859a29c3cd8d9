#pragma once

#include "gateways/http/dialler.hpp"
#include "messages/oracle/peer_link.hpp"
#include "runtime/actor/actor_base.hpp"

#include <map>
#include <memory>

namespace bpci::gateway {

/// What a link that this node opens allows before it has proved whose it is; its owner allows more.
http::websocket_limits dialled_limits();

/// DIALLER: opens WebSockets to other operators' nodes. When it ends, so do they.
///
/// Accepts: oracle::dial.
class dialler_actor : public actor_base {
public:
  explicit dialler_actor(caf::actor_config& cfg);

  const char* name() const override { return "dialler"; }

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;
  std::string describe() const override;

private:
  using promise = caf::typed_response_promise<oracle::dialled>;

  struct attempt {
    promise answer;
    caf::actor owner;
  };

  caf::result<oracle::dialled> dial(const oracle::dial& x);
  void finish(std::uint64_t ticket, const oracle::connection_ptr& opened, const failure& why);

  std::unique_ptr<http::dialler> dialler_;
  std::map<std::uint64_t, attempt> attempts_;
  std::uint64_t last_ticket_ = 0;
  std::uint64_t opened_ = 0;
  std::uint64_t failed_ = 0;
};

} // namespace bpci::gateway
