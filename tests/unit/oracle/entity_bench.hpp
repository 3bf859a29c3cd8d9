#pragma once

#include "runtime/entity/call.hpp"
#include "runtime/entity/durable.hpp"

#include <map>
#include <optional>
#include <string>

namespace bpci::oracle::testing {

/// One entity, with everything that a database would keep of it. A command is committed as soon as
/// it is decided.
class entity_bench {
public:
  entity_bench(const entity::kind_ptr& what, std::string id)
      : now_{what->fresh()}, self_{std::string{what->name()}, std::move(id)} {}

  template <class Answer, class Command>
  result<Answer> tell(const Command& x, timestamp_ms at = timestamp_ms{1'000}) {
    auto out = run(entity::make_command(self_, "key", x), at);
    if (!out) return out.error();
    return entity::answer_of<Answer>(entity::response{*out, 0, false});
  }

  template <class Answer, class Question>
  result<Answer> ask(const Question& x) {
    auto out = run(entity::make_command(self_, {}, x), {});
    if (!out) return out.error();
    return entity::answer_of<Answer>(entity::response{*out, 0, false});
  }

  result<bytes> run(const entity::command& what, timestamp_ms at) {
    if (what.key.empty()) return now_->answer(what, read(what));
    auto out = now_->decide(what, {at, self_, read(what)});
    if (!out) return out.error();
    for (auto& change : out->items)
      if (change.value)
        items[change.key] = std::move(*change.value);
      else
        items.erase(change.key);
    for (auto& timer : out->timers)
      timers[timer.name] = timer.due;
    now_ = out->after;
    ++version;
    return std::move(out->answer);
  }

  /// The state as it is stored.
  [[nodiscard]] bytes stored() const { return now_->encode(); }
  void load(const entity::kind_ptr& what, const bytes& state) {
    now_ = *what->load(state, what->schema());
  }

  std::map<std::string, bytes> items;
  std::map<std::string, std::optional<timestamp_ms>> timers;
  std::uint64_t version = 0;
  std::size_t bytes_read = 0; ///< Of items, by the last command or question.

private:
  entity::items read(const entity::command& what) {
    bytes_read = 0;
    entity::items out;
    auto range = now_->items_for(what);
    if (!range) return out;
    for (const auto& [key, value] : items) {
      auto wanted = range->keys.empty() ? key > range->after && out.size() < range->limit
                                        : std::ranges::find(range->keys, key) != range->keys.end();
      if (!wanted) continue;
      bytes_read += value.size();
      out.push_back({key, value});
    }
    return out;
  }

  entity::instance_ptr now_;
  entity::entity_ref self_;
};

} // namespace bpci::oracle::testing
