#include "actors/oracle/bpi_node.hpp"

#include "runtime/crypto/hash.hpp"
#include "runtime/entity/durable.hpp"

namespace bpci::oracle {

namespace {

struct bpi_node {
  static constexpr std::string_view kind = node_kind;
  static constexpr std::uint32_t schema = 1;
  using state = node_record;
  using commands = boost::mp11::mp_list<enter_node, open_session>;
  using questions = boost::mp11::mp_list<read_node>;

  /// The same id under another key is refused: whoever took over an id could read its messages.
  static result<node_record> on(state& s, const enter_node& x, entity::context& c) {
    if (x.what.node_id.get() != c.self().id) return fail(ec::invalid_argument, "node_id");
    if (!s.public_key.empty() && s.public_key != x.what.public_key)
      return fail(ec::conflict, "the id '" + c.self().id + "' is registered under another key");
    if (s.public_key.empty()) s.registered_at = c.now();
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
    s.last_seen = c.now();
    return session_opened{session_no{++s.sessions}};
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
