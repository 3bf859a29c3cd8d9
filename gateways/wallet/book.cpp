#include "gateways/wallet/book.hpp"

#include "gateways/wallet/wallet_actor.hpp"
#include "gateways/wallet/wallet_store.hpp"
#include "runtime/storage/sql.hpp"

namespace bpci::gateway::wallet {

namespace {

constexpr auto query_max = std::chrono::milliseconds{2'000};

class book_of_database final : public book {
public:
  void add(wallet_actor& self, wallet_row what, answer<bool> then) const override {
    run<bool>(
        self, [what](pqxx::work& tx) { return store::add(tx, what); }, std::move(then));
  }

  void find(wallet_actor& self, std::string name,
            answer<std::optional<wallet_row>> then) const override {
    run<std::optional<wallet_row>>(
        self, [name](pqxx::work& tx) { return store::find(tx, name); }, std::move(then));
  }

  void list(wallet_actor& self, list_wallets what, answer<wallet_page> then) const override {
    run<wallet_page>(
        self, [what](pqxx::work& tx) { return store::list(tx, what); }, std::move(then));
  }

  void find_transfer(wallet_actor& self, std::string key,
                     answer<std::optional<transfer_row>> then) const override {
    run<std::optional<transfer_row>>(
        self, [key](pqxx::work& tx) { return store::find_transfer(tx, key); }, std::move(then));
  }

  void find_transfer_by_id(wallet_actor& self, ledger::hash id,
                           answer<std::optional<transfer_row>> then) const override {
    run<std::optional<transfer_row>>(
        self, [id](pqxx::work& tx) { return store::find_transfer_by_id(tx, id); }, std::move(then));
  }

  void keep(wallet_actor& self, transfer_row what, answer<transfer_row> then) const override {
    run<transfer_row>(
        self, [what](pqxx::work& tx) { return store::keep(tx, what); }, std::move(then));
  }

  void forget(wallet_actor& self, std::string key, answer<> then) const override {
    run<void>(
        self, [key](pqxx::work& tx) { store::forget(tx, key); }, std::move(then));
  }

private:
  template <class T, class F>
  static void run(wallet_actor& self, F what, answer<T> then) {
    auto pool = self.shared().find(path::pool);
    if (!pool) return then(fail(ec::unavailable, "the database"));
    auto bad = [then](const failure& why) { then(why); };
    auto pending = storage::run<T>(&self, pool, query_max, std::move(what));
    if constexpr (std::is_void_v<T>)
      std::move(pending).then([then] { then(result<>{}); }, bad);
    else
      std::move(pending).then([then](T x) { then(result<T>{std::move(x)}); }, bad);
  }
};

} // namespace

book_ptr book_in_database() {
  return std::make_shared<const book_of_database>();
}

} // namespace bpci::gateway::wallet
