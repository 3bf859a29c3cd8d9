#include "runtime/tunnel/tunnel_actor.hpp"

#include "messages/codec/json.hpp"
#include "runtime/log/log.hpp"
#include "runtime/metrics/metrics.hpp"
#include "runtime/time/clock.hpp"
#include "runtime/tunnel/caf_end.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <set>

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::tunnel::link_shaken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::tunnel::link_open)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::tunnel::link_ended)

namespace bpci::tunnel {

namespace {

using check_atom = caf::atom_constant<caf::atom("check")>;
using over_atom = caf::atom_constant<caf::atom("over")>;

/// Below what admission may take (links_options::verdict_max).
constexpr auto read_table_max = std::chrono::milliseconds{2'000};
constexpr auto announce_max = std::chrono::milliseconds{5'000};

/// CAF's own handshake, on a link that is open.
constexpr auto caf_handshake_max = std::chrono::milliseconds{2'000};

/// From CAF's answer to our dial until the peer's waiting dial may go on: CAF's last word of the
/// one is to arrive before the first of the other.
constexpr auto between_dials = std::chrono::milliseconds{25};

constexpr std::size_t dials_max = 256;

constexpr std::int64_t day_ms = 24 * 60 * 60 * 1'000;
constexpr std::int64_t expires_soon_ms = 30 * day_ms;

constexpr auto no_certificates = "this node has no certificates; run bpci cluster init, or bpci "
                                 "cluster join, and start it again";

struct gauges {
  metrics::gauge& links = metrics::metrics().gauge(
      "bpci_tunnel_links", "Open connections to other members of the cluster.");
  metrics::gauge& expires =
      metrics::metrics().gauge("bpci_tunnel_certificate_expires_timestamp_seconds",
                               "When the certificate of this node ends to be valid.");
  metrics::counter& refused = metrics::metrics().counter("bpci_tunnel_refused_total",
                                                         "Connections that did not become a link.");
};

gauges& numbers() {
  static gauges out;
  return out;
}

} // namespace

tunnel_actor::tunnel_actor(caf::actor_config& cfg, tunnel_options how)
    : actor_base(cfg), how_(std::move(how)), admission_(how_.self) {}

caf::behavior tunnel_actor::make_behavior() {
  refuse_remote_spawn(system());
  resume_after_restart();
  delayed_send(this, how_.check_every, check_atom::value);
  return {
      [this](const cluster::open_port& x) -> caf::result<cluster::port_opened> {
        auto opened = open(x.agent, caf::actor_cast<caf::actor>(current_sender()));
        if (!opened) return to_caf(opened.error());
        return std::move(*opened);
      },
      [this](const cluster::dial_member& x) { return dial(x.who); },
      [this](const cluster::view_changed& x) { admission_.on_view(x.live); },
      [](const cluster::peer_up&) {},
      [](const cluster::peer_down&) {},
      [](const cluster::change_seen&) {},
      [this](const link_shaken& x) { on(x); },
      [this](const link_open& x) { on(x); },
      [this](const link_ended& x) { on(x); },
      [this](over_atom, link_id link) { over(link); },
      [this](check_atom) { check(); },
  };
}

void tunnel_actor::on_exit() {
  links_.reset();
  numbers().links.set(0);
  agent_ = nullptr;
  members_ = nullptr;
  for (auto& [link, promise] : dials_)
    promise.deliver(to_caf(ec::restarted));
  dials_.clear();
}

void tunnel_actor::on_down(const caf::down_msg& what) {
  if (members_ && members_.address() == what.source) members_ = nullptr;
  if (agent_ && agent_.address() == what.source) agent_ = nullptr;
}

// -- opening ---------------------------------------------------------------------------

void tunnel_actor::resume_after_restart() {
  auto agent = caf::actor_cast<caf::actor>(how_.memory->agent);
  if (how_.memory->port == 0 || !agent) return;
  auto opened = open(agent, how_.node->directory.find(how_.root + "/cluster/members"));
  if (opened) return;
  log::error("tunnel-failed", {{"detail", opened.error().detail}});
  quit(to_caf(opened.error()));
}

result<cluster::port_opened> tunnel_actor::open(const caf::actor& agent,
                                                const caf::actor& members) {
  publish(agent);
  follow(members);
  if (!links_) {
    auto loaded = load();
    if (!loaded) return loaded.error();
    if (!*loaded) {
      log::warn("tunnel-off", {{"detail", no_certificates}});
      return cluster::port_opened{.host = advertised(), .port = 0, .certificates = {}};
    }
    if (auto ok = listen(); !ok) return ok.error();
  }
  return cluster::port_opened{
      .host = advertised(), .port = how_.memory->port, .certificates = rotation_->shown()};
}

/// False: there are no certificates.
result<bool> tunnel_actor::load() {
  files_ = stamp_of(how_.certificates);
  auto found = load_credentials(how_.certificates, wall_now());
  if (!found) return found.error();
  if (!*found) return false;
  if ((*found)->facts.member != how_.self)
    return fail(ec::config_invalid, how_.certificates.string() + " is of "
                                        + (*found)->facts.member.get() + ", not of "
                                        + how_.self.get());
  current_ = std::move(*found);
  return true;
}

result<void> tunnel_actor::listen() {
  auto context = tls_context::make(*current_);
  if (!context) return context.error();
  auto made =
      make_links(how_.links, [me = caf::actor_cast<caf::actor_addr>(this)](const link_event& what) {
        const auto to = caf::actor_cast<caf::actor>(me);
        if (to) std::visit([&](const auto& x) { caf::anon_send(to, x); }, what);
      });
  made->use(*context);
  auto port =
      made->listen(how_.listen_host, how_.memory->port != 0 ? how_.memory->port : how_.listen_port);
  if (!port) return port.error();
  how_.memory->port = *port;
  links_ = std::move(made);
  rotation_.emplace(current_->facts.fingerprint, how_.renewal);
  numbers().expires.set(static_cast<double>(current_->facts.valid_until.get() / 1'000));
  log::info("tunnel-open", {{"host", how_.listen_host},
                            {"port", *port},
                            {"certificate", current_->facts.fingerprint},
                            {"valid_until", rfc3339(current_->facts.valid_until)}});
  return {};
}

void tunnel_actor::follow(const caf::actor& members) {
  if (!members || members == members_) return;
  members_ = members;
  monitor<caf::message_priority::high>(members_);
  send(members_, cluster::watch_members{});
}

void tunnel_actor::publish(const caf::actor& agent) {
  if (agent == agent_) return;
  agent_ = agent;
  how_.memory->agent = agent_.address();
  monitor<caf::message_priority::high>(agent_);
}

const std::string& tunnel_actor::advertised() const {
  return how_.advertise.empty() ? how_.listen_host : how_.advertise;
}

// -- dialling --------------------------------------------------------------------------

caf::result<cluster::member_dialled> tunnel_actor::dial(const cluster::member& who) {
  if (!links_) return to_caf(ec::unavailable, no_certificates);
  if (who.link_port == 0)
    return to_caf(ec::unavailable, who.id.get()
                                       + " has no certificates; run bpci cluster join "
                                         "there, and start it again");
  if (dials_.size() >= dials_max) return to_caf(ec::unavailable, "too many dials at once");
  next_dial_ += 2;
  auto promise = make_response_promise<cluster::member_dialled>();
  dials_.emplace(next_dial_, promise);
  admission_.on_dial(next_dial_, who);
  links_->dial(next_dial_, who.link_host, who.link_port);
  return promise;
}

void tunnel_actor::finish(link_id link, const result<caf::actor>& how) {
  delayed_send(this, between_dials, over_atom::value, link);
  auto found = dials_.find(link);
  if (found == dials_.end()) return;
  auto promise = std::move(found->second);
  dials_.erase(found);
  if (how)
    promise.deliver(cluster::member_dialled{*how});
  else
    promise.deliver(to_caf(how.error()));
}

void tunnel_actor::over(link_id link) {
  admission_effects out;
  admission_.on_over(link, out);
  carry_out(out);
}

// -- links -----------------------------------------------------------------------------

void tunnel_actor::on(const link_shaken& x) {
  known_[x.link] = {x.side, x.who.id, x.certificate, false};
  admission_effects out;
  admission_.on_shaken(x.link, x.side, x.who, out);
  carry_out(out);
}

void tunnel_actor::on(const link_open& x) {
  auto found = known_.find(x.link);
  if (found == known_.end()) return;
  found->second.open = true;
  numbers().links.add();
  log::info("link-open", {{"member", found->second.peer.get()},
                          {"dialled", x.side == link_side::dialled ? "yes" : "no"}});
  if (x.side == link_side::dialled)
    connect_caf(x.link, *x.local);
  else
    give_to_caf(x.link, *x.local);
}

void tunnel_actor::on(const link_ended& x) {
  auto found = known_.find(x.link);
  const auto was_open = found != known_.end() && found->second.open;
  const auto peer = found == known_.end() ? std::string{} : found->second.peer.get();
  if (was_open) {
    numbers().links.subtract();
    log::info("link-ended", {{"member", peer}, {"detail", x.why.detail}});
  } else if (x.why.code != ec::not_found) {
    numbers().refused.add();
    log::debug("link-refused",
               {{"member", peer}, {"code", bpci::name(x.why.code)}, {"detail", x.why.detail}});
  }
  if (found != known_.end()) known_.erase(found);
  if (dials_.contains(x.link)) {
    // Only "nobody listens" means anything to who dials.
    const auto code =
        x.why.code == ec::not_found || x.why.code == ec::timeout ? x.why.code : ec::unavailable;
    return finish(x.link, fail(code, x.why.detail));
  }
  over(x.link);
}

void tunnel_actor::give_to_caf(link_id link, local_end& local) {
  if (!agent_) return links_->cut(link, fail(ec::unavailable, "no AGENT"));
  caf::anon_send(basp_broker(system()), caf::publish_atom::value, to_scribe(system(), local),
                 published_as, caf::actor_cast<caf::strong_actor_ptr>(agent_),
                 std::set<std::string>{});
}

void tunnel_actor::connect_caf(link_id link, local_end& local) {
  request(basp_broker(system()), caf_handshake_max, caf::connect_atom::value,
          to_scribe(system(), local), published_as)
      .then(
          [this, link](const caf::node_id&, const caf::strong_actor_ptr& agent,
                       const std::set<std::string>&) {
            if (agent) return finish(link, caf::actor_cast<caf::actor>(agent));
            finish(link, fail(ec::unavailable, "it has no AGENT now"));
          },
          [this, link](const caf::error& why) {
            finish(link, fail(ec::unavailable, "CAF: " + system().render(why)));
            if (links_) links_->cut(link, fail(ec::unavailable, "CAF's handshake"));
          });
}

// -- admission ---------------------------------------------------------------------------

void tunnel_actor::carry_out(const admission_effects& effects) {
  for (const auto& x : effects)
    std::visit([this](const auto& effect) { perform(effect); }, x);
}

void tunnel_actor::perform(const admit_link& x) {
  if (!links_) return;
  const auto found = known_.find(x.link);
  if (found != known_.end() && found->second.side == link_side::accepted && !agent_)
    return links_->refuse(x.link, fail(ec::unavailable, "no AGENT"));
  links_->admit(x.link);
}

void tunnel_actor::perform(const refuse_link& x) {
  const auto found = known_.find(x.link);
  log::warn("link-refused",
            {{"member", found == known_.end() ? std::string{} : found->second.peer.get()},
             {"code", bpci::name(x.why.code)},
             {"detail", x.why.detail}});
  if (links_) links_->refuse(x.link, x.why);
}

void tunnel_actor::perform(const read_table&) {
  const auto read = [this] {
    admission_effects out;
    admission_.on_read(out);
    carry_out(out);
  };
  if (!members_) return read();
  ask<cluster::view_changed>(
      members_, read_table_max, cluster::read_members{},
      [this, read](const cluster::view_changed& x) {
        admission_.on_view(x.live);
        read();
      },
      [read](const failure&) { read(); });
}

// -- certificates --------------------------------------------------------------------------

void tunnel_actor::check() {
  delayed_send(this, how_.check_every, check_atom::value);
  if (!links_) return;
  look_at_files();
  rotate();
  warn_of_expiry();
}

void tunnel_actor::look_at_files() {
  const auto now = stamp_of(how_.certificates);
  if (now == files_ || now == 0) return;
  files_ = now;
  auto found = load_credentials(how_.certificates, wall_now());
  const auto complain = [&](const std::string& detail) {
    log::warn("certificates-not-used", {{"detail", detail}});
  };
  if (!found) return complain(found.error().detail);
  if (!*found) return;
  if ((*found)->facts.member != how_.self)
    return complain("it is of " + (*found)->facts.member.get());
  next_ = std::move(*found);
  rotation_->on_found(next_->facts.fingerprint);
  log::info("certificates-found", {{"certificate", next_->facts.fingerprint}});
  // Other authorities beside the same certificate need no announcement.
  if (next_->facts.fingerprint == rotation_->current())
    perform(use_certificate{next_->facts.fingerprint});
}

void tunnel_actor::rotate() {
  rotation_effects out;
  rotation_->on_tick(
      steady_now(), [this](const std::string& x) { return in_use(x); }, out);
  for (const auto& x : out)
    std::visit([this](const auto& effect) { perform(effect); }, x);
}

void tunnel_actor::perform(const announce_certificates& x) {
  if (!members_) return rotation_->on_not_written();
  ask<cluster::certificates_written>(
      members_, announce_max, cluster::certificates_changed{x.fingerprints},
      [this](const cluster::certificates_written&) { rotation_->on_written(steady_now()); },
      [this](const failure& why) {
        log::warn("certificates-not-announced", {{"detail", to_string(why)}});
        rotation_->on_not_written();
      });
}

void tunnel_actor::perform(const use_certificate& x) {
  if (!next_ || next_->facts.fingerprint != x.fingerprint) return;
  auto context = tls_context::make(*next_);
  if (!context) {
    log::error("certificates-not-used", {{"detail", context.error().detail}});
    return;
  }
  current_ = std::exchange(next_, std::nullopt);
  links_->use(*context);
  numbers().expires.set(static_cast<double>(current_->facts.valid_until.get() / 1'000));
  log::info("certificate-in-use", {{"certificate", x.fingerprint},
                                   {"valid_until", rfc3339(current_->facts.valid_until)}});
}

/// Once a day.
void tunnel_actor::warn_of_expiry() {
  const auto now = wall_now().get();
  const auto left = current_->facts.valid_until.get() - now;
  if (left > expires_soon_ms || now / day_ms == warned_day_) return;
  warned_day_ = now / day_ms;
  log::warn("certificate-expires",
            {{"days_left", left / day_ms}, {"next_step", "bpci cluster renew"}});
}

std::size_t tunnel_actor::in_use(const std::string& certificate) const {
  std::size_t out = 0;
  for (const auto& [link, x] : known_)
    out += x.certificate == certificate ? 1 : 0;
  return out;
}

std::string tunnel_actor::describe() const {
  namespace json = boost::json;
  json::object out{{"port", how_.memory->port}, {"dials", dials_.size()}};
  if (current_) {
    out["certificate"] = current_->facts.fingerprint;
    out["valid_until"] = rfc3339(current_->facts.valid_until);
    out["certificates"] = codec::to_json(rotation_->shown());
  }
  json::array rows;
  for (const auto& [link, x] : known_)
    rows.push_back(json::object{{"member", x.peer.get()},
                                {"dialled", x.side == link_side::dialled},
                                {"open", x.open},
                                {"certificate", x.certificate}});
  out["links"] = std::move(rows);
  return codec::to_text(out);
}

} // namespace bpci::tunnel
