#include "gateways/api/api_actor.hpp"

#include "gateways/api/access_store.hpp"
#include "messages/codec/json.hpp"
#include "runtime/crypto/token.hpp"
#include "runtime/storage/sql.hpp"

namespace bpci::gateway {

namespace {

using first_token_atom = caf::atom_constant<caf::atom("firsttoken")>;

constexpr auto query_max = std::chrono::milliseconds{2'000};
constexpr auto first_token_retry = std::chrono::milliseconds{500};

/// RFC 6750, section 2.1; empty when there is none.
std::string_view bearer_token(const http::request& x) {
  constexpr std::string_view scheme = "Bearer ";
  auto header = x.headers.get("Authorization");
  return header.starts_with(scheme) ? header.substr(scheme.size()) : std::string_view{};
}

} // namespace

api_actor::api_actor(caf::actor_config& cfg, context_ptr shared)
    : actor_base(cfg), shared_(std::move(shared)) {}

caf::behavior api_actor::make_behavior() {
  make_first_token();
  return {
      [this](const call_ptr& x) { admit(x); },
      [this](first_token_atom) { make_first_token(); },
  };
}

/// Until the identity subsystem brings users and roles, a token of the cluster may do everything.
void api_actor::make_first_token() {
  auto again = [this](const failure&) {
    delayed_send(this, first_token_retry, first_token_atom::value);
  };
  auto pool = shared_->find(path::pool);
  if (!pool) return again({});
  auto token = crypto::random_token();
  storage::run<bool>(this, pool, query_max,
                     [hash = crypto::hash_token(token)](pqxx::work& tx) {
                       return store::enter_first_token(tx, hash);
                     })
      .then(
          [this, token](bool first) {
            if (first) shared_->show_token(token);
          },
          again);
}

void api_actor::admit(const call_ptr& what) {
  ++handled_;
  log::correlation_scope whose{what->request.id};
  if (what->route.need == http::permission::open) return what->handle(*this, what);
  auto token = bearer_token(what->request);
  if (token.empty()) return what->fail({ec::not_authenticated, {}});
  // What is compared are hashes: the time it takes tells nothing about the token.
  auto hash = crypto::hash_token(token);
  if (known_tokens_.contains(hash)) return what->handle(*this, what);
  look_up(what, std::move(hash));
}

void api_actor::look_up(const call_ptr& what, std::string hash) {
  auto pool = shared_->find(path::pool);
  if (!pool) return what->fail({ec::unavailable, "the database"});
  storage::run<bool>(this, pool, query_max,
                     [hash](pqxx::work& tx) { return store::knows_token(tx, hash); })
      .then(
          [this, what, hash](bool known) {
            if (!known) return what->fail({ec::not_authenticated, "the token is not known"});
            known_tokens_.insert(hash);
            what->handle(*this, what);
          },
          [what](const failure& why) { what->fail(why); });
}

std::string api_actor::describe() const {
  return codec::to_text({{"handled", handled_}, {"known_tokens", known_tokens_.size()}});
}

} // namespace bpci::gateway
