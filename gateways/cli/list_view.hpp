#pragma once

#include "gateways/cli/commands.hpp"
#include "gateways/cli/table.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

/// What most lists have in common.
namespace bpci::cli {

/// A list of the API, and how it is shown.
struct list_view {
  std::string path;
  std::string_view member; ///< of the answer: the rows
  columns shown;
  std::string_view none; ///< said of an empty list
};

/// Asks the node for a list and shows it.
exit_code show_list(const context& with, const list_view& what, api::query asked,
                    const page_options& page);

/// The lines below a table: that there is more, and who did not answer.
std::string render_footer(const boost::json::value& list);

/// The text at `path` in `x`; empty if there is none.
std::string text_at(const boost::json::value& x, std::string_view path);

/// The list at `path` in `x`; empty if there is none.
boost::json::array list_at(const boost::json::value& x, std::string_view path);

} // namespace bpci::cli
