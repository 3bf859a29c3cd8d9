#include "runtime/cluster/member_store.hpp"

#include "runtime/storage/sql.hpp"

#include <boost/describe/enum_from_string.hpp>

namespace bpci::cluster::store {

namespace {

member to_member(const pqxx::row& row) {
  member out;
  out.incarnation = incarnation{row["incarnation"].as<std::uint64_t>()};
  out.id = member_id{row["member_id"].as<std::string>()};
  out.link_host = row["link_host"].as<std::string>();
  out.link_port = row["link_port"].as<std::uint16_t>();
  out.http_address = row["http_address"].as<std::string>();
  boost::describe::enum_from_string(row["state"].c_str(), out.state);
  out.heartbeats = row["hb_seq"].as<std::uint64_t>();
  return out;
}

} // namespace

member join(pqxx::work& tx, member who) {
  tx.exec_params("UPDATE member SET state = 'dead', reason = 'replaced by a new incarnation' "
                 "WHERE member_id = $1 AND state IN ('joining', 'up', 'draining')",
                 who.id.get());
  auto row = tx.exec_params1("INSERT INTO member (member_id, link_host, link_port, http_address, "
                             "state) VALUES ($1, $2, $3, $4, 'up') RETURNING incarnation",
                             who.id.get(), who.link_host, int{who.link_port}, who.http_address);
  who.incarnation = incarnation{row[0].as<std::uint64_t>()};
  return who;
}

result<std::vector<member>> beat(pqxx::work& tx, incarnation self) {
  auto alive = tx.exec_params("UPDATE member SET hb_seq = hb_seq + 1 WHERE incarnation = $1 "
                              "AND state IN ('joining', 'up', 'draining')",
                              self.get());
  if (alive.affected_rows() == 0)
    return fail(ec::superseded, "this node was declared dead, or started a second time");
  std::vector<member> all;
  for (const auto& row : tx.exec("SELECT incarnation, member_id, link_host, link_port, "
                                 "http_address, state, hb_seq FROM member "
                                 "WHERE state IN ('joining', 'up', 'draining')"))
    all.push_back(to_member(row));
  return all;
}

bool bury(pqxx::work& tx, const member& who, const std::string& reason) {
  auto buried = tx.exec_params("UPDATE member SET state = 'dead', reason = $3 "
                               "WHERE incarnation = $1 AND hb_seq = $2 "
                               "AND state IN ('joining', 'up', 'draining')",
                               who.incarnation.get(), who.heartbeats, reason);
  return buried.affected_rows() == 1;
}

void leave(pqxx::work& tx, incarnation self) {
  tx.exec_params("UPDATE member SET state = 'left', reason = 'stopped' WHERE incarnation = $1 "
                 "AND state IN ('joining', 'up', 'draining')",
                 self.get());
}

} // namespace bpci::cluster::store
