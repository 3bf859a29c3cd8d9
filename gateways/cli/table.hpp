#pragma once

#include "messages/ids.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

/// JSON as a table for people. A command's columns are a list; nothing here knows a command.
namespace bpci::cli {

/// How a value is shown.
enum class cell : std::uint8_t {
  text,   ///< as it is; lists with commas between
  number, ///< to the right
  since,  ///< milliseconds since 1970, as the time that has passed; 0 and absent: `-`
  until,  ///< the same, as the time that is left; `now` when it has come
  span,   ///< milliseconds, as a duration
  count,  ///< of a list: how many
  flag,   ///< `yes`, or nothing
  state   ///< a word that is coloured by its meaning
};

struct column {
  std::string_view title;
  std::string_view path; ///< `member.id`
  cell kind = cell::text;
};
using columns = std::vector<column>;

/// How much a table may look like one.
struct style {
  bool colour = false;
  std::size_t width = 0; ///< characters of a line; 0: no bound
  timestamp_ms now;      ///< for `cell::since`
};

/// A line for each object of `rows`, below a line of titles; only the titles when there is none.
std::string render_table(const columns& shown, const boost::json::array& rows, const style& how);

/// One object: a line for each column.
std::string render_record(const columns& shown, const boost::json::object& record,
                          const style& how);

/// One object whose members are not known beforehand: a line for each, as `outer.inner`.
std::string render_members(const boost::json::object& record, const style& how);

/// The value at `a.b` in `x`; null if there is none.
const boost::json::value* member_at(const boost::json::object& x, std::string_view path);

} // namespace bpci::cli
