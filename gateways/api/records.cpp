#include "gateways/api/records.hpp"

#include "gateways/api/access_store.hpp"
#include "gateways/api/api_actor.hpp"
#include "gateways/api/audit_store.hpp"
#include "runtime/storage/sql.hpp"

namespace bpci::gateway {

namespace {

constexpr auto query_max = std::chrono::milliseconds{2'000};

class database_records final : public records {
public:
  void enter_first_token(api_actor& self, std::string hash, answer<bool> then) const override {
    run<bool>(
        self, [hash](pqxx::work& tx) { return store::enter_first_token(tx, hash); },
        std::move(then));
  }

  void find_token(api_actor& self, std::string hash,
                  answer<std::optional<std::string>> then) const override {
    run<std::optional<std::string>>(
        self, [hash](pqxx::work& tx) { return store::find_token(tx, hash); }, std::move(then));
  }

  void begin_action(api_actor& self, audit::entry what, answer<std::uint64_t> then) const override {
    run<std::uint64_t>(
        self, [what](pqxx::work& tx) { return store::begin_action(tx, what); }, std::move(then));
  }

  void end_action(api_actor& self, std::uint64_t no, std::string result,
                  answer<> then) const override {
    run<void>(
        self, [no, result](pqxx::work& tx) { store::end_action(tx, no, result); }, std::move(then));
  }

  void list_actions(api_actor& self, audit::query what, answer<audit::page> then) const override {
    run<audit::page>(
        self, [what](pqxx::work& tx) { return store::list_actions(tx, what); }, std::move(then));
  }

private:
  template <class T, class F>
  static void run(api_actor& self, F what, answer<T> then) {
    auto pool = self.shared().find(path::pool);
    if (!pool) return then(bpci::fail(ec::unavailable, "the database"));
    auto bad = [then](const failure& why) { then(why); };
    auto pending = storage::run<T>(&self, pool, query_max, std::move(what));
    if constexpr (std::is_void_v<T>)
      std::move(pending).then([then] { then(result<>{}); }, bad);
    else
      std::move(pending).then([then](T x) { then(result<T>{std::move(x)}); }, bad);
  }
};

} // namespace

records_ptr records_in_database() {
  return std::make_shared<const database_records>();
}

} // namespace bpci::gateway
