#include "actors/ledger/block_rows.hpp"

#include "messages/codec/canonical.hpp"
#include "messages/ledger/coins.hpp"
#include "messages/ledger/transaction.hpp"

#include <algorithm>
#include <unordered_set>

namespace bpci::ledger {

namespace {

constexpr std::size_t length_bytes = 4;

/// Of a transaction: its id, who sends and who gets.
constexpr std::size_t keys_about = 3;

std::uint32_t small(std::size_t x) {
  return static_cast<std::uint32_t>(x);
}

/// The first fields of a transaction, without reading the rest of it.
struct first_fields {
  std::string chain_id;
  account sender{};
};

account sender_of(std::span<const std::uint8_t> encoded) {
  first_fields out;
  codec::canonical_reader in{encoded};
  in(out.chain_id);
  in(out.sender);
  return out.sender;
}

template <described Event>
std::optional<Event> event_of(const event& x) {
  if (x.kind != message_name(static_cast<const Event*>(nullptr))) return {};
  auto out = codec::from_canonical<Event>(x.body);
  if (!out) return {};
  return std::move(*out);
}

void add_accounts(const event& x, std::vector<account>& to) {
  if (x.module != "coins") return;
  if (auto moved = event_of<coins::moved>(x)) to.insert(to.end(), {moved->from, moved->to});
  if (auto minted = event_of<coins::minted>(x)) to.push_back(minted->to);
  if (auto burned = event_of<coins::burned>(x)) to.push_back(burned->from);
}

using places = std::vector<transaction_place>;

/// Where the transactions are in the bytes of the block.
places place_transactions(const std::vector<bytes>& all, block_row& to) {
  places out;
  out.reserve(all.size());
  auto at = std::size_t{to.head_size} + length_bytes;
  for (const auto& x : all) {
    at += length_bytes;
    out.push_back({small(at), small(x.size()), 0, 0});
    at += x.size();
  }
  to.tail_at = small(at);
  return out;
}

void place_receipts(std::span<const receipt> all, places& where, block_row& to) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto one = codec::to_canonical(all[i]);
    where[i].receipt_at = small(to.receipts.size());
    where[i].receipt_size = small(one.size());
    to.receipts.insert(to.receipts.end(), one.begin(), one.end());
  }
}

/// As the database reads eight bytes.
std::int64_t first_bytes(const std::array<std::uint8_t, 32>& x) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < sizeof out; ++i)
    out = out << 8 | x[i];
  return static_cast<std::int64_t>(out);
}

} // namespace

std::int64_t key_of_id(const hash& transaction) {
  return first_bytes(transaction);
}

std::int64_t key_of_account(const account& who, std::uint64_t window) {
  return first_bytes(who) ^ static_cast<std::int64_t>(window);
}

std::vector<account> accounts_of(std::span<const std::uint8_t> encoded, const receipt* what) {
  std::vector<account> out{sender_of(encoded)};
  if (what)
    for (const auto& x : what->events)
      add_accounts(x, out);
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

block_row to_row(const consensus::sealed_block& x, const hash& id,
                 const std::vector<consensus::validator>& validators,
                 std::span<const hash> transaction_ids, std::span<const receipt> receipts,
                 bytes proof) {
  const auto& all = x.what.transactions;
  block_row out;
  out.head = x.what.head;
  out.id = id;
  out.round = x.seals.round;
  out.transactions = small(all.size());
  out.head_size = small(codec::to_canonical(x.what.head).size());
  auto where = place_transactions(all, out);
  codec::canonical_writer block;
  constexpr std::size_t seals_about = 4'096;
  block.reserve(out.tail_at + seals_about);
  out.block = block(x.what).take();
  out.seals = codec::to_canonical(x.seals);
  out.validators = codec::to_canonical(stored_validators{validators});
  place_receipts(receipts, where, out);
  codec::canonical_writer all_places;
  for (const auto& one : where)
    all_places(one);
  out.places = all_places.take();
  out.receipts_proof = std::move(proof);
  const auto window = x.what.head.at.get() / window_blocks;
  out.keys.reserve(all.size() * keys_about);
  for (std::size_t i = 0; i < all.size(); ++i) {
    out.keys.push_back({key_of_id(transaction_ids[i]), small(i)});
    for (const auto& who : accounts_of(all[i], receipts.empty() ? nullptr : &receipts[i]))
      out.keys.push_back({key_of_account(who, window), small(i)});
  }
  return out;
}

consensus::sealed_block without_transactions(consensus::sealed_block x) {
  x.what.transactions.clear();
  return x;
}

result<consensus::block> from_head_and_tail(std::span<const std::uint8_t> head,
                                            std::span<const std::uint8_t> tail) {
  consensus::block out;
  codec::canonical_reader first{head};
  first(out.head);
  codec::canonical_reader second{tail};
  second(out.misbehaviour);
  second(out.parent_seals);
  second(out.late_seals);
  if (!first.done() || !second.done())
    return fail(ec::malformed, "not the header and the seals of a block");
  return out;
}

result<std::vector<receipt>> read_receipts(std::span<const std::uint8_t> data) {
  std::vector<receipt> out;
  codec::canonical_reader in{data};
  while (!in.done())
    if (!in(out.emplace_back())) return fail(ec::malformed, "not the receipts of a block");
  return out;
}

state_rows changes_between(const state_trie& before, const state_trie& now) {
  state_rows out;
  now.for_each_changed(before, [&](auto key, auto value) {
    out.rows.push_back({std::string{key}, bytes{value.begin(), value.end()}});
  });
  std::unordered_set<std::string_view> written;
  for (const auto& x : out.rows)
    written.insert(x.key);
  // What had a value before and is not written now is gone; what is written and had none is new.
  std::vector<state_row> gone;
  std::size_t replaced = 0;
  before.for_each_changed(now, [&](auto key, auto) {
    if (written.contains(key))
      ++replaced;
    else
      gone.push_back({std::string{key}, {}});
  });
  out.keys_more = static_cast<std::int64_t>(out.rows.size() - replaced)
                  - static_cast<std::int64_t>(gone.size());
  for (auto& x : gone)
    out.rows.push_back(std::move(x));
  return out;
}

} // namespace bpci::ledger
