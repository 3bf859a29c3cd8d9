#pragma once

#include "runtime/entity/slot_of.hpp"
#include "runtime/router/router.hpp"

#include <map>
#include <memory>
#include <string>

/// A router whose effects are words: `a1 to 2@7` (sent to member 2 under epoch 7), `a1 to host@7`,
/// `1 ok`, `1 retry_after`, `refresh`.
namespace bpci::router {

using namespace std::chrono_literals;

inline const entity::entity_ref ada{"counter", "ada"};
inline const entity::entity_ref bob{"counter", "bob"};

inline entity::command make(const entity::entity_ref& to, const std::string& key,
                            std::chrono::milliseconds within = 5s, std::size_t body = 0) {
  entity::command out;
  out.to = to;
  out.key = key;
  out.name = "add";
  out.body = bytes(body, 1);
  out.within_ms = static_cast<std::uint64_t>(within.count());
  return out;
}

/// The member that the tests are in has incarnation 1, others have 2, 3 ...
struct bench {
  router uut;
  instant now{1'000s};
  std::uint64_t last_ticket = 0;
  std::map<std::string, std::uint64_t> numbers; ///< Of the last attempt, by key.
  std::map<std::string, std::uint64_t> within;  ///< Likewise, in milliseconds.

  explicit bench(router_config config = {}) : uut(named(std::move(config))) { up(2), up(3); }

  static router_config named(router_config x) {
    x.self = member_id{"m1"};
    return x;
  }

  static member_id name_of(std::uint64_t who) { return member_id{"m" + std::to_string(who)}; }

  template <class Call>
  std::string effects(Call&& call) {
    router_effects out;
    call(out);
    std::string words;
    for (const auto& x : out) {
      if (!words.empty()) words += ", ";
      words += std::visit([this](const auto& effect) { return this->word(effect); }, x);
    }
    return words;
  }

  std::string up(std::uint64_t who) {
    return effects([&](auto& out) {
      if (who == 1)
        uut.host_up(incarnation{1}, now, out);
      else
        uut.peer_up(incarnation{who}, name_of(who), now, out);
    });
  }

  std::string down(std::uint64_t who) {
    return effects([&](auto& out) {
      if (who == 1)
        uut.host_down(now, out);
      else
        uut.peer_down(incarnation{who}, now, out);
    });
  }

  /// SLOTS tells of the entity's slot; `owner` 0: nobody.
  std::string owned(std::uint64_t owner, std::uint64_t epoch, bool draining = false,
                    const entity::entity_ref& what = ada) {
    return effects([&](auto& out) {
      uut.slots_changed(
          {{entity::slot_of(what), slots::epoch_no{epoch}, incarnation{owner}, draining, {}}}, now,
          out);
    });
  }

  /// The next ticket: they count from 1.
  std::string submit(entity::command what) {
    return effects([&](auto& out) {
      uut.submit(std::make_shared<const entity::command>(std::move(what)), ticket{++last_ticket},
                 now, out);
    });
  }
  std::string submit(const std::string& key) { return submit(make(ada, key)); }

  /// Another member's ROUTER sends it, knowing this epoch.
  std::string submit_routed(const std::string& key, std::uint64_t epoch) {
    auto what = std::make_shared<const entity::command>(make(ada, key));
    return effects([&](auto& out) {
      uut.submit_routed({77, what, entity::slot_of(ada), slots::epoch_no{epoch}, 1, 5'000},
                        ticket{++last_ticket}, now, out);
    });
  }

  std::string answer_no(std::uint64_t no, result<entity::response> what) {
    return effects([&](auto& out) { uut.answered(no, std::move(what), now, out); });
  }
  std::string ok(const std::string& key) { return answer_no(numbers.at(key), entity::response{}); }
  std::string bad(const std::string& key, ec code, std::string detail = {}) {
    return answer_no(numbers.at(key), fail(code, std::move(detail)));
  }

  std::string pass(std::chrono::milliseconds time) {
    now += time;
    return effects([&](auto& out) { uut.tick(now, out); });
  }

private:
  std::string sent(const entity::numbered_command& x, const std::string& to) {
    numbers[x.what->key] = x.no;
    within[x.what->key] = x.within_ms;
    return x.what->key + " to " + to + "@" + std::to_string(x.epoch.get());
  }
  std::string word(const forward& x) { return sent(x.what, std::to_string(x.to.get())); }
  std::string word(const local& x) { return sent(x.what, "host"); }
  static std::string word(const answer& x) {
    auto out = std::to_string(x.to.get()) + " ";
    if (x.what) return out + "ok";
    out += name(x.what.error().code);
    if (x.what.error().code == ec::not_owner) out += " (" + x.what.error().detail + ")";
    return out;
  }
  static std::string word(const refresh&) { return "refresh"; }
};

} // namespace bpci::router
