#include "actors/oracle/bpi_node.hpp"

#include "actors/oracle/announcements.hpp"
#include "actors/oracle/conduct.hpp"
#include "messages/oracle/conduct.hpp"
#include "messages/oracle/discovery.hpp"
#include "messages/oracle/rotation.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/entity/durable.hpp"

#include <algorithm>

namespace bpci::oracle {

namespace {

constexpr std::size_t events_max = 16;
constexpr std::size_t former_keys_max = 16;
constexpr std::size_t reason_size_max = 1'000;

template <class T>
void push_bounded(std::vector<T>& to, T x, std::size_t most) {
  to.push_back(std::move(x));
  if (to.size() > most) to.erase(to.begin());
}

void note(node_record& s, node_event x) {
  x.reason.resize(std::min(x.reason.size(), reason_size_max));
  push_bounded(s.events, std::move(x), events_max);
}

bool is_isolated(const node_record& s, timestamp_ms now) {
  return s.isolated_until && *s.isolated_until > now;
}

/// One isolation is a repetition while the one before is remembered, as long as the longest lasts.
std::uint64_t isolations_before(const node_record& s, timestamp_ms now, std::uint64_t max_ms) {
  if (!s.isolated_until) return 0;
  const auto remembered = s.isolated_until->get() + static_cast<std::int64_t>(max_ms);
  return now.get() <= remembered ? s.isolations : 0;
}

bool is_former(const node_record& s, const std::string& key) {
  return std::ranges::find(s.former_keys, key, &former_key::public_key) != s.former_keys.end();
}

struct bpi_node {
  static constexpr std::string_view kind = node_kind;
  static constexpr std::uint32_t schema = 1;
  using state = node_record;
  using commands = boost::mp11::mp_list<enter_node, open_session, isolate_node, release_node,
                                        change_key, announce_node>;
  using questions = boost::mp11::mp_list<read_node>;

  /// The same id under another key is refused: whoever took over an id could read its messages.
  static result<node_record> on(state& s, const enter_node& x, entity::context& c) {
    if (x.what.node_id.get() != c.self().id) return fail(ec::invalid_argument, "node_id");
    if (!s.public_key.empty() && s.public_key != x.what.public_key)
      return fail(ec::conflict, "the id '" + c.self().id + "' is registered under another key");
    if (s.public_key.empty()) s.registered_at = c.now();
    // Registered as something else, it is no longer what it has announced.
    if (s.node_type != x.what.node_type || s.endpoint != x.what.endpoint
        || s.capabilities != x.what.capabilities)
      forget_announcement(s);
    s.node_id = x.what.node_id;
    s.node_type = x.what.node_type;
    s.endpoint = x.what.endpoint;
    s.capabilities = x.what.capabilities;
    s.public_key = x.what.public_key;
    return s;
  }

  static result<session_opened> on(state& s, const open_session& x, entity::context& c) {
    if (s.public_key.empty() || s.public_key != crypto::to_hex(x.key))
      return fail(ec::unknown_node, c.self().id);
    if (is_isolated(s, c.now())) return fail(ec::isolated, s.isolated_for);
    s.last_seen = c.now();
    return session_opened{session_no{++s.sessions}};
  }

  static result<node_record> on(node_record& s, const isolate_node& x, entity::context& c) {
    if (s.public_key.empty()) return fail(ec::unknown_node, c.self().id);
    if (x.session && (x.session->get() <= s.settled_sessions || is_isolated(s, c.now()))) return s;
    const auto before = isolations_before(s, c.now(), x.max_ms);
    const auto lasts = isolation_of(std::chrono::milliseconds{x.base_ms},
                                    std::chrono::milliseconds{x.max_ms}, before);
    s.isolations = before + 1;
    s.isolated_until = timestamp_ms{c.now().get() + lasts.count()};
    s.isolated_for = x.reason.substr(0, reason_size_max);
    note(s, {c.now(), "isolated", x.reason, x.by, s.isolated_until});
    return s;
  }

  static result<node_record> on(node_record& s, const release_node& x, entity::context& c) {
    if (s.public_key.empty()) return fail(ec::unknown_node, c.self().id);
    if (!is_isolated(s, c.now())) return fail(ec::conflict, c.self().id + " is not isolated");
    s.isolated_until.reset();
    s.isolated_for.clear();
    s.isolations = 0;
    s.settled_sessions = s.sessions;
    note(s, {c.now(), "released", x.reason, x.by, {}});
    return s;
  }

  /// The old key may be in the hands of another, who is not to bring the node into disrepute: what
  /// happened under it is settled.
  static result<node_record> on(node_record& s, const change_key& x, entity::context& c) {
    if (s.public_key.empty()) return fail(ec::unknown_node, c.self().id);
    if (!x.old_public_key.empty() && x.old_public_key != s.public_key)
      return fail(ec::conflict, "the id '" + c.self().id + "' is registered under another key");
    if (x.new_public_key == s.public_key)
      return fail(ec::conflict, "this is the registered key already");
    if (is_former(s, x.new_public_key))
      return fail(ec::conflict, "a key that was given up does not come back");
    push_bounded(s.former_keys, former_key{s.public_key, c.now()}, former_keys_max);
    s.public_key = x.new_public_key;
    s.settled_sessions = s.sessions;
    forget_announcement(s);
    note(s, {c.now(), x.by.empty() ? "key_rotated" : "key_set", x.reason, x.by, {}});
    return s;
  }

  static result<announced_node> on(node_record& s, const announce_node& x, entity::context& c) {
    const auto& what = x.announcement;
    if (s.public_key.empty() || s.public_key != what.public_key)
      return fail(ec::unknown_node, c.self().id);
    if (is_isolated(s, c.now())) return fail(ec::isolated, s.isolated_for);
    if (s.announced && s.announced->issued_at > what.issued_at)
      return fail(ec::conflict, "a newer announcement is known");
    s.node_type = what.node_type;
    s.endpoint = what.endpoint;
    s.capabilities = what.capabilities;
    s.announced = what;
    s.announced_until = holds_until(what, x.ttl_ms_max, c.now());
    return announced_node{what, *s.announced_until, {}};
  }

  static void forget_announcement(node_record& s) {
    s.announced.reset();
    s.announced_until.reset();
  }

  static result<node_record> on(const state& s, const read_node&) {
    if (s.public_key.empty()) return fail(ec::unknown_node);
    return s;
  }
};

} // namespace

entity::kind_ptr make_node_kind() {
  return entity::make_kind<bpi_node>();
}

} // namespace bpci::oracle
