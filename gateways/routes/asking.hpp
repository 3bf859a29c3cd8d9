#pragma once

#include "gateways/api/api_actor.hpp"
#include "messages/codec/json.hpp"
#include "messages/runtime/cluster.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// How the routes of admins ask this node, one other, or all.
namespace bpci::gateway {

constexpr auto answer_max = std::chrono::milliseconds{5'000};
/// A member that is being lost must not hold up the page of the others for long.
constexpr auto member_answer_max = std::chrono::milliseconds{1'500};

/// Rows of a page: what the query asks for, within bounds. Errors: invalid_argument.
result<std::uint64_t> page_limit(const call& what);

template <class T>
boost::json::value as_json(const T& x) {
  return codec::to_json(x);
}

/// What is called in place of an answer.
using refusal = std::function<void(const failure&)>;

inline refusal refuse(const call_ptr& what) {
  return [what](const failure& why) { what->fail(why); };
}

/// Asks the actor at `where` on this node.
template <class Reply, class Message, class Ok>
void ask_here(api_actor& self, std::string_view where, Message what, Ok ok, refusal bad) {
  auto target = self.shared().find(where);
  if (!target) return bad({ec::restarted, std::string{where}});
  self.ask<Reply>(target, answer_max, std::move(what), std::move(ok), std::move(bad));
}

/// Who can be asked now, this node among them, in the order of their names; and the live members
/// that cannot.
struct reachable {
  std::vector<cluster::peer_up> agents;
  std::vector<member_id> away;
};

void find_agents(api_actor& self, std::function<void(const reachable&)> then, refusal bad);

/// Calls `then` with the AGENT of one member, or `bad` with not_found.
void find_agent(api_actor& self, const member_id& of, std::function<void(const caf::actor&)> then,
                refusal bad);

/// The same with somebody who passes on what the supervisors of a member are told: for this node
/// its own root, which is there when MEMBERS hangs or has never joined.
void find_supervisor(api_actor& self, const member_id& of,
                     std::function<void(const caf::actor&)> then, refusal bad);

/// Calls `then` with the actor that is at this path of one member.
void find_service(api_actor& self, const member_id& of, std::string where,
                  std::function<void(const caf::actor&)> then, refusal bad);

/// The pages of those members that answered, in the order of their names.
template <class Page>
struct gathered {
  std::map<member_id, Page> pages;
  std::vector<member_id> unreachable;
};

namespace detail {

template <class Page>
struct gathering {
  gathered<Page> found;
  std::size_t open = 0;
  std::function<void(gathered<Page>&)> then;

  void done() {
    if (--open > 0) return;
    std::ranges::sort(found.unreachable);
    then(found);
  }
};

} // namespace detail

/// Asks the AGENTs of all members from `first` on, each with its question. A member that stays
/// silent, or cannot be reached, is named and not waited for.
template <class Page, class Question>
void gather(api_actor& self, const call_ptr& what, const member_id& first, Question question_for,
            std::function<void(gathered<Page>&)> then) {
  auto ask_all = [&self, first, question_for, then = std::move(then)](const reachable& all) {
    auto state = std::make_shared<detail::gathering<Page>>();
    state->then = then;
    state->open = 1; // until all have been asked
    for (const auto& x : all.away)
      if (x >= first) state->found.unreachable.push_back(x);
    for (const auto& member : all.agents) {
      if (member.id < first) continue;
      ++state->open;
      self.ask<Page>(
          member.agent, member_answer_max, question_for(member.id),
          [state, id = member.id](const Page& page) {
            state->found.pages.emplace(id, page);
            state->done();
          },
          [state, id = member.id](const failure&) {
            state->found.unreachable.push_back(id);
            state->done();
          });
    }
    state->done();
  };
  find_agents(self, std::move(ask_all), refuse(what));
}

/// One page out of those of several members: the rows in the members' order. `more` says that
/// there are further ones.
template <class Row, class Page>
std::vector<std::pair<member_id, Row>> merge_pages(const std::map<member_id, Page>& pages,
                                                   std::vector<Row> Page::*rows,
                                                   std::uint64_t limit, bool& more) {
  std::vector<std::pair<member_id, Row>> out;
  more = false;
  for (const auto& [member, page] : pages) {
    for (const auto& row : page.*rows) {
      if (out.size() == limit) {
        more = true;
        return out;
      }
      out.emplace_back(member, row);
    }
    // What this member has left comes before the rows of the next one.
    if (page.next != decltype(page.next){}) {
      more = true;
      return out;
    }
  }
  return out;
}

} // namespace bpci::gateway
