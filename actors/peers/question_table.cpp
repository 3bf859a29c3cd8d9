#include "actors/peers/question_table.hpp"

#include <boost/mp11/algorithm.hpp>

namespace bpci::peers {

namespace {

using namespace chain;

template <class T>
constexpr std::size_t place = boost::mp11::mp_find<peer_message, T>::value;

} // namespace

std::optional<std::size_t> answer_kind(const peer_message& x) noexcept {
  if (std::holds_alternative<ask_blocks>(x)) return place<some_blocks>;
  if (std::holds_alternative<ask_header>(x)) return place<some_header>;
  if (std::holds_alternative<ask_snapshot>(x)) return place<some_snapshot>;
  if (std::holds_alternative<ask_chunk>(x)) return place<some_chunk>;
  return std::nullopt;
}

bool is_answer(const peer_message& x) noexcept {
  return std::holds_alternative<some_blocks>(x) || std::holds_alternative<some_header>(x)
         || std::holds_alternative<some_snapshot>(x) || std::holds_alternative<some_chunk>(x);
}

std::optional<std::uint64_t> question_table::ask(const peer_message& what, instant until) {
  const auto answer = answer_kind(what);
  if (!answer || open_.size() >= open_max) return std::nullopt;
  open_.emplace(++last_, question{*answer, until});
  return last_;
}

question_table::verdict question_table::answered(std::uint64_t number, const peer_message& with) {
  const auto found = open_.find(number);
  if (found == open_.end()) return verdict::unknown;
  const auto good = found->second.answer == with.index();
  open_.erase(found);
  return good ? verdict::good : verdict::wrong_kind;
}

std::vector<std::uint64_t> question_table::overdue(instant now) {
  std::vector<std::uint64_t> out;
  for (const auto& [number, x] : open_)
    if (x.until <= now) out.push_back(number);
  for (const auto number : out)
    open_.erase(number);
  return out;
}

std::vector<std::uint64_t> question_table::take_all() {
  return overdue(instant::max());
}

} // namespace bpci::peers
