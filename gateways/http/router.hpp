#pragma once

#include "gateways/http/message.hpp"
#include "messages/error.hpp"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Finds the handler of a request. Pure: no I/O, and it decides nothing about who may call.
namespace bpci::http {

/// What a caller must hold to use a route. The router only reports it.
enum class permission : std::uint8_t { open, read, write, admin };

class schema_book;

/// Describes a type of JSON for the API description; see `schema_of` in schema.hpp.
using schema_maker = boost::json::value (*)(schema_book& book);

/// A parameter of the query, for the API description.
struct query_info {
  std::string name;
  std::string what; ///< One line.
  bool is_number = false;
};

/// One row of the table of routes, without its handler.
struct route_info {
  std::string method; ///< In capitals. HEAD is served by GET, OPTIONS by the router.

  /// Segments with `/` before each. `{name}` matches one segment, `{name...}` at the end all that
  /// are left (one or more). A fixed segment wins over `{name}`, that over `{name...}`.
  std::string pattern;

  permission need = permission::read;
  std::string summary = {};                                 ///< One line, for the API description.
  std::vector<std::string> consumes = {"application/json"}; ///< Media types of its body.
  std::vector<std::string> aliases = {};                    ///< More patterns for the same handler.

  // For the API description alone (openapi.hpp); all may be left out.
  schema_maker takes = nullptr; ///< What its body is.
  schema_maker gives = nullptr; ///< What `data` is in its answer.
  std::vector<query_info> query = {};
  std::string produces = "application/json"; ///< Media type of its answer.
  bool is_bare = false; ///< Its answer is a document of its own, not in {"data", "error"}.
};

/// The values of a pattern's names.
struct path_parameters {
  std::vector<name_value> values;

  /// Empty when the pattern has no such name, which is a mistake of the table.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;

  bool operator==(const path_parameters&) const = default;
};

/// What the router says to a request.
struct routed {
  enum class outcome : std::uint8_t { found, options, refused };

  outcome what = outcome::refused;
  std::size_t index = 0;      ///< found: the row, in the order of the table.
  std::string pattern;        ///< found: the pattern that matched, for metric labels.
  path_parameters parameters; ///< found
  std::string allow;          ///< The methods of the path, unless there is no such path.
  failure why;                ///< refused: `not_found`, `method_not_allowed` or `unsupported`.
};

/// The answer to whatever was not found: 204 with Allow to OPTIONS, else a problem.
response answer_without_handler(const routed& what, const correlation_id& id);

/// The table as a tree of segments. Immutable, so any thread may ask it.
class route_tree {
public:
  /// Throws std::logic_error for a table that contradicts itself: a pattern without a leading
  /// slash, one method twice on one pattern, a `{name...}` that is not last.
  explicit route_tree(const std::vector<route_info>& table);
  ~route_tree();
  route_tree(route_tree&&) noexcept;
  route_tree& operator=(route_tree&&) noexcept;

  [[nodiscard]] routed find(const request& what) const;

  struct node;

private:
  std::unique_ptr<node> root_;
};

/// A table of routes with a handler each. `Handler` is whatever the caller wants back.
template <class Handler>
class router {
public:
  struct route {
    route_info info;
    Handler handle;
  };

  explicit router(std::vector<route> table) : table_(std::move(table)), tree_(infos(table_)) {}

  [[nodiscard]] routed find(const request& what) const { return tree_.find(what); }

  /// For a `routed` that says `found`.
  [[nodiscard]] const route& at(const routed& what) const { return table_.at(what.index); }

  [[nodiscard]] const std::vector<route>& table() const noexcept { return table_; }

private:
  static std::vector<route_info> infos(const std::vector<route>& table) {
    std::vector<route_info> out;
    for (const auto& x : table)
      out.push_back(x.info);
    return out;
  }

  std::vector<route> table_;
  route_tree tree_;
};

} // namespace bpci::http
