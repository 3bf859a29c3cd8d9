#include "gateways/wallet/wallet_actor.hpp"

#include "gateways/chain/chain_json.hpp"
#include "gateways/wallet/transfer.hpp"
#include "messages/chain/paths.hpp"
#include "messages/chain/pool.hpp"
#include "messages/chain/questions.hpp"
#include "messages/codec/json.hpp"
#include "messages/inspect_fields.hpp"
#include "messages/ledger/coins.hpp"
#include "runtime/crypto/hex.hpp"
#include "runtime/log/log.hpp"
#include "runtime/time/clock.hpp"

#include <algorithm>

namespace bpci::gateway::wallet {

namespace {

constexpr auto chain_max = std::chrono::milliseconds{5'000};
constexpr auto key_max = std::chrono::milliseconds{8'000};

constexpr std::uint64_t page_default = 100;
constexpr std::uint64_t page_max = 1'000;

failure no_wallet(const std::string& name) {
  return {ec::not_found, "no wallet " + name.substr(0, 64)};
}

/// What a chain says of a transaction that was sent before, and of which nothing is known.
failure never_arrived(const failure& why) {
  return {why.code, "the stored transaction can't be in a block any more (" + why.detail
                        + "); use a new Idempotency-Key"};
}

template <class Promise>
void refuse(Promise& to, const failure& why) {
  to.deliver(to_caf(why));
}

} // namespace

// -- one order -----------------------------------------------------------------------------

/// An order on its way: each step calls the next, and ends it by `done` or `failed`, once.
class wallet_actor::transfer : public std::enable_shared_from_this<transfer> {
public:
  using promise = caf::typed_response_promise<transfer_made>;

  transfer(wallet_actor& self, transfer_order what, promise answer)
      : self_(self), what_(std::move(what)), answer_(std::move(answer)) {}

  [[nodiscard]] const std::string& wallet() const noexcept { return what_.from; }

  void begin() {
    records().find_transfer(self_, what_.key, then<std::optional<transfer_row>>([this](auto& row) {
                              if (row) return repeat(*row);
                              load();
                            }));
  }

  void failed(const failure& why) {
    if (std::exchange(over_, true)) return;
    ++self_.refused_;
    refuse(answer_, why);
    self_.ended(what_.from);
  }

private:
  [[nodiscard]] const book& records() const noexcept { return *self_.records_; }

  /// A handler that goes on with a value, or ends the order.
  template <class T, class F>
  book::answer<T> then(F next) {
    return [held = shared_from_this(), next](const result<T>& x) {
      if (!x) return held->failed(x.error());
      next(*x);
    };
  }

  template <class Reply, class Message, class F>
  void ask(const char* where, std::chrono::milliseconds deadline, Message question, F next) {
    ask<Reply>(where, deadline, std::move(question), std::move(next),
               [this](const failure& why) { failed(why); });
  }

  template <class Reply, class Message, class F, class G>
  void ask(const char* where, std::chrono::milliseconds deadline, Message question, F next, G bad) {
    auto target = self_.shared().find(where);
    if (!target) return bad(failure{ec::unavailable, std::string{where} + " is not here"});
    self_.ask<Reply>(
        target, deadline, std::move(question),
        [held = shared_from_this(), next](const Reply& x) { next(x); },
        [held = shared_from_this(), bad](const failure& why) { bad(why); });
  }

  template <class Reply, class Message, class F>
  void ask_chain(Message question, F next) {
    ask<Reply>(chain::path::keeper, chain_max, std::move(question), std::move(next));
  }

  // -- the same order again ------------------------------------------------------------------

  void repeat(const transfer_row& row) {
    if (row.request != request_hash(what_))
      return failed({ec::invalid_argument, "this Idempotency-Key was used for another transfer"});
    made_ = {row.id, row.encoded, true};
    ask<chain::transaction_shown>(
        chain::path::keeper, chain_max, chain::get_transaction{row.id},
        [this](const chain::transaction_shown&) { done(); },
        [this](const failure& why) {
          if (why.code != ec::not_found) return failed(why);
          send([this](const failure& last) {
            // Never made anew under this key: the first may still be in a block of which this node
            // does not know yet.
            failed(is_final(last.code) ? never_arrived(last) : last);
          });
        });
  }

  // -- a new one -----------------------------------------------------------------------------

  void load() {
    records().find(self_, what_.from, then<std::optional<wallet_row>>([this](auto& row) {
                     if (!row) return failed(no_wallet(what_.from));
                     from_ = row->line.address;
                     auto sealed = crypto::read_keystore(row->keystore);
                     if (!sealed) return failed({ec::internal, sealed.error().detail});
                     sealed_ = *sealed;
                     find_receiver();
                   }));
  }

  void find_receiver() {
    if (crypto::read_hex(what_.to, to_)) return check_attempts();
    records().find(
        self_, what_.to, then<std::optional<wallet_row>>([this](auto& row) {
          if (!row)
            return failed({ec::not_found,
                           "to: neither an address of 64 hex digits nor a wallet of this cluster"});
          to_ = row->line.address;
          check_attempts();
        }));
  }

  void check_attempts() {
    if (auto wait = self_.attempts_.wait(what_.from, steady_now()))
      return failed({ec::rate_limited, "too many wrong passphrases; again in "
                                           + std::to_string(wait->count() / 1'000 + 1) + " s"});
    ask_chain<chain::chain_overview>(chain::get_overview{}, [this](const auto& x) {
      at_.chain_id = x.chain_id;
      at_.at = x.at;
      find_nonce();
    });
  }

  void find_nonce() {
    ask_chain<chain::nonce_free>(chain::find_nonce{from_}, [this](const auto& x) {
      at_.nonce = x.next;
      find_fee();
    });
  }

  void find_fee() {
    ask_chain<chain::state_proven>(
        chain::prove_state{"ledger/parameters"}, [this](const chain::state_proven& x) {
          ledger::parameter_values set;
          if (x.value) {
            auto read = codec::from_canonical<ledger::parameter_values>(*x.value);
            if (!read) return failed({ec::internal, read.error().detail});
            set = std::move(*read);
          }
          const auto& known = self_.shared().parameters;
          at_.fee_base = parameter_of("ledger.fee_base", set, known);
          at_.fee_per_byte = parameter_of("ledger.fee_per_byte", set, known);
          make();
        });
  }

  void make() {
    auto x = make_transfer(what_, from_, to_, at_);
    if (!x) return failed(x.error());
    draft_ = std::move(*x);
    const ledger::coins::get_account question{from_};
    ask_chain<chain::module_answer>(
        chain::ask_module{"coins", std::string{message_name(&question)},
                          codec::to_canonical(question)},
        [this](const chain::module_answer& got) {
          auto has = codec::from_canonical<ledger::coins::account_answer>(got.body);
          if (!has) return failed({ec::internal, has.error().detail});
          const std::array coins{ledger::to_coin(has->has.gen), ledger::to_coin(has->has.nex),
                                 ledger::to_coin(has->has.flx), ledger::to_coin(has->has.aur)};
          if (auto enough = check_funds(what_, draft_.fee, coins); !enough)
            return failed(enough.error());
          sign();
        });
  }

  void sign() {
    ask<signature_made>(
        path::key_worker, key_max,
        sign_with_key{sealed_, what_.secret, ledger::signing_bytes(draft_), steady_now() + key_max},
        [this](const signature_made& x) {
          self_.attempts_.succeeded(what_.from);
          draft_.sig = x.sig;
          keep();
        },
        [this](const failure& why) {
          if (why.code == ec::not_permitted) {
            self_.attempts_.failed(what_.from, steady_now());
            log::warn("wallet-passphrase-wrong", {{"wallet", what_.from}});
          }
          failed(why);
        });
  }

  /// On record before it is sent: whoever asks again gets this one and no other.
  void keep() {
    what_.secret.reset();
    auto encoded = codec::to_canonical(draft_);
    const auto id = transaction_id(encoded);
    transfer_row row{what_.key, what_.from, request_hash(what_), id, std::move(encoded)};
    records().keep(self_, std::move(row), then<transfer_row>([this, id](const transfer_row& kept) {
                     // Another member was asked the same, and was faster.
                     if (kept.id != id) return repeat(kept);
                     made_ = {kept.id, kept.encoded, false};
                     send([this](const failure& why) { take_back(why); });
                   }));
  }

  void send(std::function<void(const failure&)> bad) {
    ask<chain::transaction_taken>(
        chain::path::keeper, chain_max, chain::submit_transaction{made_.encoded},
        [this](const chain::transaction_taken&) { done(); }, std::move(bad));
  }

  /// What was refused at once, and was never sent before, is as if it had not been ordered. After a
  /// timeout nobody knows: it stays, and the order again sends it again.
  void take_back(const failure& why) {
    if (!is_final(why.code)) return failed(why);
    records().forget(self_, what_.key,
                     [held = shared_from_this(), why](const result<>&) { held->failed(why); });
  }

  void done() {
    if (std::exchange(over_, true)) return;
    if (!made_.repeated) ++self_.made_;
    answer_.deliver(made_);
    self_.ended(what_.from);
  }

  wallet_actor& self_;
  transfer_order what_;
  promise answer_;
  bool over_ = false;
  ledger::account from_{}, to_{};
  crypto::keystore sealed_;
  outlook at_;
  ledger::transaction draft_;
  transfer_made made_;
};

// -- the actor -----------------------------------------------------------------------------

wallet_actor::wallet_actor(caf::actor_config& cfg, context_ptr shared, book_ptr records)
    : actor_base(cfg), shared_(std::move(shared)), records_(std::move(records)) {}

caf::behavior wallet_actor::make_behavior() {
  return {
      [this](const create_wallet& x) { return create(x); },
      [this](const list_wallets& x) { return list(x); },
      [this](const find_wallet& x) { return find(x); },
      [this](const transfer_order& x) { return order(x); },
      [this](const find_transfer& x) { return find_made(x); },
  };
}

void wallet_actor::on_exit() {
  queues_.clear();
}

caf::result<wallet_line> wallet_actor::create(const create_wallet& x) {
  auto promise = make_response_promise<wallet_line>();
  auto failed = [promise](const failure& why) mutable { refuse(promise, why); };
  if (in_hand_ >= orders_max) {
    failed({ec::busy, "too many wallets are worked on"});
    return promise;
  }
  auto worker = shared_->find(path::key_worker);
  if (!worker) {
    failed({ec::restarted, path::key_worker});
    return promise;
  }
  ++in_hand_;
  auto bad = [this, failed](const failure& why) mutable {
    --in_hand_;
    failed(why);
  };
  // The name is looked up first: a key takes a second.
  auto make = [this, x, promise, worker, bad]() mutable {
    ask<key_made>(
        worker, key_max, make_key{x.secret, steady_now() + key_max},
        [this, x, promise, bad](const key_made& made) mutable {
          wallet_row row{{x.name, made.sealed.address.bytes, wall_now()},
                         crypto::to_text(made.sealed)};
          records_->add(*this, row,
                        [this, promise, bad, line = row.line](const result<bool>& added) mutable {
                          if (!added) return bad(added.error());
                          if (!*added) return bad({ec::conflict, "there is a wallet " + line.name});
                          --in_hand_;
                          log::info("wallet-made", {{"wallet", line.name}});
                          promise.deliver(line);
                        });
        },
        bad);
  };
  records_->find(*this, x.name,
                 [x, bad, make](const result<std::optional<wallet_row>>& there) mutable {
                   if (!there) return bad(there.error());
                   if (*there) return bad({ec::conflict, "there is a wallet " + x.name});
                   make();
                 });
  return promise;
}

caf::result<wallet_page> wallet_actor::list(const list_wallets& x) {
  auto promise = make_response_promise<wallet_page>();
  auto asked = x;
  asked.limit = x.limit == 0 ? page_default : std::min(x.limit, page_max);
  records_->list(*this, asked, [promise](const result<wallet_page>& page) mutable {
    if (!page) return refuse(promise, page.error());
    promise.deliver(*page);
  });
  return promise;
}

caf::result<wallet_line> wallet_actor::find(const find_wallet& x) {
  auto promise = make_response_promise<wallet_line>();
  records_->find(*this, x.name, [promise, x](const result<std::optional<wallet_row>>& row) mutable {
    if (!row) return refuse(promise, row.error());
    if (!*row) return refuse(promise, no_wallet(x.name));
    promise.deliver((*row)->line);
  });
  return promise;
}

caf::result<transfer_row> wallet_actor::find_made(const find_transfer& x) {
  auto promise = make_response_promise<transfer_row>();
  records_->find_transfer_by_id(
      *this, x.id, [promise](const result<std::optional<transfer_row>>& row) mutable {
        if (!row) return refuse(promise, row.error());
        if (!*row) return refuse(promise, {ec::not_found, "no transfer of this cluster's wallets"});
        promise.deliver(**row);
      });
  return promise;
}

caf::result<transfer_made> wallet_actor::order(const transfer_order& x) {
  auto promise = make_response_promise<transfer_made>();
  if (in_hand_ >= orders_max) {
    refuse(promise, {ec::busy, "too many transfers are being made"});
    return promise;
  }
  ++in_hand_;
  auto made = std::make_shared<transfer>(*this, x, promise);
  auto& queue = queues_[x.from];
  queue.push_back(made);
  if (queue.size() == 1) made->begin();
  return promise;
}

void wallet_actor::ended(const std::string& wallet) {
  const auto name = wallet; // the order that it belongs to goes
  --in_hand_;
  auto found = queues_.find(name);
  if (found == queues_.end()) return;
  found->second.pop_front();
  if (found->second.empty()) {
    queues_.erase(found);
    return;
  }
  auto next = found->second.front();
  next->begin();
}

std::string wallet_actor::describe() const {
  return codec::to_text({{"in_hand", in_hand_},
                         {"made", made_},
                         {"refused", refused_},
                         {"wallets_with_wrong_passphrases", attempts_.size()}});
}

} // namespace bpci::gateway::wallet

BPCI_CAF_CODEC(bpci::gateway::wallet::wallet_line)
BPCI_CAF_CODEC(bpci::gateway::wallet::wallet_page)
