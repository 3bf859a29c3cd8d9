#include "actors/interapp/interapp_store.hpp"

#include "messages/codec/msgpack.hpp"
#include "runtime/storage/sql.hpp"

namespace bpci::interapp::store {

namespace {

template <class T>
T read_state(const pqxx::field& x) {
  auto out = codec::from_msgpack<T>(storage::to_bytes(x));
  if (!out) throw storage::refused({ec::storage_failed, to_string(out.error())});
  return std::move(*out);
}

std::optional<bytes> load_state(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return storage::to_bytes(rows[0][0]);
}

class apps final : public entity::state_table {
public:
  std::optional<bytes> load(pqxx::work& tx, const std::string& id) const override {
    return load_state(tx.exec_params("SELECT state FROM inter_app WHERE app_id = $1", id));
  }

  void save(pqxx::work& tx, const std::string& id, const bytes& state) const override {
    const auto x = codec::from_msgpack<app_record>(state).value();
    tx.exec_params0("INSERT INTO inter_app (app_id, app_type, state) VALUES ($1, $2, $3) "
                    "ON CONFLICT (app_id) DO UPDATE SET app_type = excluded.app_type, "
                    "state = excluded.state",
                    id, x.app_type, storage::to_bytea(state));
  }
};

class agreements final : public entity::state_table {
public:
  std::optional<bytes> load(pqxx::work& tx, const std::string& id) const override {
    return load_state(
        tx.exec_params("SELECT state FROM inter_app_agreement WHERE agreement_id = $1", id));
  }

  void save(pqxx::work& tx, const std::string& id, const bytes& state) const override {
    const auto x = codec::from_msgpack<agreement>(state).value();
    tx.exec_params0("INSERT INTO inter_app_agreement (agreement_id, app1, app2, status, state) "
                    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (agreement_id) DO UPDATE SET "
                    "status = excluded.status, state = excluded.state",
                    id, x.terms.app1.app_id.get(), x.terms.app2.app_id.get(),
                    std::string{boost::describe::enum_to_string(x.state, "")},
                    storage::to_bytea(state));
  }
};

} // namespace

entity::state_table_ptr app_table() {
  return std::make_shared<const apps>();
}

entity::state_table_ptr agreement_table() {
  return std::make_shared<const agreements>();
}

app_page list_apps(pqxx::work& tx, const interapp::list_apps& what) {
  app_page out;
  for (const auto& row : tx.exec_params("SELECT state FROM inter_app WHERE app_id > $1 "
                                        "AND ($2 = '' OR app_type = $2) ORDER BY app_id LIMIT $3",
                                        what.after.get(), what.type, what.limit + 1))
    out.apps.push_back(read_state<app_record>(row[0]));
  if (out.apps.size() > what.limit) {
    out.apps.resize(what.limit);
    out.next = out.apps.back().app_id;
  }
  return out;
}

agreement_page list_agreements(pqxx::work& tx, const interapp::list_agreements& what) {
  agreement_page out;
  for (const auto& row :
       tx.exec_params("SELECT state FROM inter_app_agreement WHERE agreement_id > $1 "
                      "AND ($2 = '' OR app1 = $2 OR app2 = $2) AND ($3 = '' OR status = $3) "
                      "ORDER BY agreement_id LIMIT $4",
                      what.after.get(), what.app.get(), what.state, what.limit + 1))
    out.agreements.push_back(read_state<agreement>(row[0]));
  if (out.agreements.size() > what.limit) {
    out.agreements.resize(what.limit);
    out.next = out.agreements.back().agreement_id;
  }
  return out;
}

counts count(pqxx::work& tx) {
  const auto row = tx.exec1("SELECT (SELECT count(*) FROM inter_app), "
                            "count(*) FILTER (WHERE status = 'proposed'), "
                            "count(*) FILTER (WHERE status = 'active'), "
                            "count(*) FILTER (WHERE status = 'expired'), "
                            "count(*) FILTER (WHERE status = 'revoked') FROM inter_app_agreement");
  return {row[0].as<std::uint64_t>(), row[1].as<std::uint64_t>(), row[2].as<std::uint64_t>(),
          row[3].as<std::uint64_t>(), row[4].as<std::uint64_t>()};
}

} // namespace bpci::interapp::store
