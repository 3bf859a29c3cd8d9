#pragma once

#include "actors/oracle/bpi_node.hpp"
#include "actors/oracle/mailbox.hpp"
#include "tests/unit/oracle/entity_bench.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bpci::oracle::test {

/// What stands behind ROUTER: the oracle's entities, in the memory of the test. A command has its
/// effect once for each key, as in the database.
class fake_entities {
public:
  caf::result<entity::response> carry_out(const entity::command& what) {
    commands.push_back(what);
    if (broken.code != ec::none) return to_caf(broken);
    auto& self = find(what.to);
    auto key = std::pair{to_string(what.to), what.key};
    auto content = what.identity.empty() ? what.body : what.identity;
    if (auto known = inbox_.find(key); !what.key.empty() && known != inbox_.end()) {
      if (known->second.first != content) return to_caf(ec::conflict, what.key);
      auto out = known->second.second;
      out.repeated = true;
      return out;
    }
    auto answer = self.run(what, timestamp_ms{1'000});
    if (!answer) return to_caf(answer.error());
    auto out = entity::response{std::move(*answer), self.version, false};
    if (!what.key.empty()) inbox_.emplace(key, std::pair{content, out});
    return out;
  }

  testing::entity_bench& find(const entity::entity_ref& who) {
    auto kind = who.kind == mailbox::kind_name ? mailbox::make_kind() : make_node_kind();
    return all_.try_emplace(to_string(who), kind, who.id).first->second;
  }

  /// "x y": the ids of the messages in the mailbox of this node.
  std::string letters_for(const std::string& node) {
    auto page = find({mailbox::kind_name, node}).ask<mailbox::page>(mailbox::peek{0, 64}).value();
    std::string out;
    for (const auto& one : page.letters)
      out += (out.empty() ? "" : " ") + one.envelope.id.get();
    return out;
  }

  /// The node's row of the register.
  node_record row_of(const std::string& node) {
    auto who = entity::entity_ref{node_kind, node};
    auto state = find(who).run({who, {}, "read_node", 1, {0x80}, 0, {}}, {}).value();
    return entity::answer_of<node_record>({std::move(state), 0, false}).value();
  }

  failure broken{ec::none, {}}; ///< What everything is refused with, if it is anything.
  std::vector<entity::command> commands;

private:
  std::map<std::string, testing::entity_bench> all_;
  std::map<std::pair<std::string, std::string>, std::pair<bytes, entity::response>> inbox_;
};

} // namespace bpci::oracle::test
