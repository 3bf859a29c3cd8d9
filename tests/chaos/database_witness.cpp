#include "database_witness.hpp"

#include <pqxx/connection>
#include <pqxx/field>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <pqxx/row>
#include <pqxx/transaction>

namespace bpci::chaos {

namespace {

/// The lock keeps every owner as it is between the first rows and the trigger.
constexpr auto install = R"(
CREATE TABLE chaos_event (
  seq    bigserial PRIMARY KEY,
  what   text    NOT NULL,
  slot   integer NOT NULL,
  epoch  bigint  NOT NULL,
  owner  text    NOT NULL,
  entity text    NOT NULL
);
CREATE FUNCTION chaos_tag(incarnation_of bigint) RETURNS text LANGUAGE sql AS $$
  SELECT COALESCE((SELECT session_tag FROM member WHERE incarnation = incarnation_of), '')
$$;
CREATE FUNCTION chaos_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.epoch <> OLD.epoch OR NEW.owner IS DISTINCT FROM OLD.owner THEN
    INSERT INTO chaos_event (what, slot, epoch, owner, entity)
      VALUES ('claim', NEW.slot, NEW.epoch, chaos_tag(NEW.owner), '');
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION chaos_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO chaos_event (what, slot, epoch, owner, entity)
    VALUES ('commit', NEW.slot, 0, current_setting('application_name'), NEW.kind || '/' || NEW.id);
  RETURN NULL;
END $$;
LOCK TABLE slot IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO chaos_event (what, slot, epoch, owner, entity)
  SELECT 'claim', slot, epoch, chaos_tag(owner), '' FROM slot ORDER BY slot;
CREATE TRIGGER chaos_claim AFTER UPDATE ON slot
  FOR EACH ROW EXECUTE FUNCTION chaos_claim();
CREATE CONSTRAINT TRIGGER chaos_commit AFTER INSERT ON inbox
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos_commit();
)";

constexpr auto versions = R"(
SELECT e.kind || '/' || e.id, count(i.key), count(DISTINCT i.version), COALESCE(max(i.version), 0),
       e.version
  FROM entity e LEFT JOIN inbox i USING (kind, id)
 WHERE e.kind IN ('probe', 'probe-sink')
 GROUP BY e.kind, e.id, e.version ORDER BY 1
)";

} // namespace

void install_witness(const std::string& dsn) {
  pqxx::connection connection{dsn};
  pqxx::work tx{connection};
  tx.exec(install);
  tx.commit();
}

std::vector<ownership_event> read_ownership(const std::string& dsn) {
  pqxx::connection connection{dsn};
  pqxx::nontransaction session{connection};
  std::vector<ownership_event> out;
  for (const auto& row :
       session.exec("SELECT seq, what, slot, epoch, owner, entity FROM chaos_event ORDER BY seq")) {
    const auto claim = row[1].as<std::string>() == "claim";
    out.push_back({.seq = row[0].as<std::uint64_t>(),
                   .what = claim ? ownership_event::kind::claim : ownership_event::kind::commit,
                   .slot = row[2].as<unsigned>(),
                   .epoch = row[3].as<std::uint64_t>(),
                   .owner = row[4].as<std::string>(),
                   .entity = row[5].as<std::string>()});
  }
  return out;
}

std::vector<version_row> read_versions(const std::string& dsn) {
  pqxx::connection connection{dsn};
  pqxx::nontransaction session{connection};
  std::vector<version_row> out;
  for (const auto& row : session.exec(versions))
    out.push_back({row[0].as<std::string>(), row[1].as<std::uint64_t>(), row[2].as<std::uint64_t>(),
                   row[3].as<std::uint64_t>(), row[4].as<std::uint64_t>()});
  return out;
}

} // namespace bpci::chaos
