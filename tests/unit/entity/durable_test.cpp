#define CAF_SUITE durable

#include "counter.hpp"
#include "runtime/entity/call.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::entity;
using namespace bpci::example;

namespace {

struct note {
  std::string text;
};
BPCI_MESSAGE(note, text)

struct drop_notes {
  std::vector<std::string> keys;
};
BPCI_MESSAGE(drop_notes, keys)

struct count_notes {
  std::string after;
};
BPCI_MESSAGE(count_notes, after)

struct pad_state {
  std::uint64_t notes = 0;
  std::string title = "untitled";
};
BPCI_MESSAGE(pad_state, notes, title)

/// A kind with items, an older schema and a description of its own.
struct pad {
  static constexpr std::string_view kind = "pad";
  static constexpr std::uint32_t schema = 2;
  using state = pad_state;
  using commands = boost::mp11::mp_list<note, drop_notes>;
  using questions = boost::mp11::mp_list<count_notes>;

  static result<void> on(state& s, const note& x, context& c) {
    c.put_item("note-" + c.key(), x);
    c.stop_timer("reminder");
    ++s.notes;
    return {};
  }

  static std::optional<item_range> items_for(const state&, const drop_notes& x) {
    return item_range{{}, 0, x.keys};
  }
  static result<pad_state> on(state& s, const drop_notes&, context& c) {
    for (const auto& x : c.items())
      c.remove_item(x.key);
    s.notes -= c.items().size();
    return s;
  }

  static std::optional<item_range> items_for(const state&, const count_notes& x) {
    return item_range{x.after, 10, {}};
  }
  static result<pad_state> on(const state& s, const count_notes&, const items& all) {
    if (!all.empty() && read_item<note>(all.front())->text != "first") return fail(ec::not_found);
    return pad_state{all.size(), s.title};
  }

  static result<state> upgrade(const bytes& old, std::uint32_t schema) {
    auto x = codec::from_msgpack<state>(old);
    if (x) x->title = "from schema " + std::to_string(schema);
    return x;
  }
  static std::string describe(const state& s) {
    return "{\"notes\":" + std::to_string(s.notes) + "}";
  }
};

const circumstances noon{timestamp_ms{43'200'000}, {"counter", "7"}};

command keyed(const auto& what, std::string key = "k") {
  return make_command({"counter", "7"}, std::move(key), what);
}

command question(const auto& what) {
  return make_command({"counter", "7"}, {}, what);
}

template <class T>
T decoded(const result<bytes>& x) {
  return codec::from_msgpack<T>(x.value()).value();
}

std::string title_of(const result<instance_ptr>& x) {
  return dynamic_cast<const durable_instance<pad>&>(*x.value()).value().title;
}

std::int64_t value_in(const instance_ptr& x) {
  return dynamic_cast<const durable_instance<counter>&>(*x).value().value;
}

} // namespace

CAF_TEST(a command makes the next state and leaves the present one as it is) {
  auto before = make_counter()->fresh();
  auto outcome = before->decide(keyed(example::add{3, {}}), noon);
  CAF_REQUIRE(outcome.has_value());
  CAF_CHECK_EQUAL(value_in(before), 0);
  CAF_CHECK_EQUAL(value_in(outcome->after), 3);
  auto got = decoded<total>(outcome->answer);
  CAF_CHECK_EQUAL(got.value, 3);
}

CAF_TEST(a refusal has no effects) {
  auto outcome = make_counter()->fresh()->decide(keyed(example::add{-1, "8"}), noon);
  CAF_CHECK(outcome.error().code == ec::invalid_argument);
}

CAF_TEST(effects and timers of a command stand in its decision) {
  auto outcome = make_counter()->fresh()->decide(keyed(example::add{2, "8"}), noon).value();
  CAF_REQUIRE_EQUAL(outcome.sends.size(), 1u);
  CAF_CHECK(outcome.sends[0].to == (entity_ref{"counter", "8"}));
  CAF_CHECK_EQUAL(outcome.sends[0].name, "add");
  CAF_REQUIRE_EQUAL(outcome.timers.size(), 1u);
  CAF_CHECK_EQUAL(outcome.timers[0].due->get(), 43'200'000 + 86'400'000);
  CAF_CHECK_EQUAL(outcome.timers[0].every_ms, 86'400'000u);
}

CAF_TEST(a timer is a command like others) {
  auto outcome =
      make_counter()->fresh()->decide(keyed(timer_fired{"daily", timestamp_ms{1}, 1, 0}), noon);
  CAF_REQUIRE(outcome.has_value());
  CAF_CHECK_EQUAL(value_in(outcome->after), 1);
}

CAF_TEST(what has no handler is unsupported) {
  auto x = make_counter()->fresh();
  CAF_CHECK(x->decide(keyed(note{}), noon).error().code == ec::unsupported);
  CAF_CHECK(x->decide(keyed(get_total{}), noon).error().code == ec::unsupported);
  CAF_CHECK(x->answer(question(example::add{}), {}).error().code == ec::unsupported);
  auto newer = keyed(example::add{});
  newer.schema = 2;
  CAF_CHECK(x->decide(newer, noon).error().code == ec::unsupported);
}

CAF_TEST(bytes that are no command are malformed) {
  auto what = keyed(example::add{});
  what.body = {0xc1};
  CAF_CHECK(make_counter()->fresh()->decide(what, noon).error().code == ec::malformed);
}

CAF_TEST(a question is answered from the state) {
  auto x = make_counter()->fresh()->decide(keyed(example::add{5, {}}), noon)->after;
  auto answer = x->answer(question(get_total{}), {});
  auto got = decoded<total>(answer);
  CAF_CHECK_EQUAL(got.value, 5);
}

CAF_TEST(a state is stored and loaded) {
  auto kind = make_counter();
  auto x = kind->fresh()->decide(keyed(example::add{5, {}}), noon)->after;
  auto back = kind->load(x->encode(), 1);
  CAF_REQUIRE(back.has_value());
  CAF_CHECK_EQUAL(value_in(*back), 5);
  CAF_CHECK_EQUAL((*back)->describe(), R"({"value":5})");
}

CAF_TEST(a state that is damaged or of a newer schema is not loaded) {
  auto kind = make_counter();
  CAF_CHECK(kind->load({0xc1}, 1).error().code == ec::storage_failed);
  CAF_CHECK(kind->load(kind->fresh()->encode(), 2).error().code == ec::storage_failed);
}

CAF_TEST(a state of an older schema is upgraded) {
  auto kind = make_kind<pad>();
  auto old = codec::to_msgpack(pad_state{4, "x"});
  CAF_CHECK_EQUAL(title_of(kind->load(old, 1)), "from schema 1");
  CAF_CHECK_EQUAL(title_of(kind->load(old, 2)), "x");
}

CAF_TEST(commands and questions say which items they need) {
  auto x = make_kind<pad>()->fresh();
  auto drop = x->items_for(keyed(drop_notes{{"a", "b"}}));
  CAF_REQUIRE(drop.has_value());
  CAF_CHECK_EQUAL(drop->keys.size(), 2u);
  auto count = x->items_for(question(count_notes{"m"}));
  CAF_REQUIRE(count.has_value());
  CAF_CHECK_EQUAL(count->after, "m");
  CAF_CHECK(!x->items_for(keyed(note{})).has_value());
}

CAF_TEST(items are given to commands and questions and changed by commands) {
  auto x = make_kind<pad>()->fresh();
  auto put = x->decide(keyed(note{"first"}, "1"), noon).value();
  CAF_REQUIRE_EQUAL(put.items.size(), 1u);
  CAF_CHECK_EQUAL(put.items[0].key, "note-1");
  CAF_CHECK(put.answer == bytes{0x80});
  CAF_REQUIRE_EQUAL(put.timers.size(), 1u);
  CAF_CHECK(!put.timers[0].due.has_value());
  auto there = items{{"note-1", *put.items[0].value}};
  auto counted = put.after->answer(question(count_notes{}), there);
  auto got = decoded<pad_state>(counted);
  CAF_CHECK_EQUAL(got.notes, 1u);
  auto dropped =
      put.after->decide(keyed(drop_notes{{"note-1"}}), {noon.now, noon.self, there}).value();
  CAF_REQUIRE_EQUAL(dropped.items.size(), 1u);
  CAF_CHECK(!dropped.items[0].value.has_value());
  CAF_CHECK_EQUAL(dropped.after->describe(), R"({"notes":0})");
}
