#include "actors/interapp/agreement.hpp"

#include "actors/interapp/audit_chain.hpp"
#include "actors/interapp/permission.hpp"
#include "messages/interapp/signing.hpp"
#include "runtime/crypto/hex.hpp"
#include "runtime/crypto/keys.hpp"
#include "runtime/crypto/sealed_body.hpp"
#include "runtime/entity/durable.hpp"

#include <array>
#include <charconv>

namespace bpci::interapp {

namespace {

constexpr std::size_t permissions_max = 256;
constexpr std::size_t reason_size_max = 500;
constexpr std::size_t detail_size_max = 300;
constexpr std::uint64_t page_default = 100;

/// A clock may be this far ahead of ours, as with BPI-1.0.
constexpr std::int64_t ahead_max_ms = 60'000;

constexpr std::string_view entry_prefix = "a/";

std::string item_key(std::uint64_t seq) {
  constexpr std::size_t digits = 16;
  std::array<char, digits> text{};
  auto end = std::to_chars(text.data(), text.data() + digits, seq, 16).ptr;
  auto used = static_cast<std::size_t>(end - text.data());
  auto out = std::string{entry_prefix};
  out.append(digits - used, '0').append(text.data(), used);
  return out;
}

std::uint64_t seq_of(const std::string& item_key) {
  std::uint64_t out = 0;
  std::from_chars(item_key.data() + entry_prefix.size(), item_key.data() + item_key.size(), out,
                  16);
  return out;
}

bool signed_by(const std::string& key, std::span<const std::uint8_t> message,
               const result<crypto::signature>& x) {
  crypto::public_key by;
  // It was examined when it was registered, which costs as much as a signature.
  return x && crypto::read_hex(key, by.bytes) && crypto::verify(by, message, *x);
}

bool is_over(const agreement& s, timestamp_ms now) {
  return s.terms.valid_until.get() > 0 && now >= s.terms.valid_until;
}

/// The side of the app that sends, and the other; null when they are not the two.
struct sides {
  const party* from = nullptr;
  const party* to = nullptr;
  const std::vector<std::string>* permissions = nullptr;
};

sides sides_of(const terms& x, const message& m) {
  if (m.from_app == x.app1.app_id && m.to_app == x.app2.app_id)
    return {&x.app1, &x.app2, &x.app1_permissions};
  if (m.from_app == x.app2.app_id && m.to_app == x.app1.app_id)
    return {&x.app2, &x.app1, &x.app2_permissions};
  return {};
}

judgement judge_hosts(const sides& who, const carrier& by) {
  if (by.source.get().empty()) return {};
  if (by.source != who.from->node_id) return {finding_code::wrong_host, "from " + by.source.get()};
  if (by.target.get().empty() || by.target != who.to->node_id)
    return {finding_code::wrong_host, "the only target has to be '" + who.to->node_id.get() + "'"};
  return {};
}

judgement judge_time(const agreement& s, const authorize& x, timestamp_ms now) {
  using enum finding_code;
  if (s.state == agreement_state::revoked) return {agreement_revoked, {}};
  if (s.state == agreement_state::expired || is_over(s, now)) return {agreement_expired, {}};
  if (s.state == agreement_state::proposed) return {agreement_not_active, {}};
  if (now < s.terms.valid_from) return {agreement_not_begun, {}};
  auto age = now.get() - x.message.sent_at.get();
  if (age > 0 && static_cast<std::uint64_t>(age) > x.rules.message_age_ms)
    return {too_old, std::to_string(age) + " ms"};
  if (age < -ahead_max_ms) return {from_the_future, std::to_string(-age) + " ms ahead"};
  return {};
}

/// What anybody can see of a payload; one that cannot be read by its header is sealed for nobody.
encryption_level level_of(std::span<const std::uint8_t> payload) {
  const auto header = crypto::read_sealed_header(payload);
  // Both are numbered as the header is.
  return header ? static_cast<encryption_level>(header->level) : encryption_level::None;
}

/// The payload has to be what its app signs that it is: the target acts on that word.
judgement judge_encryption(const security& need, const message& m) {
  const auto text = [](encryption_level x) {
    return std::string{boost::describe::enum_to_string(x, "")};
  };
  if (m.encryption_level < need.encryption_level)
    return {finding_code::encryption_too_low, text(need.encryption_level) + " is asked for"};
  if (const auto has = level_of(m.payload); has < m.encryption_level)
    return {finding_code::encryption_too_low,
            "the payload is sealed as " + text(has) + ", and not as " + text(m.encryption_level)};
  return {};
}

judgement judge_security(const security& need, const sides& who, const message& m) {
  using enum finding_code;
  if (auto no = judge_encryption(need, m); no.code != none) return no;
  if (need.authorization_required && !any_covers(*who.permissions, m.permission))
    return {permission_missing, m.permission};
  if (m.signature.empty())
    return need.authentication_required ? judgement{signature_missing, {}} : judgement{};
  // Also where none is asked for: whoever signs says that it matters.
  if (!signed_by(who.from->public_key, message_bytes(m), crypto::signature_from_bytes(m.signature)))
    return {bad_signature, "of " + m.from_app.get()};
  return {};
}

/// What becomes of a message at the audit level of the cluster. Refusals are always listed.
bool is_listed(audit_level level, const judgement& x) {
  return x.code != finding_code::none || level >= audit_level::Standard;
}

struct agreement_entity {
  static constexpr std::string_view kind = agreement_kind;
  static constexpr std::uint32_t schema = 1;
  using state = interapp::agreement;
  using commands = boost::mp11::mp_list<authorize, record_entry, propose, sign_agreement,
                                        revoke_agreement, entity::timer_fired>;
  using questions = boost::mp11::mp_list<read_agreement, read_audit>;

  // -- its life ------------------------------------------------------------------------

  static result<agreement> on(state& s, const propose& x, entity::context& c) {
    auto id = agreement_id{c.self().id};
    if (auto ok = interapp::check(x.terms); !ok) return ok.error();
    if (exists(s)) {
      if (s.terms != x.terms)
        return fail(ec::conflict, "there are other terms under the id " + id.get());
      return s;
    }
    if (x.terms.valid_until.get() > 0 && c.now() >= x.terms.valid_until)
      return fail(ec::invalid_argument, "valid_until: it has passed");
    s.agreement_id = id;
    s.terms = x.terms;
    s.proposed_at = c.now();
    if (s.terms.valid_until.get() > 0) c.start_timer(expiry_timer, s.terms.valid_until);
    list(s, {.event = audit_event::proposed, .who = x.who}, c);
    return s;
  }

  static result<agreement> on(state& s, const sign_agreement& x, entity::context& c) {
    if (!exists(s)) return none_such(c);
    auto first = x.app_id == s.terms.app1.app_id;
    if (!first && x.app_id != s.terms.app2.app_id)
      return fail(ec::invalid_argument, "app_id: it is not one of the two apps");
    const auto& key = first ? s.terms.app1.public_key : s.terms.app2.public_key;
    if (!signed_by(key, agreement_bytes(s.agreement_id, s.terms),
                   crypto::signature_from_hex(x.signature)))
      return fail(ec::bad_signature, "of " + x.app_id.get());
    auto& mine = first ? s.signature1 : s.signature2;
    if (!mine.empty()) return s;
    if (has_ended(s) || is_over(s, c.now())) return fail(ec::conflict, "the agreement has ended");
    mine = x.signature;
    list(s, {.event = audit_event::signature, .who = x.app_id.get()}, c);
    if (s.signature1.empty() || s.signature2.empty()) return s;
    s.state = agreement_state::active;
    s.activated_at = c.now();
    list(s, {.event = audit_event::activated, .who = x.app_id.get()}, c);
    return s;
  }

  static result<agreement> on(state& s, const revoke_agreement& x, entity::context& c) {
    if (!exists(s)) return none_such(c);
    if (x.reason.empty() || x.reason.size() > reason_size_max)
      return fail(ec::invalid_argument,
                  "reason: 1 to " + std::to_string(reason_size_max) + " bytes");
    auto who = x.who;
    if (!x.app_id.get().empty()) {
      if (auto ok = check_revocation(s, x); !ok) return ok.error();
      who = x.app_id.get();
    }
    if (has_ended(s)) return fail(ec::conflict, "the agreement has ended already");
    end(s, agreement_state::revoked, c);
    s.ended_by = x.app_id.get().empty() ? who : "app:" + who;
    s.reason = x.reason;
    c.stop_timer(expiry_timer);
    list(s, {.event = audit_event::revoked, .who = who, .detail = x.reason}, c);
    return s;
  }

  static result<agreement> on(state& s, const entity::timer_fired&, entity::context& c) {
    if (!exists(s) || has_ended(s)) return s;
    end(s, agreement_state::expired, c);
    list(s, {.event = audit_event::expired}, c);
    return s;
  }

  static result<agreement> on(const state& s, const read_agreement&) {
    if (!exists(s)) return fail(ec::not_found, "there is no such agreement");
    return s;
  }

  // -- messages ------------------------------------------------------------------------

  static result<verdict> on(state& s, const authorize& x, entity::context& c) {
    if (!exists(s)) return none_such(c);
    auto said = judge(s, x, c.now());
    auto allowed = said.code == finding_code::none;
    ++(allowed ? s.authorized : s.refused);
    auto out = verdict{allowed, said.code, said.detail, 0};
    if (!is_listed(x.rules.audit, said)) return out;
    if (!allowed && is_stranger(s, x.carrier) && !may_be_listed(s, c.now())) {
      ++s.unlisted;
      return out;
    }
    auto entry = audit_entry{.event = audit_event::message,
                             .who = x.message.from_app.get(),
                             .message_id = x.message.message_id.get(),
                             .permission = x.message.permission,
                             .verdict = allowed ? "authorized" : "refused",
                             .code = allowed ? "" : std::string{name(said.code)},
                             .detail = said.detail.substr(0, detail_size_max)};
    if (x.rules.audit >= audit_level::Detailed) add_details(entry, x.message, x.carrier);
    out.seq = list(s, std::move(entry), c);
    return out;
  }

  static result<audit_head> on(state& s, const record_entry& x, entity::context& c) {
    if (!exists(s)) return none_such(c);
    auto entry = x.entry;
    if (entry.event == audit_event::message) ++s.refused;
    entry.detail = entry.detail.substr(0, detail_size_max);
    list(s, std::move(entry), c);
    return s.head;
  }

  // -- the audit -----------------------------------------------------------------------

  /// With the entry before, which the first of the page has to follow.
  static std::optional<entity::item_range> items_for(const state& s, const read_audit& x) {
    if (s.head.seq == 0) return {};
    if (x.after == 0) return entity::item_range{std::string{entry_prefix}, limit_of(x)};
    return entity::item_range{item_key(x.after - 1), limit_of(x) + 1};
  }

  static result<audit_report> on(const state& s, const read_audit& x, const entity::items& read) {
    if (!exists(s)) return fail(ec::not_found, "there is no such agreement");
    audit_report out;
    out.agreement_id = s.agreement_id;
    out.head = s.head;
    out.unlisted = s.unlisted;
    auto check = chain_check{s.agreement_id, x.after,
                             x.after == 0 ? root_of(s.agreement_id, s.terms) : std::string{}};
    std::uint64_t taken = 0;
    for (const auto& one : read) {
      auto seq = seq_of(one.key);
      auto entry = entity::read_item<audit_entry>(one);
      auto stored = entry ? stored_entry{*entry} : stored_entry{};
      if (seq <= x.after) {
        check.anchor(stored);
        continue;
      }
      if (taken == limit_of(x)) break;
      ++taken;
      check.take(seq, stored);
      if (stored && !x.faults_only && is_within(*stored, x)) out.entries.push_back(*stored);
    }
    if (taken < limit_of(x) || check.last() >= s.head.seq)
      check.end(s.head);
    else
      out.next = check.last();
    out.checked_to = check.last();
    out.faults = check.faults();
    out.verified = out.faults.empty();
    return out;
  }

  static std::string describe(const state& s) { return codec::to_text(codec::to_json(s)); }

private:
  static bool exists(const state& s) { return !s.agreement_id.get().empty(); }

  static failure none_such(const entity::context& c) {
    return fail(ec::not_found, "there is no agreement " + c.self().id);
  }

  static bool has_ended(const state& s) {
    return s.state == agreement_state::revoked || s.state == agreement_state::expired;
  }

  static void end(state& s, agreement_state how, const entity::context& c) {
    s.state = how;
    s.ended_at = c.now();
  }

  static result<void> check_revocation(const state& s, const revoke_agreement& x) {
    auto first = x.app_id == s.terms.app1.app_id;
    if (!first && x.app_id != s.terms.app2.app_id)
      return fail(ec::invalid_argument, "app_id: it is not one of the two apps");
    const auto& key = first ? s.terms.app1.public_key : s.terms.app2.public_key;
    if (!signed_by(key, revocation_bytes(s.agreement_id, x.app_id, x.reason),
                   crypto::signature_from_hex(x.signature)))
      return fail(ec::bad_signature, "of " + x.app_id.get());
    return {};
  }

  static std::uint64_t list(state& s, audit_entry x, entity::context& c) {
    x.at = c.now();
    x.unlisted = std::exchange(s.unlisted, 0);
    append(s.agreement_id, s.terms, s.head, x);
    c.put_item(item_key(x.seq), x);
    return x.seq;
  }

  static bool is_stranger(const state& s, const carrier& by) {
    return !by.source.get().empty() && by.source != s.terms.app1.node_id
           && by.source != s.terms.app2.node_id;
  }

  static bool may_be_listed(state& s, timestamp_ms now) {
    if (now.get() - s.strangers_since.get() >= strangers_period_ms) {
      s.strangers_since = now;
      s.strangers = 0;
    }
    return ++s.strangers <= strangers_max;
  }

  static std::uint64_t limit_of(const read_audit& x) {
    return x.limit == 0 ? page_default : std::min(x.limit, audit_page_max);
  }

  static bool is_within(const audit_entry& x, const read_audit& asked) {
    return x.at >= asked.from && (asked.until.get() == 0 || x.at < asked.until);
  }
};

result<void> check_permissions(const std::vector<std::string>& all, communication_type type,
                               const char* member) {
  if (all.size() > permissions_max)
    return fail(ec::invalid_argument,
                std::string{member} + ": at most " + std::to_string(permissions_max));
  for (const auto& text : all) {
    auto one = parse_permission(text);
    if (!one) return one.error();
    if (!suits(type, one->verb))
      return fail(ec::invalid_argument, std::string{member} + ": '" + text + "' does not suit "
                                            + boost::describe::enum_to_string(type, ""));
  }
  return {};
}

} // namespace

entity::kind_ptr make_agreement_kind() {
  return entity::make_kind<agreement_entity>();
}

void add_details(audit_entry& to, const message& x, const carrier& by) {
  to.digest = crypto::to_hex(crypto::sha256(x.payload));
  to.encryption = boost::describe::enum_to_string(x.encryption_level, "");
  if (!by.source.get().empty()) to.envelope = by.source.get() + "/" + by.envelope.get();
}

agreement_id derived_id(const terms& x) {
  constexpr std::size_t digits = 32;
  return agreement_id{"agr-"
                      + crypto::to_hex(crypto::sha256(agreement_bytes({}, x))).substr(0, digits)};
}

result<void> check(const terms& x) {
  for (const auto* one : {&x.app1, &x.app2})
    if (!is_valid_id(one->app_id.get()) || one->public_key.empty())
      return fail(ec::invalid_argument, "an app of the terms");
  if (x.app1.app_id == x.app2.app_id)
    return fail(ec::invalid_argument, "an app cannot agree with itself");
  if (x.app1_permissions.empty() && x.app2_permissions.empty())
    return fail(ec::invalid_argument, "permissions: there are none, so nothing could be sent");
  if (x.valid_from.get() < 0 || x.valid_until.get() < 0
      || x.valid_until.get() > codec::json_integer_max
      || x.valid_from.get() > codec::json_integer_max
      || (x.valid_until.get() > 0 && x.valid_until <= x.valid_from))
    return fail(ec::invalid_argument, "valid_until: expected a time after valid_from");
  if (auto ok = check_permissions(x.app1_permissions, x.communication_type, "app1_permissions");
      !ok)
    return ok;
  return check_permissions(x.app2_permissions, x.communication_type, "app2_permissions");
}

judgement judge(const agreement& s, const authorize& x, timestamp_ms now) {
  auto who = sides_of(s.terms, x.message);
  if (!who.from || x.message.agreement_id != s.agreement_id)
    return {finding_code::wrong_app, x.message.from_app.get() + " to " + x.message.to_app.get()};
  if (auto no = judge_hosts(who, x.carrier); no.code != finding_code::none) return no;
  if (auto no = judge_time(s, x, now); no.code != finding_code::none) return no;
  return judge_security(s.terms.security_requirements, who, x.message);
}

} // namespace bpci::interapp
