#include "gateways/api/front_door.hpp"

#include "gateways/http/openapi.hpp"
#include "gateways/http/problem.hpp"
#include "gateways/websocket/bpi_socket.hpp"
#include "messages/codec/json.hpp"
#include "messages/oracle/frames.hpp"
#include "runtime/time/clock.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace bpci::gateway {

namespace {

/// Requests in the hands of the API actor and of those that it asks; beyond, `busy`.
constexpr std::size_t requests_max = 2'000;

bool wants_json(const std::vector<http::name_value>& query) {
  return std::ranges::find(query, http::name_value{"encoding", "json"}) != query.end();
}

std::string described(const std::vector<route>& table) {
  std::vector<http::route_info> infos;
  for (const auto& x : table)
    infos.push_back(x.info);
  return codec::to_text(http::openapi(
      infos, {"BPCI node", BPCI_VERSION,
              "What a node of the BPCI network can be asked. BPI nodes connect to the WebSocket "
              "/bpi/v1 instead. A token comes as Authorization: Bearer."}));
}

} // namespace

front_door::front_door(context_ptr shared, std::vector<route> table)
    : shared_(std::move(shared)), router_(std::move(table)), permits_(requests_max) {
  *shared_->api_description = described(router_.table());
}

void front_door::on_request(http::request what, http::responder answer) {
  auto since = steady_now();
  auto refuse = [&](http::response x, std::string_view pattern) {
    count_request(what.method, pattern, x.status, steady_now() - since);
    answer(std::move(x));
  };
  auto where = router_.find(what);
  if (where.what != http::routed::outcome::found)
    return refuse(http::answer_without_handler(where, what.id), "none");
  auto permit = permits_.take();
  if (!permit)
    return refuse(http::problem({ec::busy, "too many requests at once"}, what.id), where.pattern);
  auto api = shared_->find(path::api);
  if (!api) return refuse(http::problem({ec::restarted, "the API"}, what.id), where.pattern);
  const auto& row = router_.at(where);
  caf::anon_send(api, std::make_shared<const call>(
                          call{std::move(what), std::move(where.parameters), row.info, row.handle,
                               std::move(answer), std::move(permit), since}));
}

result<std::shared_ptr<http::socket_listener>>
front_door::on_websocket(http::upgrade_request what, std::shared_ptr<http::socket> where) {
  if (what.path != oracle::socket_path)
    return fail(ec::not_found, "BPI nodes connect to " + std::string{oracle::socket_path});
  if (what.subprotocol != oracle::subprotocol)
    return fail(ec::unsupported,
                "Sec-WebSocket-Protocol: expected " + std::string{oracle::subprotocol});
  auto doorman = shared_->find(path::doorman);
  if (!doorman) return fail(ec::unavailable, "the oracle is starting");
  auto how = wants_json(what.query) ? oracle::encoding::json : oracle::encoding::msgpack;
  auto socket = std::make_shared<bpi_socket>(std::move(where), how, std::move(doorman));
  socket->announce();
  return std::static_pointer_cast<http::socket_listener>(socket);
}

} // namespace bpci::gateway
