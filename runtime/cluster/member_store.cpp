#include "runtime/cluster/member_store.hpp"

#include "runtime/storage/sql.hpp"

#include <boost/describe/enum_from_string.hpp>
#include <boost/describe/enum_to_string.hpp>

#include <algorithm>

namespace bpci::cluster::store {

namespace {

/// As text, so that a statement is one literal.
#define BPCI_LIVE "('joining', 'up', 'draining')"

const char* text(suspicion_kind x) {
  return boost::describe::enum_to_string(x, "");
}

std::string seconds_text(std::chrono::seconds x) {
  return std::to_string(x.count());
}

member to_member(const pqxx::row& row) {
  member out;
  out.incarnation = incarnation{row["incarnation"].as<std::uint64_t>()};
  out.id = member_id{row["member_id"].as<std::string>()};
  out.link_host = row["link_host"].as<std::string>();
  out.link_port = row["link_port"].as<std::uint16_t>();
  out.http_address = row["http_address"].as<std::string>();
  boost::describe::enum_from_string(row["state"].c_str(), out.state);
  out.heartbeats = row["hb_seq"].as<std::uint64_t>();
  out.session_tag = row["session_tag"].as<std::string>();
  out.proto_min = row["proto_min"].as<std::uint32_t>();
  out.proto_max = row["proto_max"].as<std::uint32_t>();
  out.certificates = storage::to_texts(row["certificates"]);
  out.lease_ms = row["lease_ms"].as<std::uint32_t>();
  out.reason = row["reason"].as<std::string>();
  return out;
}

suspicion to_suspicion(const pqxx::row& row) {
  suspicion out;
  out.target = incarnation{row["incarnation"].as<std::uint64_t>()};
  out.by = incarnation{row["by_whom"].as<std::uint64_t>()};
  boost::describe::enum_from_string(row["kind"].c_str(), out.kind);
  out.seen_seq = row["seen_seq"].as<std::uint64_t>();
  out.evidence = row["evidence"].as<std::string>();
  out.since = timestamp_ms{row["since_ms"].as<std::int64_t>()};
  out.fresh = row["fresh"].as<bool>();
  return out;
}

/// A member stands in one row for each suspicion of it, or in one without any.
reading to_reading(const pqxx::result& rows) {
  reading out;
  out.view_no = rows[0]["view_no"].as<std::uint64_t>();
  out.change_no = slots::change_no{rows[0]["change_no"].as<std::uint64_t>()};
  for (const auto& row : rows) {
    auto who = incarnation{row["incarnation"].as<std::uint64_t>()};
    if (out.live.empty() || out.live.back().incarnation != who) out.live.push_back(to_member(row));
    if (!row["by_whom"].is_null()) out.suspicions.push_back(to_suspicion(row));
  }
  return out;
}

void lock_membership(pqxx::work& tx) {
  tx.exec_params("SELECT pg_advisory_xact_lock($1)", std::int64_t{membership_lock});
}

void raise_view(pqxx::work& tx) {
  tx.exec0("UPDATE cluster_view SET view_no = view_no + 1, change_no = change_no + 1");
}

void forget_suspicions(pqxx::work& tx, incarnation of) {
  tx.exec_params("DELETE FROM suspicion WHERE target = $1 OR by_whom = $1", of.get());
}

/// A stopped process holds the locks of its transactions. Not our own sessions: a tag outlives an
/// incarnation when only MEMBERS was started again.
void end_sessions(pqxx::work& tx, const std::string& tag) {
  if (tag.empty()) return;
  tx.exec_params("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                 "WHERE application_name = $1 AND datname = current_database() "
                 "AND application_name <> current_setting('application_name')",
                 tag);
}

/// Whether a member that ends may still hold its lease, and answer from memory.
enum class lease_state : std::uint8_t { over, may_hold };

bool end_life(pqxx::work& tx, incarnation who, const char* state, const std::string& reason,
              lease_state lease) {
  auto ended = tx.exec_params("UPDATE member SET state = $2, reason = $3, ended_at = now(), "
                              "claimable_at = clock_timestamp() "
                              "  + CASE WHEN $4 THEN lease_ms ELSE 0 END * interval '1 ms' "
                              "WHERE incarnation = $1 AND state IN " BPCI_LIVE,
                              who.get(), state, reason, lease == lease_state::may_hold);
  if (ended.affected_rows() == 0) return false;
  forget_suspicions(tx, who);
  raise_view(tx);
  return true;
}

/// The life that this process already has on record, if MEMBERS was all that ended.
std::optional<member> go_on(pqxx::work& tx, const member& who) {
  auto rows = tx.exec_params(
      "UPDATE member SET link_host = $3, link_port = $4, http_address = $5, certificates = $6, "
      "proto_min = $7, proto_max = $8, lease_ms = $9 "
      "WHERE member_id = $1 AND session_tag = $2 AND session_tag <> '' AND state IN " BPCI_LIVE
      " RETURNING *",
      who.id.get(), who.session_tag, who.link_host, int{who.link_port}, who.http_address,
      storage::to_text_array(who.certificates), who.proto_min, who.proto_max, who.lease_ms);
  if (rows.empty()) return std::nullopt;
  raise_view(tx);
  return to_member(rows[0]);
}

void end_former_life(pqxx::work& tx, const member& who) {
  auto former = tx.exec_params("SELECT incarnation, session_tag FROM member WHERE member_id = $1 "
                               "AND state IN " BPCI_LIVE,
                               who.id.get());
  for (const auto& row : former) {
    end_sessions(tx, row["session_tag"].as<std::string>());
    end_life(tx, incarnation{row["incarnation"].as<std::uint64_t>()}, "dead",
             "replaced by a new incarnation", lease_state::may_hold);
  }
}

/// Who may vote on `target`, and who did, with what they say. No row: it has moved, or ended, or
/// this node has.
pqxx::result votes_of_silence(pqxx::work& tx, incarnation self, const member& target) {
  return tx.exec_params(
      "WITH live AS (SELECT incarnation, member_id, hb_seq, session_tag FROM member "
      "              WHERE state IN " BPCI_LIVE "), "
      "vote AS (SELECT s.target, b.member_id, s.evidence FROM suspicion s "
      "         JOIN live b ON b.incarnation = s.by_whom "
      "         JOIN live t ON t.incarnation = s.target AND t.hb_seq = s.seen_seq "
      "         WHERE s.kind = 'silent' AND s.by_whom <> s.target) "
      "SELECT t.session_tag, "
      "  (SELECT count(*) FROM live o WHERE o.incarnation <> t.incarnation "
      "   AND NOT EXISTS (SELECT 1 FROM vote v WHERE v.target = o.incarnation)) AS voters, "
      "  (SELECT count(*) FROM vote v WHERE v.target = t.incarnation) AS votes, "
      "  (SELECT string_agg(v.member_id || ' (' || v.evidence || ')', ', ' ORDER BY v.member_id) "
      "   FROM vote v WHERE v.target = t.incarnation) AS evidence "
      "FROM live t WHERE t.incarnation = $1 AND t.hb_seq = $2 "
      "AND EXISTS (SELECT 1 FROM live me WHERE me.incarnation = $3)",
      target.incarnation.get(), target.heartbeats, self.get());
}

pqxx::result votes_of_distance(pqxx::work& tx, incarnation self, const evict_unreachable& what) {
  return tx.exec_params(
      "WITH part AS (SELECT incarnation, member_id, session_tag FROM member "
      "              WHERE state IN ('up', 'draining')), "
      "vote AS (SELECT b.member_id, s.evidence FROM suspicion s "
      "         JOIN part b ON b.incarnation = s.by_whom "
      "         WHERE s.target = $1 AND s.kind = 'unreachable' AND s.by_whom <> s.target "
      "         AND s.renewed > now() - $4 * interval '1 second') "
      "SELECT t.session_tag, (SELECT count(*) FROM part) AS voters, "
      "  (SELECT count(*) FROM vote) AS votes, "
      "  (SELECT coalesce(bool_and(v.member_id COLLATE \"C\" < t.member_id), false) FROM vote v) "
      "   AS highest, "
      "  (SELECT string_agg(v.member_id || ' (' || v.evidence || ')', ', ' ORDER BY v.member_id) "
      "   FROM vote v) AS evidence "
      "FROM part t, cluster_view c WHERE t.incarnation = $1 AND c.view_no = $2 "
      "AND EXISTS (SELECT 1 FROM part me WHERE me.incarnation = $3) "
      "AND NOT EXISTS (SELECT 1 FROM member WHERE state = 'dead' AND reason LIKE 'unreachable: %' "
      "                AND ended_at > now() - $5 * interval '1 second')",
      what.who.incarnation.get(), what.view_no, self.get(), seconds_text(suspicion_fresh),
      seconds_text(unreachable_pause));
}

bool is_outvoted(const pqxx::row& row) {
  auto all = row["voters"].as<std::uint64_t>();
  auto accusers = row["votes"].as<std::uint64_t>();
  return 2 * accusers > all || (2 * accusers == all && row["highest"].as<bool>());
}

} // namespace

// -- this node -----------------------------------------------------------------------------

member join(pqxx::work& tx, const member& who) {
  lock_membership(tx);
  if (auto same = go_on(tx, who)) return *same;
  end_former_life(tx, who);
  auto row = tx.exec_params1(
      "INSERT INTO member (member_id, link_host, link_port, http_address, state, session_tag, "
      "proto_min, proto_max, certificates, lease_ms) "
      "VALUES ($1, $2, $3, $4, 'joining', $5, $6, $7, $8, $9) "
      "RETURNING *",
      who.id.get(), who.link_host, int{who.link_port}, who.http_address, who.session_tag,
      who.proto_min, who.proto_max, storage::to_text_array(who.certificates), who.lease_ms);
  raise_view(tx);
  return to_member(row);
}

/// One round trip. It need not survive a crash of the server: what matters is that the counter
/// moves, and after a crash it does.
result<reading> beat(pqxx::work& tx, incarnation self) {
  auto rows =
      tx.exec("SET LOCAL synchronous_commit = off; "
              "WITH beat AS (UPDATE member SET hb_seq = hb_seq + 1 WHERE incarnation = "
              + std::to_string(self.get())
              + " AND state IN " BPCI_LIVE " RETURNING 1) "
                "SELECT (SELECT count(*) FROM beat) AS beaten, c.view_no, c.change_no, m.*, "
                "s.by_whom, s.kind, s.seen_seq, s.evidence, "
                "(extract(epoch FROM s.since) * 1000)::bigint AS since_ms, "
                "s.renewed > now() - interval '"
              + seconds_text(suspicion_fresh)
              + " seconds' AS fresh "
                "FROM cluster_view c CROSS JOIN member m "
                "LEFT JOIN (suspicion s JOIN member b ON b.incarnation = s.by_whom "
                "           AND b.state IN " BPCI_LIVE ") ON s.target = m.incarnation "
                "WHERE m.state IN " BPCI_LIVE " ORDER BY m.incarnation, s.by_whom, s.kind");
  if (rows.empty() || rows[0]["beaten"].as<int>() == 0)
    return fail(ec::superseded, "this node was declared dead, or started a second time");
  return to_reading(rows);
}

bool rise(pqxx::work& tx, incarnation self, const come_up& what) {
  lock_membership(tx);
  auto risen = tx.exec_params("UPDATE member SET state = 'up', reason = '' WHERE incarnation = $1 "
                              "AND state = 'joining' "
                              "AND EXISTS (SELECT 1 FROM cluster_view WHERE view_no = $2)",
                              self.get(), what.view_no);
  if (risen.affected_rows() == 0) return false;
  raise_view(tx);
  return true;
}

result<void> set_draining(pqxx::work& tx, incarnation self, bool draining,
                          const std::string& reason) {
  lock_membership(tx);
  auto done = tx.exec_params("UPDATE member SET state = $2, reason = $3 WHERE incarnation = $1 "
                             "AND state IN ('up', 'draining')",
                             self.get(), draining ? "draining" : "up", reason);
  if (done.affected_rows() == 0) return fail(ec::conflict, "the member is neither up nor draining");
  raise_view(tx);
  return {};
}

void leave(pqxx::work& tx, incarnation self) {
  lock_membership(tx);
  end_life(tx, self, "left", "stopped", lease_state::over);
}

result<void> set_link(pqxx::work& tx, incarnation self, const port_opened& link) {
  lock_membership(tx);
  auto done = tx.exec_params("UPDATE member SET link_host = $2, link_port = $3, certificates = $4 "
                             "WHERE incarnation = $1 AND state IN " BPCI_LIVE,
                             self.get(), link.host, int{link.port},
                             storage::to_text_array(link.certificates));
  if (done.affected_rows() == 0) return fail(ec::superseded, "this node was declared dead");
  raise_view(tx);
  return {};
}

// -- the others ------------------------------------------------------------------------------

void write_suspicion(pqxx::work& tx, incarnation by, const suspect& what) {
  tx.exec_params("INSERT INTO suspicion (target, by_whom, kind, seen_seq, evidence) "
                 "SELECT t.incarnation, b.incarnation, $3, $4::bigint, $5 FROM member t, member b "
                 "WHERE t.incarnation = $1 AND b.incarnation = $2 "
                 "AND t.state IN " BPCI_LIVE " AND b.state IN " BPCI_LIVE " "
                 "ON CONFLICT (target, by_whom, kind) DO UPDATE SET seen_seq = EXCLUDED.seen_seq, "
                 "evidence = EXCLUDED.evidence, renewed = now()",
                 what.who.incarnation.get(), by.get(), text(what.kind), what.who.heartbeats,
                 what.evidence);
}

void delete_suspicion(pqxx::work& tx, incarnation by, const withdraw& what) {
  tx.exec_params("DELETE FROM suspicion WHERE target = $1 AND by_whom = $2 AND kind = $3",
                 what.target.get(), by.get(), text(what.kind));
}

bool evict(pqxx::work& tx, incarnation self, const evict_silent& what) {
  lock_membership(tx);
  auto found = votes_of_silence(tx, self, what.who);
  if (found.empty()) return false;
  auto row = found[0];
  auto needed = std::clamp<std::uint64_t>(row["voters"].as<std::uint64_t>(), 1, 2);
  if (row["votes"].as<std::uint64_t>() < needed) return false;
  // Before the update: it would wait for a transaction of the dead that holds the row.
  end_sessions(tx, row["session_tag"].as<std::string>());
  auto moved = tx.exec_params("SELECT 1 FROM member WHERE incarnation = $1 AND hb_seq = $2 "
                              "FOR NO KEY UPDATE",
                              what.who.incarnation.get(), what.who.heartbeats)
                   .empty();
  if (moved) return false;
  return end_life(tx, what.who.incarnation, "dead", "silent: " + row["evidence"].as<std::string>(),
                  lease_state::over);
}

bool evict(pqxx::work& tx, incarnation self, const evict_unreachable& what) {
  lock_membership(tx);
  auto found = votes_of_distance(tx, self, what);
  if (found.empty() || !is_outvoted(found[0])) return false;
  end_sessions(tx, found[0]["session_tag"].as<std::string>());
  return end_life(tx, what.who.incarnation, "dead",
                  "unreachable: " + found[0]["evidence"].as<std::string>(), lease_state::may_hold);
}

std::vector<member_status> ended(pqxx::work& tx) {
  std::vector<member_status> out;
  auto shown = std::chrono::duration_cast<std::chrono::seconds>(ended_shown);
  auto rows = tx.exec_params("SELECT *, (extract(epoch FROM ended_at) * 1000)::bigint AS ended_ms "
                             "FROM member WHERE state IN ('left', 'dead') "
                             "AND ended_at > now() - $1 * interval '1 second' "
                             "ORDER BY ended_at DESC, incarnation DESC LIMIT $2",
                             seconds_text(shown), ended_max);
  for (const auto& row : rows) {
    member_status status;
    status.member = to_member(row);
    status.ended_at = timestamp_ms{row["ended_ms"].as<std::int64_t>()};
    out.push_back(std::move(status));
  }
  return out;
}

} // namespace bpci::cluster::store
