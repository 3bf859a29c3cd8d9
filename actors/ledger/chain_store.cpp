#include "actors/ledger/chain_store.hpp"

#include "actors/ledger/snapshot.hpp"
#include "messages/codec/canonical.hpp"
#include "runtime/entity/sql_array.hpp"
#include "runtime/slots/fence.hpp"
#include "runtime/storage/sql.hpp"

#include <algorithm>
#include <charconv>

namespace bpci::ledger::store {

namespace {

using entity::sql_array;
using storage::to_bytea;
using storage::to_bytes;

result<void> lock(pqxx::work& tx, const chain::hold& hold) {
  return slots::lock_slot(tx, hold.slot, hold.epoch, hold.owner);
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

template <std::size_t N>
std::array<std::uint8_t, N> to_array(const pqxx::field& value) {
  std::array<std::uint8_t, N> out{};
  const auto raw = to_bytes(value);
  if (raw.size() != N) throw storage::refused({ec::storage_failed, "a hash of another size"});
  std::ranges::copy(raw, out.begin());
  return out;
}

hash to_hash(const pqxx::field& value) {
  return to_array<std::tuple_size_v<hash>>(value);
}

template <class T>
T decode(const pqxx::field& value) {
  auto out = codec::from_canonical<T>(to_bytes(value));
  if (!out)
    throw storage::refused(
        {ec::storage_failed, std::string{value.name()} + ": " + out.error().detail});
  return std::move(*out);
}

height to_height(const pqxx::field& value) {
  return height{value.as<std::uint64_t>()};
}

failure not_here(const std::string& what) {
  return fail(ec::not_found, what + " is not here");
}

/// The limits of what may be asked for, as a condition on `height`.
constexpr std::string_view here = "height >= (SELECT first_height FROM chain) "
                                  "AND height <= (SELECT height FROM chain)";

// -- writing -----------------------------------------------------------------------------

void insert_block(pqxx::work& tx, const block_row& x) {
  tx.exec_params0(
      "INSERT INTO chain_block (height, id, time_ms, proposer, transactions, size, "
      "round, head_size, tail_at, block, seals, validators, receipts, receipts_proof, places) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
      x.head.at.get(), to_bytea(x.id), x.head.time.get(), to_bytea(x.head.proposer), x.transactions,
      x.block.size(), x.round.get(), x.head_size, x.tail_at, to_bytea(x.block), to_bytea(x.seals),
      to_bytea(x.validators), to_bytea(x.receipts), to_bytea(x.receipts_proof), to_bytea(x.places));
}

/// Hashes one behind the other: cut apart by the database, they cost a fraction of an array, which
/// is a text that has to be made and read.
bytes joined(std::size_t count, const auto& hash_of) {
  bytes out;
  out.reserve(count * sizeof(hash));
  for (std::size_t i = 0; i < count; ++i) {
    const hash& x = hash_of(i);
    out.insert(out.end(), x.begin(), x.end());
  }
  return out;
}

void insert_transactions(pqxx::work& tx, const block_row& x) {
  if (x.ids.empty()) return;
  const auto ids = joined(x.ids.size(), [&](std::size_t i) -> const hash& { return x.ids[i]; });
  tx.exec_params0("INSERT INTO chain_transaction (id, height, index) "
                  "SELECT substring($2::bytea FROM i * 32 + 1 FOR 32), $1::bigint, i "
                  "FROM generate_series(0, $3::int - 1) AS i",
                  x.head.at.get(), to_bytea(ids), x.ids.size());
}

void insert_touched(pqxx::work& tx, const block_row& x) {
  if (x.touched.empty()) return;
  const auto accounts =
      joined(x.touched.size(), [&](std::size_t i) -> const hash& { return x.touched[i].who; });
  sql_array indexes;
  for (const auto& row : x.touched)
    indexes.add(row.index);
  tx.exec_params0("INSERT INTO chain_touched (account, height, index) "
                  "SELECT substring($2::bytea FROM t.no::int * 32 - 31 FOR 32), $1::bigint, "
                  "t.index FROM unnest($3::int[]) WITH ORDINALITY AS t (index, no)",
                  x.head.at.get(), to_bytea(accounts), indexes.text());
}

void insert_all_of(pqxx::work& tx, const block_row& x) {
  insert_block(tx, x);
  insert_transactions(tx, x);
  insert_touched(tx, x);
}

void write_state(pqxx::work& tx, std::uint64_t edition, std::span<const state_row> rows) {
  sql_array keys, values, gone;
  auto written = false, removed = false;
  for (const auto& x : rows) {
    if (x.value) {
      keys.add(bytes_of(x.key));
      values.add(*x.value);
      written = true;
    } else {
      gone.add(bytes_of(x.key));
      removed = true;
    }
  }
  if (written)
    tx.exec_params0("INSERT INTO chain_state (edition, key, value) "
                    "SELECT $1::bigint, s.key, s.value FROM unnest($2::bytea[], $3::bytea[]) "
                    "AS s (key, value) "
                    "ON CONFLICT (edition, key) DO UPDATE SET value = excluded.value",
                    edition, keys.text(), values.text());
  if (removed)
    tx.exec_params0("DELETE FROM chain_state WHERE edition = $1::bigint "
                    "AND key = ANY ($2::bytea[])",
                    edition, gone.text());
}

} // namespace

std::optional<chain_row> find_chain(pqxx::work& tx) {
  auto rows = tx.exec("SELECT chain_id, genesis_id, edition, first_height, height, id, "
                      "transactions FROM chain");
  if (rows.empty()) return {};
  const auto& row = rows[0];
  return chain_row{.chain_id = row["chain_id"].as<std::string>(),
                   .genesis = to_hash(row["genesis_id"]),
                   .edition = row["edition"].as<std::uint64_t>(),
                   .first = to_height(row["first_height"]),
                   .at = to_height(row["height"]),
                   .id = to_hash(row["id"]),
                   .transactions = row["transactions"].as<std::uint64_t>()};
}

// -- a state as a whole --------------------------------------------------------------------

std::uint64_t new_edition(pqxx::work& tx) {
  return tx.exec1("SELECT nextval('chain_edition')")[0].as<std::uint64_t>();
}

result<void> stage_state(pqxx::work& tx, const chain::hold& hold, std::uint64_t edition,
                         std::span<const state_row> rows) {
  if (auto held = lock(tx, hold); !held) return held;
  write_state(tx, edition, rows);
  return {};
}

result<std::uint64_t> drop_other_editions(pqxx::work& tx, const chain::hold& hold,
                                          std::uint64_t limit) {
  if (auto held = lock(tx, hold); !held) return held.error();
  // No edition becomes the live one while others are told from it.
  tx.exec0("LOCK TABLE chain IN SHARE MODE");
  // Both ranges are of the primary key: what is there is found without reading the state.
  auto done =
      tx.exec_params0("WITH live AS (SELECT COALESCE((SELECT edition FROM chain), 0) AS no), "
                      "old AS ("
                      "(SELECT edition, key FROM chain_state "
                      " WHERE edition < (SELECT no FROM live) LIMIT $1::bigint) UNION ALL "
                      "(SELECT edition, key FROM chain_state "
                      " WHERE edition > (SELECT no FROM live) LIMIT $1::bigint)) "
                      "DELETE FROM chain_state s USING old "
                      "WHERE s.edition = old.edition AND s.key = old.key",
                      limit);
  return static_cast<std::uint64_t>(done.affected_rows());
}

result<void> replace_chain(pqxx::work& tx, const chain::hold& hold,
                           const std::optional<chain_row>& only_if, const chain_row& now,
                           std::uint64_t keys, std::span<const block_row> blocks) {
  if (auto held = lock(tx, hold); !held) return held;
  tx.exec0("LOCK TABLE chain IN EXCLUSIVE MODE");
  if (auto there = find_chain(tx); there != only_if)
    return fail(ec::conflict, "the stored chain has moved");
  auto staged =
      tx.exec_params1("SELECT count(*) FROM chain_state WHERE edition = $1::bigint", now.edition);
  if (staged[0].as<std::uint64_t>() != keys)
    return fail(ec::conflict, "the state that was written has been dropped");
  tx.exec0("TRUNCATE chain, chain_block, chain_transaction, chain_touched, chain_snapshot, "
           "chain_snapshot_chunk");
  tx.exec_params0("INSERT INTO chain (chain_id, genesis_id, edition, first_height, height, id, "
                  "transactions) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                  now.chain_id, to_bytea(now.genesis), now.edition, now.first.get(), now.at.get(),
                  to_bytea(now.id), now.transactions);
  for (const auto& x : blocks)
    insert_all_of(tx, x);
  return {};
}

state_page read_state(pqxx::work& tx, std::uint64_t edition, const std::string& after,
                      std::size_t limit) {
  state_page out;
  for (const auto& row : tx.exec_params("SELECT key, value FROM chain_state "
                                        "WHERE edition = $1::bigint AND key > $2 "
                                        "ORDER BY key LIMIT $3::bigint",
                                        edition, to_bytea(bytes_of(after)), limit)) {
    const auto key = to_bytes(row[0]);
    out.rows.push_back({std::string{key.begin(), key.end()}, to_bytes(row[1])});
  }
  if (!out.rows.empty()) out.last = out.rows.back().key;
  return out;
}

// -- blocks ----------------------------------------------------------------------------------

result<void> append(pqxx::work& tx, const chain::hold& hold, const block_row& x,
                    const state_rows& changes) {
  if (auto held = lock(tx, hold); !held) return held;
  auto moved =
      tx.exec_params("UPDATE chain SET height = $1::bigint, id = $2, "
                     "transactions = transactions + $3::bigint "
                     "WHERE height = $1::bigint - 1 AND id = $4 RETURNING edition",
                     x.head.at.get(), to_bytea(x.id), x.transactions, to_bytea(x.head.parent));
  if (moved.empty()) {
    auto there = find_chain(tx);
    if (there && there->at == x.head.at && there->id == x.id) return {};
    return fail(ec::conflict, "the stored chain stands at "
                                  + (there ? "block " + std::to_string(there->at.get())
                                           : std::string{"nothing"}));
  }
  insert_all_of(tx, x);
  write_state(tx, moved[0][0].as<std::uint64_t>(), changes.rows);
  return {};
}

result<std::vector<block_part>> read_parts(pqxx::work& tx, height from, std::size_t limit) {
  std::vector<block_part> out;
  for (const auto& row : tx.exec_params(
           "SELECT id, seals, validators, substring(block FROM 1 FOR head_size) AS head, "
           "substring(block FROM tail_at + 1) AS tail FROM chain_block "
           "WHERE height >= $1::bigint AND height <= (SELECT height FROM chain) "
           "ORDER BY height LIMIT $2::bigint",
           from.get(), limit)) {
    auto what = from_head_and_tail(to_bytes(row["head"]), to_bytes(row["tail"]));
    if (!what) return fail(ec::storage_failed, "chain_block.block: " + what.error().detail);
    out.push_back({std::move(*what), to_hash(row["id"]),
                   decode<consensus::certificate>(row["seals"]),
                   decode<stored_validators>(row["validators"]).who});
  }
  return out;
}

std::vector<consensus::validator> read_validators(pqxx::work& tx, height at) {
  auto rows = tx.exec_params("SELECT validators FROM chain_block WHERE height = $1::bigint "
                             "AND height <= (SELECT height FROM chain)",
                             at.get());
  if (rows.empty()) return {};
  return decode<stored_validators>(rows[0][0]).who;
}

result<std::vector<bytes>> read_blocks(pqxx::work& tx, height from, std::size_t limit,
                                       std::size_t bytes_max) {
  // The canonical bytes of a sealed block are those of its parts, one behind the other.
  auto rows = tx.exec_params(
      "SELECT b.block || b.seals FROM chain_block b JOIN "
      "(SELECT height, sum(size) OVER (ORDER BY height) AS total FROM chain_block "
      " WHERE height >= $1::bigint AND height < $1::bigint + $2::bigint AND "
          + std::string{here}
          + ") s USING (height) WHERE s.total <= $3::bigint OR b.height = $1::bigint "
            "ORDER BY b.height",
      from.get(), std::max<std::size_t>(limit, 1), bytes_max);
  if (rows.empty()) return not_here("block " + std::to_string(from.get()));
  std::vector<bytes> out;
  for (const auto& row : rows)
    out.push_back(to_bytes(row[0]));
  // What is asked for from below what is here begins nowhere.
  return out;
}

result<chain::block_shown> find_block(pqxx::work& tx, const chain::get_block& x) {
  const auto select = "SELECT id, block, seals FROM chain_block WHERE " + std::string{here};
  auto rows =
      x.id ? tx.exec_params(select + " AND id = $1", to_bytea(*x.id))
           : tx.exec_params(select + " AND height = $1::bigint", x.at.value_or(height{}).get());
  if (rows.empty()) return not_here("the block");
  const auto& row = rows[0];
  return chain::block_shown{
      to_hash(row["id"]),
      {decode<consensus::block>(row["block"]), decode<consensus::certificate>(row["seals"])}};
}

chain::block_page list_blocks(pqxx::work& tx, const std::optional<height>& before,
                              std::size_t limit) {
  constexpr std::uint64_t beyond = std::numeric_limits<std::int64_t>::max();
  chain::block_page out;
  for (const auto& row :
       tx.exec_params("SELECT height, id, time_ms, proposer, transactions, size, round "
                      "FROM chain_block WHERE height < $1::bigint AND "
                          + std::string{here} + " ORDER BY height DESC LIMIT $2::bigint",
                      before ? std::min(before->get(), beyond) : beyond, limit + 1))
    out.blocks.push_back({.at = to_height(row["height"]),
                          .id = to_hash(row["id"]),
                          .time = timestamp_ms{row["time_ms"].as<std::int64_t>()},
                          .proposer = to_hash(row["proposer"]),
                          .transactions = row["transactions"].as<std::uint64_t>(),
                          .bytes_held = row["size"].as<std::uint64_t>(),
                          .round = consensus::round_no{row["round"].as<std::uint32_t>()}});
  if (out.blocks.size() > limit) {
    out.blocks.resize(limit);
    out.next = out.blocks.back().at;
  }
  return out;
}

// -- transactions ------------------------------------------------------------------------------

namespace {

/// Of a transaction `t` in its block `b`.
constexpr auto shown_columns =
    "t.height, t.index, b.time_ms, chain_place(b.places, t.index, 3) AS receipt_size, "
    "substring(b.block FROM chain_place(b.places, t.index, 0) + 1 "
    "FOR chain_place(b.places, t.index, 1)) AS encoded, "
    "substring(b.receipts FROM chain_place(b.places, t.index, 2) + 1 "
    "FOR chain_place(b.places, t.index, 3)) AS receipt ";

chain::transaction_shown to_shown(const pqxx::row& row) {
  chain::transaction_shown out;
  out.encoded = to_bytes(row["encoded"]);
  out.at = to_height(row["height"]);
  out.index = row["index"].as<std::uint64_t>();
  out.time = timestamp_ms{row["time_ms"].as<std::int64_t>()};
  if (row["receipt_size"].as<int>() > 0) out.receipt = decode<receipt>(row["receipt"]);
  return out;
}

/// "12.3": the transaction of index 3 of block 12.
struct cursor {
  std::uint64_t at = std::numeric_limits<std::int64_t>::max();
  std::uint64_t index = 0;
};

bool read_number(std::string_view text, std::uint64_t& to) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  return error == std::errc{} && end == text.data() + text.size()
         && to <= std::uint64_t{std::numeric_limits<std::int64_t>::max()};
}

std::optional<cursor> read_cursor(std::string_view text) {
  cursor out;
  if (text.empty()) return out;
  auto dot = text.find('.');
  if (dot == text.npos || !read_number(text.substr(0, dot), out.at)
      || !read_number(text.substr(dot + 1), out.index))
    return {};
  return out;
}

} // namespace

std::optional<chain::transaction_shown> find_transaction(pqxx::work& tx, const hash& id) {
  auto rows = tx.exec_params(std::string{"SELECT "} + shown_columns
                                 + "FROM chain_transaction t JOIN chain_block b USING (height) "
                                   "WHERE t.id = $1",
                             to_bytea(id));
  if (rows.empty()) return {};
  return to_shown(rows[0]);
}

result<chain::history_page> read_history(pqxx::work& tx, const chain::get_history& x,
                                         std::size_t limit) {
  auto from = read_cursor(x.before);
  if (!from) return fail(ec::malformed, "before: not what a page gave as its `next`");
  chain::history_page out;
  for (const auto& row :
       tx.exec_params(std::string{"SELECT "} + shown_columns
                          + "FROM (SELECT height, index FROM chain_touched WHERE account = $1 "
                            "AND (height, index) < ($2::bigint, $3::bigint) "
                            "ORDER BY height DESC, index DESC LIMIT $4::bigint) t "
                            "JOIN chain_block b USING (height) "
                            "ORDER BY t.height DESC, t.index DESC",
                      to_bytea(x.of), from->at, from->index, limit + 1))
    out.transactions.push_back(to_shown(row));
  if (out.transactions.size() > limit) {
    out.transactions.resize(limit);
    const auto& last = out.transactions.back();
    out.next = std::to_string(last.at->get()) + "." + std::to_string(last.index);
  }
  return out;
}

result<receipts_part> read_receipts_of(pqxx::work& tx, const hash& transaction) {
  auto rows = tx.exec_params("SELECT t.index, b.seals, b.receipts, b.receipts_proof, "
                             "substring(b.block FROM 1 FOR b.head_size) AS head "
                             "FROM chain_transaction t JOIN chain_block b USING (height) "
                             "WHERE t.id = $1 AND b.receipts <> ''",
                             to_bytea(transaction));
  if (rows.empty()) return not_here("the receipt");
  const auto& row = rows[0];
  return receipts_part{
      decode<consensus::header>(row["head"]), decode<consensus::certificate>(row["seals"]),
      row["index"].as<std::uint64_t>(), to_bytes(row["receipts"]), to_bytes(row["receipts_proof"])};
}

// -- snapshots ---------------------------------------------------------------------------------

result<void> keep_chunk(pqxx::work& tx, const chain::hold& hold, height of, std::uint64_t index,
                        const bytes& data) {
  if (auto held = lock(tx, hold); !held) return held;
  tx.exec_params0("INSERT INTO chain_snapshot_chunk (height, index, content) "
                  "VALUES ($1, $2, $3) ON CONFLICT (height, index) DO NOTHING",
                  of.get(), index, to_bytea(data));
  return {};
}

result<void> keep_snapshot(pqxx::work& tx, const chain::hold& hold, const snapshot_manifest& what,
                           std::uint64_t kept) {
  if (auto held = lock(tx, hold); !held) return held;
  tx.exec_params0("INSERT INTO chain_snapshot (height, manifest) VALUES ($1, $2) "
                  "ON CONFLICT (height) DO NOTHING",
                  what.at.get(), to_bytea(codec::to_canonical(what)));
  tx.exec_params0("DELETE FROM chain_snapshot WHERE height NOT IN "
                  "(SELECT height FROM chain_snapshot ORDER BY height DESC LIMIT $1::bigint)",
                  kept);
  // With those that were begun and never completed.
  tx.exec_params0("DELETE FROM chain_snapshot_chunk WHERE height <= $1::bigint "
                  "AND height NOT IN (SELECT height FROM chain_snapshot)",
                  what.at.get());
  return {};
}

result<std::optional<snapshot_manifest>> find_snapshot(pqxx::work& tx) {
  auto rows = tx.exec("SELECT manifest FROM chain_snapshot ORDER BY height DESC LIMIT 1");
  if (rows.empty()) return std::optional<snapshot_manifest>{};
  auto out = decode_manifest(to_bytes(rows[0][0]));
  if (!out) return fail(ec::storage_failed, "chain_snapshot.manifest: " + out.error().detail);
  return std::optional{std::move(*out)};
}

std::optional<bytes> read_chunk(pqxx::work& tx, height of, std::uint64_t index) {
  auto rows = tx.exec_params("SELECT c.content FROM chain_snapshot_chunk c "
                             "JOIN chain_snapshot s USING (height) "
                             "WHERE c.height = $1::bigint AND c.index = $2::bigint",
                             of.get(), index);
  if (rows.empty()) return {};
  return to_bytes(rows[0][0]);
}

} // namespace bpci::ledger::store
