#include "actors/governance/round_store.hpp"

#include "actors/governance/proposal.hpp"
#include "actors/governance/tally.hpp"
#include "messages/codec/msgpack.hpp"
#include "messages/governance/signing.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/storage/sql.hpp"

#include <charconv>
#include <limits>

namespace bpci::governance::store {

namespace {

/// How far back a member looks for results when it has just started.
constexpr std::int64_t look_back_ms = 60'000;

round_record to_record(const pqxx::field& state) {
  return codec::from_msgpack<round_record>(storage::to_bytes(state)).value();
}

class table final : public entity::state_table {
public:
  std::optional<bytes> load(pqxx::work& tx, const std::string& id) const override {
    const auto rows = tx.exec_params("SELECT state FROM governance_round WHERE id = $1", id);
    if (rows.empty()) return std::nullopt;
    return storage::to_bytes(rows[0][0]);
  }

  void save(pqxx::work& tx, const std::string& id, const bytes& state) const override {
    const auto x = codec::from_msgpack<round_record>(state).value();
    const auto closed = x.closed_at ? x.closed_at->get() : std::int64_t{0};
    tx.exec_params0(
        "INSERT INTO governance_round (id, type, proposer, standing, opened_at_ms, closed_at_ms, "
        "votes, refused, participation_bp, anchored, state) "
        "VALUES ($1, $2, $3, $4, $5, NULLIF($6::bigint, 0), $7, $8, $9, $10, $11) "
        "ON CONFLICT (id) DO UPDATE SET standing = excluded.standing, "
        "closed_at_ms = excluded.closed_at_ms, votes = excluded.votes, "
        "refused = excluded.refused, participation_bp = excluded.participation_bp, "
        "anchored = excluded.anchored, "
        "state = excluded.state",
        id, x.what.proposal_type, x.what.proposer_node,
        boost::describe::enum_to_string(x.standing, ""), x.opened_at.get(), closed, x.tally.votes,
        x.refused, participation(x.tally), x.anchor && x.anchor->at != height{},
        storage::to_bytea(state));
  }
};

/// "1790000000000/prop-1", the last one of a page.
struct cursor {
  std::int64_t opened_at_ms = std::numeric_limits<std::int64_t>::max();
  std::string id;
};

result<cursor> read_cursor(const std::string& text) {
  cursor out;
  if (text.empty()) return out;
  const auto slash = text.find('/');
  const auto* end = text.data() + std::min(slash, text.size());
  const auto [stop, error] = std::from_chars(text.data(), end, out.opened_at_ms);
  if (slash == std::string::npos || error != std::errc{} || stop != end)
    return fail(ec::invalid_argument, "after: give the `next` of the page before");
  out.id = text.substr(slash + 1);
  return out;
}

} // namespace

entity::state_table_ptr round_table() {
  return std::make_shared<const table>();
}

result<round_page> list_rounds(pqxx::work& tx, const governance::list_rounds& what) {
  const auto from = read_cursor(what.after);
  if (!from) return from.error();
  round_page out;
  for (const auto& row :
       tx.exec_params("SELECT state FROM governance_round WHERE ($1 = '' OR standing = $1) "
                      "AND ($2 = '' OR type = $2) AND (opened_at_ms, id COLLATE \"C\") < ($3, $4) "
                      "ORDER BY opened_at_ms DESC, id COLLATE \"C\" DESC LIMIT $5",
                      what.standing, what.type, from->opened_at_ms, from->id, what.limit + 1))
    out.rounds.push_back(to_record(row[0]));
  if (out.rounds.size() > what.limit) {
    out.rounds.resize(what.limit);
    const auto& last = out.rounds.back();
    out.next = std::to_string(last.opened_at.get()) + "/" + last.what.proposal_id;
  }
  return out;
}

bridge_stats read_stats(pqxx::work& tx) {
  const auto row = tx.exec1(
      "SELECT count(*), count(*) FILTER (WHERE standing = 'Active'), "
      "count(*) FILTER (WHERE standing = 'Approved'), "
      "count(*) FILTER (WHERE standing = 'Rejected'), "
      "count(*) FILTER (WHERE standing = 'Expired'), "
      "COALESCE(sum(votes), 0)::bigint, COALESCE(sum(refused), 0)::bigint, "
      "count(*) FILTER (WHERE type = 'EmergencyAction'), "
      "COALESCE(avg(participation_bp) FILTER (WHERE closed_at_ms IS NOT NULL), 0)::bigint, "
      "COALESCE(avg(closed_at_ms - opened_at_ms), 0)::bigint FROM governance_round");
  auto at = 0;
  const auto next = [&] { return row[at++].as<std::uint64_t>(); };
  bridge_stats out;
  for (auto* field :
       {&out.rounds, &out.active, &out.approved, &out.rejected, &out.expired, &out.votes,
        &out.votes_refused, &out.emergencies, &out.participation, &out.duration_ms})
    *field = next();
  return out;
}

active_rounds count_active(pqxx::work& tx, const std::string& proposer) {
  const auto row = tx.exec_params1("SELECT count(*), count(*) FILTER (WHERE proposer = $1) "
                                   "FROM governance_round WHERE standing = 'Active'",
                                   proposer);
  return {row[0].as<std::uint64_t>(), row[1].as<std::uint64_t>()};
}

std::map<std::string, bytes> find_keys(pqxx::work& tx, const std::vector<std::string>& nodes) {
  std::map<std::string, bytes> out;
  for (const auto& row :
       tx.exec_params("SELECT node_id, public_key FROM bpi_node WHERE node_id = ANY($1::text[])",
                      storage::to_text_array(nodes)))
    out.emplace(row[0].as<std::string>(), storage::to_bytes(row[1]));
  return out;
}

void keep_refused(pqxx::work& tx, const proposal& what, std::string_view refusal) {
  const auto name = [](const std::string& x) { return is_valid_id(x) ? x : std::string{}; };
  const auto signer = name(what.proposer_node);
  const auto keys = find_keys(tx, {signer});
  const auto known = keys.find(signer);
  const auto message = signing_bytes(what);
  const auto proved = known != keys.end() && is_signed(message, what.signature, known->second);
  tx.exec_params0("INSERT INTO governance_refused_proposal (signer, proposal_id, proposer, type, "
                  "voting_deadline_ms, digest, refusal) SELECT $1, $2, $3, $4, $5, $6, $7 "
                  "WHERE (SELECT count(*) FROM governance_refused_proposal WHERE signer = $1 "
                  "AND at > now() - interval '1 hour') < $8::bigint",
                  proved ? signer : std::string{}, name(what.proposal_id), signer,
                  check_type(what.proposal_type) ? what.proposal_type : std::string{},
                  what.voting_deadline.get(), storage::to_bytea(crypto::sha256(message)),
                  std::string{refusal}, proved ? of_signer_max : of_strangers_max);
}

result<refused_proposal_page> list_refused(pqxx::work& tx, const list_refused_proposals& what) {
  auto before = std::numeric_limits<std::int64_t>::max();
  if (!what.after.empty()) {
    const auto* end = what.after.data() + what.after.size();
    const auto [stop, error] = std::from_chars(what.after.data(), end, before);
    if (error != std::errc{} || stop != end)
      return fail(ec::invalid_argument, "after: give the `next` of the page before");
  }
  refused_proposal_page out;
  for (const auto& row :
       tx.exec_params("SELECT no, (extract(epoch from at) * 1000)::bigint, proposal_id, proposer, "
                      "signer <> '', type, voting_deadline_ms, digest, refusal "
                      "FROM governance_refused_proposal WHERE no < $1 ORDER BY no DESC LIMIT $2",
                      before, what.limit + 1))
    out.proposals.push_back({row[0].as<std::uint64_t>(), timestamp_ms{row[1].as<std::int64_t>()},
                             row[2].as<std::string>(), row[3].as<std::string>(), row[4].as<bool>(),
                             row[5].as<std::string>(), timestamp_ms{row[6].as<std::int64_t>()},
                             crypto::to_hex(storage::to_bytes(row[7])), row[8].as<std::string>()});
  if (out.proposals.size() > what.limit) {
    out.proposals.resize(what.limit);
    out.next = std::to_string(out.proposals.back().no);
  }
  return out;
}

news read_news(pqxx::work& tx, timestamp_ms since, std::size_t limit) {
  news out;
  out.now = timestamp_ms{
      tx.exec1("SELECT (extract(epoch from now()) * 1000)::bigint")[0].as<std::int64_t>()};
  const auto from = since == timestamp_ms{} ? out.now.get() - look_back_ms : since.get();
  for (const auto& row : tx.exec_params("SELECT state FROM governance_round "
                                        "WHERE closed_at_ms >= $1 ORDER BY closed_at_ms LIMIT $2",
                                        from, limit))
    out.ended.push_back(to_record(row[0]));
  for (const auto& row : tx.exec_params("SELECT state FROM governance_round "
                                        "WHERE opened_at_ms >= $1 AND standing = 'Active' "
                                        "ORDER BY opened_at_ms LIMIT $2",
                                        from, limit))
    out.opened.push_back(to_record(row[0]));
  return out;
}

std::optional<round_record> next_to_anchor(pqxx::work& tx, const std::vector<std::string>& but) {
  const auto rows = tx.exec_params("SELECT state FROM governance_round "
                                   "WHERE closed_at_ms IS NOT NULL AND NOT anchored "
                                   "AND NOT id = ANY($1::text[]) ORDER BY closed_at_ms LIMIT 1",
                                   storage::to_text_array(but));
  if (rows.empty()) return std::nullopt;
  return to_record(rows[0][0]);
}

} // namespace bpci::governance::store
