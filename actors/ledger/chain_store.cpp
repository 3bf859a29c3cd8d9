#include "actors/ledger/chain_store.hpp"

#include "actors/ledger/snapshot.hpp"
#include "actors/ledger/transaction.hpp"
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
  sql_array keys, owners;
  for (const auto& one : x.keys) {
    keys.add(one.key);
    owners.add(one.index);
  }
  tx.exec_params0(
      "INSERT INTO chain_block (height, id, time_ms, proposer, transactions, size, "
      "round, head_size, tail_at, block, seals, validators, receipts, receipts_proof, places, "
      "keys, owners) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
      x.head.at.get(), to_bytea(x.id), x.head.time.get(), to_bytea(x.head.proposer), x.transactions,
      x.block.size(), x.round.get(), x.head_size, x.tail_at, to_bytea(x.block), to_bytea(x.seals),
      to_bytea(x.validators), to_bytea(x.receipts), to_bytea(x.receipts_proof), to_bytea(x.places),
      keys.text(), owners.text());
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
  tx.exec0("TRUNCATE chain, chain_block, chain_snapshot, chain_snapshot_chunk");
  tx.exec_params0("INSERT INTO chain (chain_id, genesis_id, edition, first_height, height, id, "
                  "transactions) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                  now.chain_id, to_bytea(now.genesis), now.edition, now.first.get(), now.at.get(),
                  to_bytea(now.id), now.transactions);
  for (const auto& x : blocks)
    insert_block(tx, x);
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
  // A plan of its own for the parameters of each statement would copy them, which are the block.
  auto moved =
      tx.exec_params("UPDATE chain SET height = $1::bigint, id = $2, "
                     "transactions = transactions + $3::bigint "
                     "WHERE height = $1::bigint - 1 AND id = $4 "
                     "RETURNING edition, set_config('plan_cache_mode', 'force_generic_plan', true)",
                     x.head.at.get(), to_bytea(x.id), x.transactions, to_bytea(x.head.parent));
  if (moved.empty()) {
    auto there = find_chain(tx);
    if (there && there->at == x.head.at && there->id == x.id) return {};
    return fail(ec::conflict, "the stored chain stands at "
                                  + (there ? "block " + std::to_string(there->at.get())
                                           : std::string{"nothing"}));
  }
  insert_block(tx, x);
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

/// Of the transaction of index `t.index` in its block `b`.
constexpr auto shown_columns =
    "b.height, t.index, b.time_ms, chain_place(b.places, t.index, 3) AS receipt_size, "
    "substring(b.block FROM chain_place(b.places, t.index, 0) + 1 "
    "FOR chain_place(b.places, t.index, 1)) AS encoded, "
    "substring(b.receipts FROM chain_place(b.places, t.index, 2) + 1 "
    "FOR chain_place(b.places, t.index, 3)) AS receipt";

/// The transactions behind the keys of block `b`.
constexpr auto by_keys = " CROSS JOIN LATERAL unnest(b.keys, b.owners) AS t (key, index) ";

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
  for (const auto& row :
       tx.exec_params(std::string{"SELECT "} + shown_columns + " FROM chain_block b" + by_keys
                          + "WHERE b.keys @> ARRAY[$1::bigint] AND t.key = $1",
                      key_of_id(id)))
    if (auto out = to_shown(row); transaction_id(out.encoded) == id) return out;
  return {};
}

namespace {

/// Heights of blocks that may have something of an account, newest first.
std::vector<std::uint64_t> find_heights(pqxx::work& tx, const account& who, std::uint64_t from,
                                        std::uint64_t to, std::size_t limit) {
  sql_array keys;
  for (auto window = from / window_blocks; window <= to / window_blocks; ++window)
    keys.add(key_of_account(who, window));
  std::vector<std::uint64_t> out;
  // Sorted apart, so that nobody thinks of reading the blocks backwards until enough have it.
  for (const auto& row :
       tx.exec_params("WITH found AS MATERIALIZED (SELECT height FROM chain_block "
                      "WHERE keys && $1::bigint[] AND height BETWEEN $2::bigint AND $3::bigint) "
                      "SELECT height FROM found ORDER BY height DESC LIMIT $4::bigint",
                      keys.text(), from, to, limit))
    out.push_back(row[0].as<std::uint64_t>());
  return out;
}

/// What the keys of these blocks say is of an account, before the cursor and newest first.
std::vector<chain::transaction_shown> read_found(pqxx::work& tx, const account& who,
                                                 std::span<const std::uint64_t> heights,
                                                 const cursor& before, std::size_t limit) {
  sql_array at, keys;
  for (auto height : heights) {
    at.add(height);
    keys.add(key_of_account(who, height / window_blocks));
  }
  std::vector<chain::transaction_shown> out;
  for (const auto& row :
       tx.exec_params(std::string{"SELECT "} + shown_columns
                          + " FROM (SELECT DISTINCT f.height, k.index FROM "
                            "unnest($1::bigint[], $2::bigint[]) AS f (height, key) "
                            "JOIN chain_block USING (height) "
                            "CROSS JOIN LATERAL unnest(keys, owners) AS k (key, index) "
                            "WHERE k.key = f.key "
                            "AND (f.height, k.index) < ($3::bigint, $4::bigint) "
                            "ORDER BY f.height DESC, k.index DESC LIMIT $5::bigint) t "
                            "JOIN chain_block b USING (height) "
                            "ORDER BY t.height DESC, t.index DESC",
                      at.text(), keys.text(), before.at, before.index, limit))
    out.push_back(to_shown(row));
  return out;
}

bool is_of(const account& who, const chain::transaction_shown& x) {
  return std::ranges::binary_search(accounts_of(x.encoded, x.receipt ? &*x.receipt : nullptr), who);
}

constexpr std::uint64_t windows_at_once_max = 256;

} // namespace

result<chain::history_page> read_history(pqxx::work& tx, const chain::get_history& x,
                                         std::size_t limit) {
  auto before = read_cursor(x.before);
  if (!before) return fail(ec::malformed, "before: not what a page gave as its `next`");
  chain::history_page out;
  const auto head = find_chain(tx);
  if (!head) return out;
  auto& found = out.transactions;
  const auto wanted = limit + 1;
  auto to = std::min(before->at, head->at.get());
  // Most accounts that are asked for were there lately; for others ever more is looked through.
  for (std::uint64_t windows = 1; found.size() < wanted;) {
    const auto missing = wanted - found.size();
    const auto window = to / window_blocks;
    const auto from = (window - std::min(window, windows - 1)) * window_blocks;
    const auto heights = find_heights(tx, x.of, from, to, missing);
    auto rows = read_found(tx, x.of, heights, *before, missing);
    const auto is_full = rows.size() == missing;
    if (is_full) before = cursor{rows.back().at->get(), rows.back().index};
    std::ranges::copy_if(std::move(rows), std::back_inserter(found),
                         [&](const auto& one) { return is_of(x.of, one); });
    if (is_full) {
      to = before->at;
      continue;
    }
    if (heights.empty()) windows = std::min(windows * 4, windows_at_once_max);
    const auto done_from = heights.size() < missing ? from : heights.back();
    if (done_from == 0) break;
    to = done_from - 1;
  }
  if (found.size() > limit) {
    found.resize(limit);
    const auto& last = found.back();
    out.next = std::to_string(last.at->get()) + "." + std::to_string(last.index);
  }
  return out;
}

result<receipts_part> read_receipts_of(pqxx::work& tx, const hash& transaction) {
  const auto found = find_transaction(tx, transaction);
  if (!found || !found->receipt) return not_here("the receipt");
  auto row = tx.exec_params1("SELECT seals, receipts, receipts_proof, "
                             "substring(block FROM 1 FOR head_size) AS head "
                             "FROM chain_block WHERE height = $1::bigint",
                             found->at->get());
  return receipts_part{decode<consensus::header>(row["head"]),
                       decode<consensus::certificate>(row["seals"]), found->index,
                       to_bytes(row["receipts"]), to_bytes(row["receipts_proof"])};
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
