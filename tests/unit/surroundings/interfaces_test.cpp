#define CAF_SUITE interfaces_document

#include "gateways/routes/consensus_bridge_routes.hpp"
#include "gateways/routes/inter_app_routes.hpp"
#include "gateways/routes/routes.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>

/// docs/interfaces.md says the truth: its tests and its routes are there.
using namespace bpci;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream in{path};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// What stands in backquotes, with one space for each line end.
std::vector<std::string> quoted(const std::string& text) {
  std::vector<std::string> out;
  for (auto at = text.find('`'); at != std::string::npos; at = text.find('`', at)) {
    const auto end = text.find('`', at + 1);
    if (end == std::string::npos) break;
    out.push_back(text.substr(at + 1, end - at - 1));
    std::ranges::replace(out.back(), '\n', ' ');
    at = end + 1;
  }
  return out;
}

/// "tests/x_test.cpp: a name": whether the file has a test of the name.
bool is_there(const std::string& file, const std::string& name) {
  const auto text = text_of(file);
  return text.find("CAF_TEST(" + name + ')') != std::string::npos
         || text.find("test('" + name + '\'') != std::string::npos;
}

std::vector<http::route_info> all_routes() {
  using namespace gateway;
  std::vector<http::route_info> out;
  for (const auto& table : {health_routes(), admin_routes(), openapi_routes(), start_routes(),
                            oracle_routes(), consensus_bridge_routes(), inter_app_routes(),
                            chain_routes(), transaction_routes(), wallet_routes()})
    for (const auto& x : table)
      out.push_back(x.info);
  return out;
}

} // namespace

CAF_TEST(every test that the document names is there) {
  auto named = 0;
  for (const auto& x : quoted(text_of("docs/interfaces.md"))) {
    const auto colon = x.find(": ");
    const auto is_test = x.starts_with("tests/") || x.starts_with("gateways/clients/");
    if (!is_test || colon == std::string::npos) continue;
    ++named;
    const auto found = is_there(x.substr(0, colon), x.substr(colon + 2));
    CAF_CHECK_EQUAL(found ? x : x + " is not there", x);
  }
  CAF_CHECK(named > 50);
}

CAF_TEST(every endpoint that the document gives a test has a route) {
  const auto table = all_routes();
  const http::route_tree routes{table};
  std::istringstream lines{text_of("docs/interfaces.md")};
  const std::regex row{R"(^\| `(GET|POST|PUT|DELETE) (/\S*)` \| `(.*)` \|$)"};
  auto found = 0;
  std::smatch part;
  for (std::string line; std::getline(lines, line);) {
    if (!std::regex_match(line, part, row) || part[3] == "tests/...") continue;
    http::request what;
    what.method = part[1];
    what.path = part[2];
    ++found;
    CAF_CHECK_EQUAL(
        what.method + ' ' + what.path
            + (routes.find(what).what == http::routed::outcome::found ? "" : " has no route"),
        what.method + ' ' + what.path);
  }
  CAF_CHECK(found > 7);
}
