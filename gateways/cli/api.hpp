#pragma once

#include "gateways/cli/fault.hpp"
#include "gateways/cli/surroundings.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <utility>
#include <vector>

namespace bpci::cli {

/// The API of a node: JSON, `{"data": ..., "error": null}`, and problem documents (RFC 9457).
class api {
public:
  using query = std::vector<std::pair<std::string, std::string>>;

  api(const surroundings& around, std::string base_url, std::string token,
      std::chrono::milliseconds timeout);

  /// The `data` of the answer; the whole answer where it has none. Empty values of the query are
  /// left out. The fault carries the exit code: `unreachable`, `timeout`, `not_permitted`,
  /// `failed`.
  [[nodiscard]] outcome<boost::json::value> get(const std::string& path, const query& what = {});
  [[nodiscard]] outcome<boost::json::value> post(const std::string& path,
                                                 const boost::json::value& body);

  [[nodiscard]] outcome<boost::json::value> put(const std::string& path,
                                                const boost::json::value& body);

  /// The bytes of an answer that is no JSON.
  [[nodiscard]] outcome<std::string> get_raw(const std::string& path);

  /// The items of a list that comes in pages, below `member`: the first page, or with `all` every
  /// page. In the answer `next` is the cursor of what was not fetched, `unreachable` (where the
  /// list has it) names who did not answer for any of the pages, the rest is that of the last one.
  [[nodiscard]] outcome<boost::json::value> list(const std::string& path, std::string_view member,
                                                 query what, bool all);

  [[nodiscard]] const std::string& base_url() const noexcept { return base_url_; }

private:
  outcome<http::response> call(const std::string& method, const std::string& path,
                               std::string body);
  outcome<boost::json::value> exchange(const std::string& method, const std::string& path,
                                       std::string body);

  const surroundings& around_;
  std::string base_url_;
  std::string token_;
  std::chrono::milliseconds timeout_;
};

} // namespace bpci::cli
