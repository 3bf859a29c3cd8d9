#include "late_commit.hpp"

#include "messages/probe/probe.hpp"
#include "runtime/entity/slot_of.hpp"

#include <pqxx/connection>
#include <pqxx/result>
#include <pqxx/row>
#include <pqxx/transaction>

namespace bpci::chaos {

namespace {

constexpr auto tenure_sql = R"(
SELECT s.epoch, s.owner, m.session_tag FROM slot s JOIN member m ON m.incarnation = s.owner
 WHERE s.slot = $1
)";

/// One command without effects on others; state and answer are empty msgpack maps.
constexpr auto commit_sql = R"(
SELECT outcome FROM entity_commit($1, $2, $3, $4, $5, 0, 1, 1, '\x80',
  '{late}', '{add}', '{"\\x00"}', '{"\\x80"}', '{1}',
  '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')
)";

} // namespace

class late_commit::session {
public:
  session(const std::string& dsn, const std::string& probe) : connection_(dsn), tx_(connection_) {
    const entity::entity_ref who{std::string{probe::counter_kind}, probe};
    const int slot = entity::slot_of(who).get();
    const auto held = tx_.exec_params1(tenure_sql, slot);
    tag_ = held[2].as<std::string>();
    outcome = tx_.exec_params1(commit_sql, slot, held[0].as<std::int64_t>(),
                               held[1].as<std::int64_t>(), who.kind, who.id)[0]
                  .as<std::string>();
  }

  void commit() {
    // Under the owner's own name its session would have been found and ended.
    tx_.exec("SET LOCAL application_name = " + tx_.quote(tag_));
    tx_.commit();
  }

  std::string outcome;

private:
  pqxx::connection connection_;
  pqxx::work tx_;
  std::string tag_;
};

late_commit::late_commit(const std::string& dsn, const std::string& probe)
    : session_(std::make_unique<session>(dsn, probe)) {}

late_commit::~late_commit() = default;

const std::string& late_commit::outcome() const noexcept {
  return session_->outcome;
}

void late_commit::commit() {
  session_->commit();
}

} // namespace bpci::chaos
