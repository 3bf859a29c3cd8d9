#pragma once

#include "../storage/test_server.hpp"
#include "messages/runtime/slots.hpp"
#include "runtime/entity/entity_store.hpp"
#include "runtime/entity/slot_of.hpp"
#include "runtime/storage/migrate.hpp"

#include <pqxx/connection>
#include <pqxx/transaction>

#include <string>

namespace bpci::entity::test {

/// A database of the present schema with one member, who owns every slot.
struct database {
  std::string dsn = storage::test::fresh_database();
  incarnation self;
  slots::epoch_no epoch;

  database() {
    storage::migrate(dsn).value();
    self = join("node-1");
    give_to(self);
  }

  std::string sql(const std::string& text) const { return storage::test::query(dsn, text); }

  incarnation join(const std::string& member) const {
    auto no = sql("INSERT INTO member (member_id, link_host, link_port, http_address, state) "
                  "VALUES ('"
                  + member + "', '127.0.0.1', 1, '127.0.0.1:1', 'up') RETURNING incarnation");
    return incarnation{std::stoull(no)};
  }

  void give_to(incarnation owner) {
    sql("UPDATE slot SET owner = " + std::to_string(owner.get()) + ", epoch = epoch + 1");
    epoch = slots::epoch_no{std::stoull(sql("SELECT max(epoch) FROM slot"))};
  }

  [[nodiscard]] tenure as(const entity_ref& who) const { return {slot_of(who), epoch, self}; }
};

} // namespace bpci::entity::test
