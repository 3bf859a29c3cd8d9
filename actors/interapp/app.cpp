#include "actors/interapp/app.hpp"

#include "runtime/entity/durable.hpp"

namespace bpci::interapp {

namespace {

constexpr std::size_t capabilities_max = 64;

struct app {
  static constexpr std::string_view kind = app_kind;
  static constexpr std::uint32_t schema = 1;
  using state = app_record;
  using commands = boost::mp11::mp_list<enter_app>;
  using questions = boost::mp11::mp_list<read_app>;

  /// The same id under another key is refused: whoever took over an id could act as that app. And
  /// an agreement names the key, so another key needs other agreements anyway.
  static result<app_record> on(state& s, const enter_app& x, entity::context& c) {
    if (x.what.app_id.get() != c.self().id) return fail(ec::invalid_argument, "app_id");
    if (!s.public_key.empty() && s.public_key != x.what.public_key)
      return fail(ec::conflict, "the id '" + c.self().id + "' is registered under another key");
    if (s.public_key.empty()) s.registered_at = c.now();
    s.app_id = x.what.app_id;
    s.app_type = x.what.app_type;
    s.capabilities = x.what.capabilities;
    s.public_key = x.what.public_key;
    s.node_id = x.what.node_id;
    s.changed_at = c.now();
    return s;
  }

  static result<app_record> on(const state& s, const read_app&) {
    if (s.public_key.empty()) return fail(ec::not_found, "no such app is registered");
    return s;
  }
};

} // namespace

entity::kind_ptr make_app_kind() {
  return entity::make_kind<app>();
}

result<app_registration> check(app_registration x) {
  constexpr auto alphabet = ": expected 1 to 64 characters of A-Z a-z 0-9 . _ : -";
  auto wrong = [](const char* member) {
    return fail(ec::invalid_argument, std::string{member} + alphabet);
  };
  if (!is_valid_id(x.app_id.get())) return wrong("app_id");
  if (!is_valid_id(x.app_type)) return wrong("app_type");
  if (!x.node_id.get().empty() && !is_valid_id(x.node_id.get())) return wrong("node_id");
  if (x.capabilities.size() > capabilities_max)
    return fail(ec::invalid_argument, "capabilities: at most " + std::to_string(capabilities_max));
  for (const auto& one : x.capabilities)
    if (!is_valid_id(one)) return wrong("capabilities");
  auto key = crypto::public_key_from_hex(x.public_key);
  if (!key) return fail(ec::invalid_argument, "public_key: " + key.error().detail);
  x.public_key = crypto::to_hex(*key);
  return x;
}

} // namespace bpci::interapp
