#include "actors/governance/electorate.hpp"

#include "actors/governance/refusals.hpp"
#include "runtime/entity/durable.hpp"

#include <algorithm>

namespace bpci::governance {

namespace {

struct electorate {
  static constexpr std::string_view kind = electorate_kind;
  static constexpr std::uint32_t schema = 1;
  using state = electorate_record;
  using commands = boost::mp11::mp_list<set_weight>;
  using questions = boost::mp11::mp_list<read_electorate>;

  static result<electorate_record> on(state& s, const set_weight& x, entity::context& c) {
    if (!is_valid_id(x.node)) return fail(ec::invalid_argument, "node_id");
    if (x.weight > weight_max)
      return refuse(weight_not_allowed, "at most " + std::to_string(weight_max) + " thousandths");
    auto at = std::ranges::lower_bound(s.seats, x.node, {}, &seat::node);
    const auto known = at != s.seats.end() && at->node == x.node;
    if ((known ? at->weight : 0) == x.weight) return s;
    if (x.weight == 0) {
      s.seats.erase(at);
    } else if (known) {
      *at = {x.node, x.weight, c.now(), x.who};
    } else {
      if (s.seats.size() >= voters_max)
        return refuse(too_many_voters, "at most " + std::to_string(voters_max));
      s.seats.insert(at, {x.node, x.weight, c.now(), x.who});
    }
    ++s.version;
    return s;
  }

  static result<electorate_record> on(const state& s, const read_electorate&) { return s; }
};

} // namespace

entity::kind_ptr make_electorate_kind() {
  return entity::make_kind<electorate>();
}

} // namespace bpci::governance
