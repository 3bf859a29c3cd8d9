#define CAF_SUITE chaos_probe

#include "actors/probe/probe.hpp"
#include "messages/codec/msgpack.hpp"
#include "messages/probe/probe.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;

namespace {

template <class Message>
entity::command keyed(const std::string& key, const Message& x) {
  return {.to = {"probe", "p"},
          .key = key,
          .name = std::string{message_name(static_cast<const Message*>(nullptr))},
          .schema = 1,
          .body = codec::to_msgpack(x),
          .trace = {}};
}

const entity::circumstances here{timestamp_ms{1}, {"probe", "p"}, {}};

template <class Answer>
Answer read(const bytes& x) {
  return codec::from_msgpack<Answer>(x).value();
}

} // namespace

CAF_TEST(a probe counts and remembers its latest keys) {
  auto it = probe::counter_kind_of_entity()->fresh();
  for (int i = 1; i <= 40; ++i) {
    const auto done = it->decide(keyed("k" + std::to_string(i), probe::add{2, {}}), here);
    CAF_REQUIRE(done.has_value());
    CAF_CHECK(read<probe::added>(done->answer) == (probe::added{2 * i, std::uint64_t(i)}));
    CAF_CHECK(done->sends.empty());
    it = done->after;
  }
  const auto told = it->answer(keyed("", probe::get_standing{}), {});
  CAF_REQUIRE(told.has_value());
  const auto standing = read<probe::standing>(*told);
  CAF_CHECK_EQUAL(standing.total, 80);
  CAF_CHECK(standing.latest.size() == 32);
  CAF_CHECK(standing.latest.front() == "k9" && standing.latest.back() == "k40");
}

CAF_TEST(a probe tells its sink under the key of the add) {
  const auto it = probe::counter_kind_of_entity()->fresh();
  const auto done = it->decide(keyed("k1", probe::add{5, "s"}), here);
  CAF_REQUIRE(done.has_value());
  CAF_REQUIRE_EQUAL(done->sends.size(), 1u);
  CAF_CHECK(done->sends[0].to == (entity::entity_ref{"probe-sink", "s"}));
  CAF_CHECK(read<probe::receipt>(done->sends[0].body) == (probe::receipt{"p", "k1", 5}));
}

CAF_TEST(what a probe refuses leaves it as it was) {
  const auto it = probe::counter_kind_of_entity()->fresh();
  CAF_CHECK(it->decide(keyed("k", probe::add{probe::by_max + 1, {}}), here).error().code
            == ec::invalid_argument);
  CAF_CHECK(it->decide(keyed("k", probe::add{1, "no id"}), here).error().code
            == ec::invalid_argument);
}

CAF_TEST(a probe that is told to crash throws) {
  const auto it = probe::counter_kind_of_entity()->fresh();
  auto thrown = false;
  try {
    [[maybe_unused]] const auto done = it->decide(keyed("k", probe::crash{}), here);
  } catch (const std::exception&) {
    thrown = true;
  }
  CAF_CHECK(thrown);
}

CAF_TEST(a sink lists each receipt that it was given) {
  auto it = probe::sink_kind_of_entity()->fresh();
  entity::items kept;
  for (const auto* key : {"k1", "k2", "k1"}) {
    const auto done =
        it->decide(keyed(std::string{"out-"} + key, probe::receipt{"p", key, 3}), here);
    CAF_REQUIRE(done.has_value());
    CAF_REQUIRE_EQUAL(done->items.size(), 1u);
    kept.push_back({done->items[0].key, *done->items[0].value});
    it = done->after;
  }
  CAF_CHECK(kept[0].key < kept[1].key && kept[1].key < kept[2].key);
  const auto question = keyed("", probe::list_receipts{{}, 3});
  const auto range = it->items_for(question);
  CAF_CHECK(range && range->limit == 3);
  const auto page = read<probe::receipt_page>(it->answer(question, kept).value());
  CAF_CHECK_EQUAL(page.received, 3u);
  CAF_CHECK_EQUAL(page.sum, 9);
  CAF_REQUIRE_EQUAL(page.rows.size(), 3u);
  CAF_CHECK_EQUAL(page.rows[2].key, "k1");
  CAF_CHECK(page.next == kept[2].key);
}
