#include "actors/ledger/ledger_actor.hpp"
#include "actors/ledger/receipts.hpp"
#include "messages/chain/paths.hpp"

#include <algorithm>

/// What LEDGER answers; it changes nothing.
namespace bpci::ledger {

namespace {

constexpr std::uint64_t blocks_default = 20;
constexpr std::uint64_t blocks_max = 100;
constexpr std::uint64_t history_default = 50;
constexpr std::uint64_t history_max = 500;

/// Of read_blocks, whatever is asked for.
constexpr std::uint32_t range_max = 1'000;

std::uint64_t page_size(std::uint64_t asked, std::uint64_t fallback, std::uint64_t most) {
  return asked == 0 ? fallback : std::min(asked, most);
}

/// For what the query has answered already.
constexpr auto as_it_is = [](auto x) { return x; };

using parts = std::vector<store::block_part>;

result<chain::final_header> to_final(const parts& found, const height& at,
                                     const consensus::chain_head& head) {
  if (found.empty() || found[0].what.head.at != at || found[0].validators.empty())
    return fail(ec::not_found, "the header of block " + std::to_string(at.get()) + " is not here");
  chain::final_header out{found[0].what.head, found[0].seals, found[0].validators, {}};
  if (found.size() > 1)
    out.next_validators = found[1].validators;
  else if (head.head.at == at)
    out.next_validators = head.validators;
  if (out.next_validators.empty())
    return fail(ec::not_found,
                "the validators behind block " + std::to_string(at.get()) + " are not known here");
  return out;
}

} // namespace

caf::message_handler ledger_actor::question_handlers() {
  return caf::message_handler{
      [this](const chain::get_past& x) { return find_past(x.at); },
      [this](const chain::read_header& x) { return find_header(x.at); },
      [this](const chain::read_blocks& x) {
        const auto limit = std::clamp(x.limit, std::uint32_t{1}, range_max);
        return look_up<chain::block_range, std::vector<bytes>>(
            [x, limit](pqxx::work& tx) {
              return store::read_blocks(tx, x.from, limit, x.bytes_max);
            },
            [from = x.from](std::vector<bytes> all) {
              return chain::block_range{from, std::move(all)};
            });
      },
      [this](const chain::find_snapshot&) {
        using found = std::optional<snapshot_manifest>;
        return look_up<chain::snapshot_here, found>(
            store::find_snapshot, [](found x) -> result<chain::snapshot_here> {
              if (!x) return fail(ec::not_found, "there is no snapshot yet");
              return chain::snapshot_here{std::move(*x)};
            });
      },
      [this](const chain::read_chunk& x) {
        using found = std::optional<bytes>;
        return look_up<chain::chunk_here, found>(
            [x](pqxx::work& tx) { return store::read_chunk(tx, x.of, x.index); },
            [](found data) -> result<chain::chunk_here> {
              if (!data) return fail(ec::not_found, "there is no such chunk");
              return chain::chunk_here{std::make_shared<const bytes>(std::move(*data))};
            });
      },
  }
      .or_else(caf::message_handler{
          [this](const chain::get_overview&) { return overview(); },
          [this](const chain::get_block& x) { return show_block(x); },
          [this](const chain::list_blocks& x) {
            return look_up<chain::block_page, chain::block_page>(
                [x](pqxx::work& tx) {
                  return store::list_blocks(tx, x.before,
                                            page_size(x.limit, blocks_default, blocks_max));
                },
                as_it_is);
          },
          [this](const chain::get_transaction& x) { return show_transaction(x.id); },
          [this](const chain::get_history& x) {
            return look_up<chain::history_page, chain::history_page>(
                [x](pqxx::work& tx) {
                  return store::read_history(tx, x,
                                             page_size(x.limit, history_default, history_max));
                },
                as_it_is);
          },
          [this](const chain::ask_module& x) { return ask_a_module(x); },
          [this](const chain::prove_state& x) { return prove(x); },
          [this](const chain::prove_receipt& x) { return prove(x); },
      });
}

caf::result<chain::past_height> ledger_actor::find_past(height at) {
  if (!tip_) return to_caf(still_loading());
  for (const auto& x : tip_->position().recent)
    if (x.at == at) return x;
  return look_up<chain::past_height, parts>(
      [at](pqxx::work& tx) { return store::read_parts(tx, at, 1); },
      [at](parts found) -> result<chain::past_height> {
        if (found.empty() || found[0].what.head.at != at || found[0].validators.empty())
          return fail(ec::not_found, "block " + std::to_string(at.get()) + " is not here");
        auto& x = found[0];
        return chain::past_height{at, x.id, x.what.head.time, std::move(x.validators)};
      });
}

caf::result<chain::final_header> ledger_actor::find_header(height at) {
  return look_up<chain::final_header, parts>(
      [at](pqxx::work& tx) { return store::read_parts(tx, at, 2); },
      [this, at](const parts& found) { return to_final(found, at, tip_->head()); });
}

caf::result<chain::chain_overview> ledger_actor::overview() const {
  if (!tip_) return to_caf(still_loading());
  const auto& head = tip_->head();
  return chain::chain_overview{.chain_id = row_.chain_id,
                               .at = row_.at,
                               .id = row_.id,
                               .state_root = head.head.state_root,
                               .genesis = row_.genesis,
                               .time = head.head.time,
                               .blocks_here = row_.at.get() - row_.first.get() + 1,
                               .transactions = row_.transactions,
                               .accounts = tip_->keys(),
                               .validators = head.validators};
}

caf::result<chain::block_shown> ledger_actor::show_block(const chain::get_block& x) {
  if (!x.at && !x.id) return to_caf(ec::invalid_argument, "at or id: which block?");
  return look_up<chain::block_shown, chain::block_shown>(
      [x](pqxx::work& tx) { return store::find_block(tx, x); }, as_it_is);
}

caf::result<chain::transaction_shown> ledger_actor::show_transaction(const hash& id) {
  auto pool = how_->find(how_->pool);
  if (!tip_) return to_caf(still_loading());
  if (!pool) return to_caf(ec::unavailable, "the database");
  auto answer = make_response_promise<chain::transaction_shown>();
  using found = std::optional<chain::transaction_shown>;
  storage::run<found>(this, pool, query_max,
                      [id](pqxx::work& tx) { return store::find_transaction(tx, id); })
      .then(
          [this, id, answer](found x) mutable {
            if (x)
              answer.deliver(std::move(*x));
            else
              show_waiting(id, answer);
          },
          [answer](const failure& why) mutable { answer.deliver(to_caf(why)); });
  return answer;
}

void ledger_actor::show_waiting(const hash& id, promise<chain::transaction_shown> answer) {
  auto mempool = how_->find(chain::path::mempool);
  if (!mempool) {
    answer.deliver(to_caf(ec::not_found, "it is in no block that is here"));
    return;
  }
  ask<waiting_transaction>(
      mempool, mempool_max, find_waiting{id},
      [answer](const waiting_transaction& x) mutable {
        chain::transaction_shown out;
        out.encoded = x.encoded;
        answer.deliver(std::move(out));
      },
      [answer](const failure&) mutable {
        answer.deliver(to_caf(ec::not_found, "it is in no block that is here, and does not wait"));
      });
}

caf::result<chain::module_answer> ledger_actor::ask_a_module(const chain::ask_module& x) const {
  if (!tip_) return to_caf(still_loading());
  auto body = query(how_->modules, tip_->state(), x.module, x.kind, x.body);
  if (!body) return to_caf(body.error());
  return chain::module_answer{row_.at, std::move(*body)};
}

caf::result<chain::state_proven> ledger_actor::prove(const chain::prove_state& x) const {
  if (!tip_) return to_caf(still_loading());
  if (x.key.empty() || x.key.size() > state_key_bytes_max)
    return to_caf(ec::invalid_argument,
                  "key: 1 to " + std::to_string(state_key_bytes_max) + " bytes");
  const auto& head = tip_->head();
  chain::state_proven out{head.head, head.seals, x.key, {}, tip_->state().prove(x.key)};
  if (auto value = tip_->state().find(x.key)) out.value.emplace(value->begin(), value->end());
  return out;
}

caf::result<chain::receipt_proven> ledger_actor::prove(const chain::prove_receipt& x) {
  return look_up<chain::receipt_proven, store::receipts_part>(
      [x](pqxx::work& tx) { return store::read_receipts_of(tx, x.transaction); },
      [](store::receipts_part found) -> result<chain::receipt_proven> {
        auto all = read_receipts(found.receipts);
        if (!all) return fail(ec::storage_failed, all.error().detail);
        auto common = decode_receipt_proof(found.proof);
        if (!common || found.index >= all->size())
          return fail(ec::storage_failed, "the proof of the block's receipts is damaged");
        auto proof = prove_receipt(std::move(*common), *all, found.index);
        return chain::receipt_proven{found.head, found.seals, std::move((*all)[found.index]),
                                     std::move(proof)};
      });
}

} // namespace bpci::ledger
