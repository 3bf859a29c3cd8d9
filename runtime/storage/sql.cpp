#include "runtime/storage/sql.hpp"

#include "runtime/log/log.hpp"

#include <caf/make_message.hpp>
#include <pqxx/array>

#include <string_view>

namespace bpci::storage {

namespace {

/// "ERROR:  duplicate key value violates unique constraint "x"" without the prefix.
std::string first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  if (auto at = text.find(":  "); at != std::string_view::npos) text.remove_prefix(at + 3);
  return std::string{text};
}

/// The columns in "DETAIL:  Key (a, b)=(1, 2) already exists.", not the values.
std::string columns(std::string_view text) {
  constexpr auto before = std::string_view{"DETAIL:  Key ("};
  auto from = text.find(before);
  if (from == std::string_view::npos) return {};
  from += before.size();
  auto to = text.find(")=(", from);
  if (to == std::string_view::npos) return {};
  return ", columns " + std::string{text.substr(from, to - from)};
}

/// By SQLSTATE: PostgreSQL 15 documentation, appendix A.
failure from_sqlstate(const pqxx::sql_error& what) {
  auto state = std::string_view{what.sqlstate()};
  auto text = std::string_view{what.what()};
  if (state.starts_with("23")) return fail(ec::conflict, first_line(text) + columns(text));
  if (state == "57014") return fail(ec::timeout, "the database took longer than allowed");
  if (state == "55P03") return fail(ec::busy, "a lock in the database is taken");
  if (state == "53100") return fail(ec::unavailable, "the disk of the database is full");
  if (state == "25006") return fail(ec::unavailable, "the database is read-only, a standby");
  // 53: out of something, 57P: stopped by an operator, 58: the system below. All of these pass.
  if (state.starts_with("57P") || state.starts_with("53") || state.starts_with("58"))
    return fail(ec::unavailable, first_line(text));
  if (state.starts_with("22"))
    return fail(ec::invalid_argument, "the database refuses a value: class " + std::string{state});
  log::error("sql-failed", {{"sqlstate", state}, {"why", first_line(text)}});
  return fail(ec::internal, "SQLSTATE " + std::string{state});
}

} // namespace

caf::message detail::in_a_message(job_ptr what) {
  return caf::make_message(std::move(what));
}

bool detail::is_job(const caf::type_erased_tuple& x) {
  return x.match_elements<job_ptr>();
}

failure to_failure(const std::exception_ptr& what) {
  try {
    std::rethrow_exception(what);
  } catch (const refused& e) {
    return e.why();
  } catch (const pqxx::in_doubt_error&) {
    return fail(ec::timeout, "the connection broke during the commit, its effect is unknown");
  } catch (const pqxx::broken_connection&) {
    return fail(ec::unavailable, "the connection to the database broke");
  } catch (const pqxx::serialization_failure&) {
    return fail(ec::busy, "the transaction met others on the same rows");
  } catch (const pqxx::deadlock_detected&) {
    return fail(ec::busy, "the transaction met others on the same rows");
  } catch (const pqxx::transaction_rollback& e) {
    return fail(ec::unavailable, first_line(e.what()));
  } catch (const pqxx::sql_error& e) {
    return from_sqlstate(e);
  } catch (const std::exception& e) {
    log::error("transaction-failed", {{"why", e.what()}});
    return fail(ec::internal, "the transaction failed in the program");
  } catch (...) {
    return fail(ec::internal, "the transaction failed in the program");
  }
}

bytes to_bytes(const pqxx::field& value) {
  auto raw = pqxx::binarystring{value};
  return {raw.begin(), raw.end()};
}

pqxx::binarystring to_bytea(std::span<const std::uint8_t> value) {
  return {value.data(), value.size()};
}

std::vector<std::string> to_texts(const pqxx::field& value) {
  std::vector<std::string> texts;
  if (value.is_null()) return texts;
  auto parser = value.as_array();
  using part = pqxx::array_parser::juncture;
  for (auto [kind, text] = parser.get_next(); kind != part::done;
       std::tie(kind, text) = parser.get_next())
    if (kind == part::string_value) texts.push_back(text);
  return texts;
}

std::string to_text_array(std::span<const std::string> values) {
  auto text = std::string{"{"};
  for (const auto& value : values) {
    if (text.size() > 1) text += ',';
    text += '"';
    for (auto c : value) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + "}";
}

} // namespace bpci::storage
