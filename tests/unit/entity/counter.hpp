#pragma once

// docs/entities.md shows the lines below; tests/unit/entity/document_test.cpp compares them.
// example: begin
#include "runtime/entity/durable.hpp"

namespace bpci::example {

struct add {
  std::int64_t amount = 0;
  std::string tell; ///< another counter that is to count along; empty: none
};
BPCI_MESSAGE(add, amount, tell)

struct get_total {};
BPCI_MESSAGE(get_total)

struct total {
  std::int64_t value = 0;
};
BPCI_MESSAGE(total, value)

struct counter {
  static constexpr std::string_view kind = "counter";
  static constexpr std::uint32_t schema = 1;
  using state = total; // a fresh counter is a default-constructed one

  using commands = boost::mp11::mp_list<add, entity::timer_fired>;
  using questions = boost::mp11::mp_list<get_total>;

  static result<total> on(state& s, const add& x, entity::context& c) {
    if (x.amount < 0) return fail(ec::invalid_argument, "amount: a counter never goes down");
    if (s.value == 0) c.start_timer("daily", timestamp_ms{c.now().get() + 86'400'000}, 86'400'000);
    s.value += x.amount;
    if (!x.tell.empty()) c.send({"counter", x.tell}, add{x.amount, {}});
    return s;
  }

  static result<total> on(state& s, const entity::timer_fired&, entity::context&) {
    s.value += 1;
    return s;
  }

  static result<total> on(const state& s, const get_total&) { return s; }
};

inline entity::kind_ptr make_counter() {
  return entity::make_kind<counter>();
}

} // namespace bpci::example
// example: end
