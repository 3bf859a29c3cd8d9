#include "gateways/routes/asking.hpp"

#include <set>

namespace bpci::gateway {

namespace {

constexpr std::uint64_t page_default = 100;
constexpr std::uint64_t page_max = 1'000;

bool is_live(cluster::member_state x) {
  return x != cluster::member_state::left && x != cluster::member_state::dead;
}

std::vector<member_id> missing(const cluster::member_list& all,
                               const std::vector<cluster::peer_up>& agents) {
  std::set<member_id> there;
  for (const auto& x : agents)
    there.insert(x.id);
  std::vector<member_id> out;
  for (const auto& x : all.members)
    if (is_live(x.member.state) && !there.contains(x.member.id)) out.push_back(x.member.id);
  return out;
}

} // namespace

result<std::uint64_t> page_limit(const call& what) {
  auto asked = what.number("limit");
  if (!asked) return asked;
  return *asked == 0 ? page_default : std::min(*asked, page_max);
}

void find_agents(api_actor& self, std::function<void(const reachable&)> then, refusal bad) {
  auto with_agents = [&self, then = std::move(then), bad](const cluster::agent_list& agents) {
    ask_here<cluster::member_list>(
        self, path::members, cluster::list_members{},
        [then, agents](const cluster::member_list& all) {
          then({agents.agents, missing(all, agents.agents)});
        },
        bad);
  };
  ask_here<cluster::agent_list>(self, path::members, cluster::list_agents{}, std::move(with_agents),
                                bad);
}

void find_agent(api_actor& self, const member_id& of, std::function<void(const caf::actor&)> then,
                refusal bad) {
  auto choose = [of, then = std::move(then), bad](const cluster::agent_list& all) {
    auto found = std::ranges::find(all.agents, of, &cluster::peer_up::id);
    if (found == all.agents.end())
      return bad({ec::not_found, "no member " + of.get() + " can be reached"});
    then(found->agent);
  };
  ask_here<cluster::agent_list>(self, path::members, cluster::list_agents{}, std::move(choose),
                                bad);
}

void find_supervisor(api_actor& self, const member_id& of,
                     std::function<void(const caf::actor&)> then, refusal bad) {
  if (of != self.shared().member) return find_agent(self, of, std::move(then), std::move(bad));
  auto root = self.shared().find("");
  if (!root) return bad({ec::restarted, self.shared().root});
  then(root);
}

void find_service(api_actor& self, const member_id& of, std::string where,
                  std::function<void(const caf::actor&)> then, refusal bad) {
  auto ask_agent = [&self, where = std::move(where), then = std::move(then),
                    bad](const caf::actor& agent) {
    self.ask<cluster::service_handle>(
        agent, answer_max, cluster::find_service{where},
        [then](const cluster::service_handle& x) { then(x.service); }, bad);
  };
  find_agent(self, of, std::move(ask_agent), bad);
}

} // namespace bpci::gateway
