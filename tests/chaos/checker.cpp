#include "checker.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace bpci::chaos {

namespace {

/// Of one invariant; more would only say the same.
constexpr std::size_t shown_max = 5;

class report {
public:
  void say(char invariant, std::string what) {
    if (++counts_[invariant] <= shown_max) found_.push_back({invariant, std::move(what)});
  }

  std::vector<violation> take() && {
    for (const auto& [invariant, count] : counts_)
      if (count > shown_max)
        found_.push_back({invariant, "and " + std::to_string(count - shown_max) + " more"});
    return std::move(found_);
  }

private:
  std::map<char, std::size_t> counts_;
  std::vector<violation> found_;
};

std::string text(milliseconds x) {
  return std::to_string(x.count()) + " ms";
}

std::string text(instant::duration x) {
  return text(std::chrono::ceil<milliseconds>(x));
}

using operations_by_key = std::unordered_map<std::string, const operation*>;
using answers_by_key = std::unordered_map<std::string, const resent*>;

operations_by_key by_key(const evidence& x) {
  operations_by_key out;
  for (const auto& one : x.operations)
    out.emplace(one.key, &one);
  return out;
}

// -- L ------------------------------------------------------------------------------

/// What was acknowledged has to be remembered as it was said then.
void check_acknowledged(const evidence& x, const answers_by_key& again, report& out) {
  for (const auto& one : x.operations) {
    if (one.what != outcome::ok) continue;
    const auto found = again.find(one.key);
    if (found == again.end()) {
      out.say('L',
              one.key + " on " + one.entity + " was acknowledged and could not be asked again");
      continue;
    }
    const auto& now = *found->second;
    if (!now.repeated)
      out.say('L', one.key + " on " + one.entity + " was acknowledged and is not known any more");
    else if (now.total != one.total || now.count != one.count)
      out.say('L', one.key + " on " + one.entity + " was acknowledged as number "
                       + std::to_string(one.count) + ", now it is number "
                       + std::to_string(now.count));
  }
}

/// A refusal says that nothing was done.
void check_refused(const evidence& x, const answers_by_key& again, report& out) {
  for (const auto& one : x.operations) {
    const auto found = again.find(one.key);
    if (one.what == outcome::refused && found != again.end() && found->second->repeated)
      out.say('L', one.key + " on " + one.entity + " was refused with " + one.code
                       + " and has been carried out");
  }
}

/// The answers of one entity are the steps of one count from nothing.
void check_steps(const std::string& entity, std::vector<const resent*> steps,
                 const operations_by_key& asked, report& out) {
  std::ranges::sort(steps, {}, [](const auto* s) { return s->count; });
  std::int64_t total = 0;
  std::uint64_t count = 0;
  for (const auto* step : steps) {
    const auto by = asked.at(step->key)->by;
    if (step->count != count + 1)
      return out.say('L', entity + ": number " + std::to_string(step->count) + " (" + step->key
                              + ") follows number " + std::to_string(count));
    if (step->total != total + by)
      return out.say('L', entity + ": " + step->key + " led from " + std::to_string(total) + " to "
                              + std::to_string(step->total) + " by adding " + std::to_string(by));
    total = step->total;
    count = step->count;
  }
}

void check_final(const evidence& x, const std::string& entity,
                 const std::vector<const resent*>& steps, const operations_by_key& asked,
                 report& out) {
  final_state wanted;
  for (const auto* step : steps) {
    if (!step->repeated) continue;
    wanted.total += asked.at(step->key)->by;
    ++wanted.count;
  }
  const auto found = x.finals.find(entity);
  if (found == x.finals.end()) return out.say('L', entity + ": its total could not be read");
  if (found->second.total != wanted.total || found->second.count != wanted.count)
    out.say('L', entity + ": the total was " + std::to_string(found->second.total) + " after "
                     + std::to_string(found->second.count) + " adds, and should be "
                     + std::to_string(wanted.total) + " after " + std::to_string(wanted.count));
}

/// What a client knew before something began cannot come after it.
struct known_event {
  instant begun;
  instant ended;
  std::uint64_t count = 0;
  bool is_reading = false;
  std::string what;
};

void check_order(const std::string& entity, std::vector<known_event> events, report& out) {
  auto ended = events;
  std::ranges::sort(events, {}, &known_event::begun);
  std::ranges::sort(ended, {}, &known_event::ended);
  std::size_t next = 0;
  const known_event* newest = nullptr;
  for (const auto& x : events) {
    for (; next < ended.size() && ended[next].ended < x.begun; ++next)
      if (!newest || ended[next].count > newest->count) newest = &ended[next];
    if (!newest) continue;
    // An add comes on top of what was known, a reading may show just that.
    if (x.count < newest->count + (x.is_reading ? 0 : 1))
      out.say('L', entity + ": " + x.what + " saw number " + std::to_string(x.count) + " although "
                       + newest->what + " had seen number " + std::to_string(newest->count) + " "
                       + text(x.begun - newest->ended) + " before it began");
  }
}

std::map<std::string, std::vector<known_event>> known_events(const evidence& x) {
  std::map<std::string, std::vector<known_event>> out;
  for (const auto& one : x.operations)
    if (one.what == outcome::ok)
      out[one.entity].push_back({one.begun, one.ended, one.count, false, one.key});
  for (const auto& one : x.readings)
    out[one.entity].push_back({one.begun, one.ended, one.count, true, "a reading at " + one.node});
  return out;
}

void check_loss(const evidence& x, report& out) {
  const auto asked = by_key(x);
  answers_by_key again;
  std::map<std::string, std::vector<const resent*>> steps;
  for (const auto& one : x.again) {
    again.emplace(one.key, &one);
    if (!asked.contains(one.key))
      out.say('L', one.key + " was answered, and nobody had asked");
    else
      steps[one.entity].push_back(&one);
  }
  check_acknowledged(x, again, out);
  check_refused(x, again, out);
  for (const auto& [entity, all] : steps) {
    check_steps(entity, all, asked, out);
    check_final(x, entity, all, asked, out);
  }
  for (auto& [entity, events] : known_events(x))
    check_order(entity, events, out);
  for (const auto& one : x.messages)
    if (one.acknowledged && one.handled == 0)
      out.say('L', std::string{one.stored ? "the stored" : "the"} + " message " + one.id
                       + " was acknowledged and never arrived");
}

// -- E ------------------------------------------------------------------------------

void check_effects(const evidence& x, report& out) {
  std::unordered_set<std::string> done;
  for (const auto& one : x.again)
    done.insert(one.key);
  std::map<std::string, std::map<std::string, unsigned>> counted;
  for (const auto& [sink, keys] : x.receipts)
    for (const auto& key : keys)
      ++counted[sink][key];
  for (const auto& [sink, keys] : counted)
    for (const auto& [key, times] : keys)
      if (times > 1)
        out.say('E', key + " was counted " + std::to_string(times) + " times at " + sink);
  for (const auto& one : x.operations) {
    if (one.tell.empty() || !done.contains(one.key)) continue;
    if (counted[one.tell].erase(one.key) == 0)
      out.say('E', one.key + " was carried out and never told to " + one.tell);
  }
  for (const auto& [sink, keys] : counted)
    for (const auto& [key, times] : keys)
      out.say('E', sink + " has counted " + key + ", which nobody has told it");
  for (const auto& one : x.messages)
    if (one.handled > 1)
      out.say('E',
              "the message " + one.id + " was handled " + std::to_string(one.handled) + " times");
}

// -- O ------------------------------------------------------------------------------

void check_ownership(const evidence& x, report& out) {
  struct holder {
    std::uint64_t epoch = 0;
    std::string owner;
  };
  std::unordered_map<unsigned, holder> slots;
  auto events = x.ownership;
  std::ranges::sort(events, {}, &ownership_event::seq);
  for (const auto& e : events) {
    auto& held = slots[e.slot];
    const auto where = "slot " + std::to_string(e.slot);
    if (e.what == ownership_event::kind::claim) {
      if (e.epoch <= held.epoch && held.epoch != 0)
        out.say('O', where + ": epoch " + std::to_string(e.epoch) + " began after "
                         + std::to_string(held.epoch));
      held = {e.epoch, e.owner};
    } else if (e.owner != held.owner) {
      out.say('O', where + ": " + e.owner + " committed to " + e.entity + " while "
                       + (held.owner.empty() ? "nobody" : held.owner) + " owned it under epoch "
                       + std::to_string(held.epoch));
    }
  }
}

void check_versions(const evidence& x, report& out) {
  for (const auto& v : x.versions) {
    if (v.commands == v.distinct && v.commands == v.highest && v.highest == v.stands) continue;
    out.say('O', v.entity + ": " + std::to_string(v.commands) + " commands have led to "
                     + std::to_string(v.distinct) + " versions, the highest is "
                     + std::to_string(v.highest) + ", and it stands at "
                     + std::to_string(v.stands));
  }
}

// -- A ------------------------------------------------------------------------------

bool excused(const attempt& a, const evidence& x, const limits& how) {
  return std::ranges::any_of(x.absences, [&](const auto& gone) {
    const auto until = gone.to == instant::max() ? gone.to : gone.to + how.absence_grace;
    return gone.node == a.node && a.ended >= gone.from && a.begun <= until;
  });
}

void check_answers(const evidence& x, const limits& how, report& out) {
  for (const auto& one : x.operations)
    for (const auto& a : one.attempts) {
      const auto took = a.ended - a.begun;
      const auto late = took > a.within + how.answer_grace;
      if ((a.answered && !late) || excused(a, x, how)) continue;
      out.say('A', a.node + (a.answered ? " answered " : " left ") + one.key
                       + (a.answered ? " after " : " without an answer (" + a.code + ") for ")
                       + text(took) + ", the deadline was " + text(a.within));
    }
}

// -- M ------------------------------------------------------------------------------

void check_memory(const evidence& x, const limits& how, report& out) {
  std::map<std::string, std::uint64_t> most;
  for (const auto& sample : x.memory)
    most[sample.node] = std::max(most[sample.node], sample.bytes);
  for (const auto& [node, bytes] : most)
    if (bytes > how.memory_bytes)
      out.say('M', node + " has taken " + std::to_string(bytes >> 20) + " MiB, the cap is "
                       + std::to_string(how.memory_bytes >> 20));
}

// -- T ------------------------------------------------------------------------------

/// The first time after `from` at which each entity had taken a command that came after `from`.
std::optional<instant> all_served(const evidence& x, const std::set<std::string>& entities,
                                  instant from) {
  std::map<std::string, instant> first;
  for (const auto& one : x.operations)
    for (const auto& a : one.attempts) {
      if (a.what != outcome::ok || a.begun < from) continue;
      auto [at, fresh] = first.try_emplace(one.entity, a.ended);
      if (!fresh) at->second = std::min(at->second, a.ended);
    }
  if (first.size() < entities.size()) return std::nullopt;
  auto latest = from;
  for (const auto& [entity, at] : first)
    latest = std::max(latest, at);
  return latest;
}

void check_recovery(const evidence& x, report& out) {
  for (const auto& r : recoveries(x)) {
    if (!r.bound || r.overtaken) continue;
    if (!r.took)
      out.say('T', r.what + ": not everything was served again");
    else if (*r.took > *r.bound)
      out.say('T', r.what + ": " + text(*r.took) + " until everything was served again, "
                       + text(*r.bound) + " are allowed");
  }
}

} // namespace

std::vector<recovery> recoveries(const evidence& x) {
  std::set<std::string> entities;
  for (const auto& one : x.operations)
    entities.insert(one.entity);
  std::vector<recovery> out;
  for (std::size_t i = 0; i < x.marks.size(); ++i) {
    const auto& mark = x.marks[i];
    const auto next = i + 1 < x.marks.size() ? x.marks[i + 1].from : instant::max();
    const auto had_its_time =
        next == instant::max() || (mark.bound && next >= mark.from + *mark.bound);
    const auto at = all_served(x, entities, mark.from);
    recovery one{mark.what, std::nullopt, mark.bound, false};
    one.overtaken = !had_its_time && (!at || *at > next);
    if (at && !one.overtaken) one.took = std::chrono::ceil<milliseconds>(*at - mark.from);
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<violation> judge(const evidence& x, const limits& how) {
  report out;
  check_loss(x, out);
  check_effects(x, out);
  check_ownership(x, out);
  check_versions(x, out);
  check_answers(x, how, out);
  check_memory(x, how, out);
  check_recovery(x, out);
  for (const auto& one : x.findings)
    if (!one.holds) out.say(one.invariant, one.what);
  return std::move(out).take();
}

} // namespace bpci::chaos
