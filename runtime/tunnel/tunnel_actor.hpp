#pragma once

#include "messages/runtime/cluster.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/supervision/node_context.hpp"
#include "runtime/tunnel/admission.hpp"
#include "runtime/tunnel/credentials.hpp"
#include "runtime/tunnel/links.hpp"
#include "runtime/tunnel/rotation.hpp"

#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace bpci::tunnel {

/// What outlives a restart of TUNNEL within one process: the member's row names the port, and only
/// MEMBERS knows the AGENT. For one TUNNEL at a time.
struct tunnel_memory {
  std::uint16_t port = 0;
  caf::actor_addr agent;
};

struct tunnel_options {
  member_id self;
  std::string root; ///< The path of the root supervisor.
  supervision::node_context_ptr node;
  std::string listen_host;       ///< an IP address
  std::uint16_t listen_port = 0; ///< 0: the system chooses, once
  std::string advertise;         ///< what others dial; empty: listen_host
  std::filesystem::path certificates;
  std::shared_ptr<tunnel_memory> memory = std::make_shared<tunnel_memory>();
  std::chrono::milliseconds check_every{3'000}; ///< for changed files
  rotation::timing renewal{};
  links_options links{};
};

/// TUNNEL: how the actors of this node and those of the others reach each other. Owns the links
/// (links.hpp), decides by admission.hpp who may have one, and hands their other ends to CAF.
///
/// Accepts from MEMBERS: open_port, dial_member, view_changed. Sends to MEMBERS: watch_members,
/// read_members, certificates_changed.
///
/// Without certificates it answers open_port with port 0, and dial_member with `unavailable`.
class tunnel_actor : public actor_base {
public:
  tunnel_actor(caf::actor_config& cfg, tunnel_options how);

  const char* name() const override { return "tunnel"; }

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;
  void on_down(const caf::down_msg& what) override;
  std::string describe() const override;

private:
  using dialled_promise = caf::typed_response_promise<cluster::member_dialled>;

  /// A link between its first event and its end.
  struct known_link {
    link_side side = link_side::accepted;
    member_id peer;
    std::string certificate; ///< ours, by fingerprint
    bool open = false;
  };

  void resume_after_restart();
  result<cluster::port_opened> open(const caf::actor& agent, const caf::actor& members);
  result<bool> load();
  result<void> listen();
  void follow(const caf::actor& members);
  void publish(const caf::actor& agent);

  caf::result<cluster::member_dialled> dial(const cluster::member& who);
  void finish(link_id link, const result<caf::actor>& how);

  void on(const link_shaken& x);
  void on(const link_open& x);
  void on(const link_ended& x);
  void give_to_caf(link_id link, local_end& local);
  void connect_caf(link_id link, local_end& local);
  void over(link_id link);

  void carry_out(const admission_effects& effects);
  void perform(const admit_link& x);
  void perform(const refuse_link& x);
  void perform(const read_table& x);

  void check();
  void look_at_files();
  void rotate();
  void perform(const announce_certificates& x);
  void perform(const use_certificate& x);
  void warn_of_expiry();
  [[nodiscard]] std::size_t in_use(const std::string& certificate) const;
  [[nodiscard]] const std::string& advertised() const;

  tunnel_options how_;
  admission admission_;
  std::unique_ptr<links> links_;       ///< null: not opened, or no certificates
  std::optional<credentials> current_; ///< what new connections show
  std::optional<credentials> next_;    ///< found in the files; not in use yet
  std::optional<rotation> rotation_;
  std::uint64_t files_ = 0; ///< stamp of what was read last
  caf::actor agent_;
  caf::actor members_;
  link_id next_dial_ = 0;
  std::map<link_id, dialled_promise> dials_;
  std::map<link_id, known_link> known_;
  std::int64_t warned_day_ = -1;
};

} // namespace bpci::tunnel
