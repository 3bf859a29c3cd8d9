#include "actors/probe/probe.hpp"

#include "messages/probe/probe.hpp"
#include "runtime/entity/durable.hpp"
#include "runtime/entity/slot_of.hpp"

#include <boost/mp11/list.hpp>

#include <cstdio>
#include <stdexcept>

namespace bpci::probe {

namespace {

constexpr std::size_t latest_max = 32;

constexpr std::uint64_t page_default = 100;
constexpr std::uint64_t page_max = 1'000;

struct counter {
  static constexpr std::string_view kind = counter_kind;
  static constexpr std::uint32_t schema = 1;
  using state = standing;
  using commands = boost::mp11::mp_list<add, crash>;
  using questions = boost::mp11::mp_list<get_standing>;

  static result<added> on(state& s, const add& x, entity::context& c) {
    if (x.by > by_max || x.by < -by_max)
      return fail(ec::invalid_argument, "by: at most 1000000000, in either direction");
    if (__builtin_add_overflow(s.total, x.by, &s.total))
      return fail(ec::invalid_argument, "by: the total would be too large");
    if (!x.tell.empty()) {
      const entity::entity_ref sink{std::string{sink_kind}, x.tell};
      if (auto ok = entity::check_name(sink); !ok) return ok.error();
      c.send(sink, receipt{c.self().id, c.key(), x.by});
    }
    ++s.count;
    s.latest.push_back(c.key());
    if (s.latest.size() > latest_max) s.latest.erase(s.latest.begin());
    return added{s.total, s.count};
  }

  [[noreturn]] static result<void> on(state&, const crash&, entity::context&) {
    throw std::runtime_error("a probe was told to crash");
  }

  static result<standing> on(const state& s, const get_standing&) { return s; }
};

struct sink_state {
  std::uint64_t received = 0;
  std::int64_t sum = 0;

  bool operator==(const sink_state&) const = default;
};
BPCI_MESSAGE(sink_state, received, sum)

/// Sorts like the number.
std::string item_key(std::uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "%020llu", static_cast<unsigned long long>(number));
  return text;
}

std::uint64_t rows_of(const list_receipts& x) {
  return x.limit == 0 ? page_default : std::min(x.limit, page_max);
}

struct sink {
  static constexpr std::string_view kind = sink_kind;
  static constexpr std::uint32_t schema = 1;
  using state = sink_state;
  using commands = boost::mp11::mp_list<receipt>;
  using questions = boost::mp11::mp_list<list_receipts>;

  static result<void> on(state& s, const receipt& x, entity::context& c) {
    s.sum += x.by;
    c.put_item(item_key(++s.received), x);
    return {};
  }

  static std::optional<entity::item_range> items_for(const state&, const list_receipts& x) {
    return entity::item_range{.after = x.after, .limit = rows_of(x)};
  }

  static result<receipt_page> on(const state& s, const list_receipts& x,
                                 const entity::items& read) {
    receipt_page out{.received = s.received, .sum = s.sum, .rows = {}, .next = {}};
    for (const auto& item : read) {
      auto row = entity::read_item<receipt>(item);
      if (!row) return row.error();
      out.rows.push_back(std::move(*row));
    }
    if (read.size() == rows_of(x)) out.next = read.back().key;
    return out;
  }
};

} // namespace

entity::kind_ptr counter_kind_of_entity() {
  return entity::make_kind<counter>();
}

entity::kind_ptr sink_kind_of_entity() {
  return entity::make_kind<sink>();
}

} // namespace bpci::probe
