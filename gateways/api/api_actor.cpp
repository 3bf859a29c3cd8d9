#include "gateways/api/api_actor.hpp"

#include "gateways/api/audit_log.hpp"
#include "messages/codec/json.hpp"
#include "runtime/crypto/token.hpp"
#include "runtime/log/log.hpp"

namespace bpci::gateway {

namespace {

using first_token_atom = caf::atom_constant<caf::atom("firsttoken")>;

constexpr auto first_token_retry = std::chrono::milliseconds{500};

/// Tokens that are looked up at once; beyond, `busy`. Whoever invents tokens must not fill the
/// queue of the database, where the commands of entities wait.
constexpr std::size_t look_ups_max = 16;

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
  auto& first = *shared_->first;
  if (first.settled) return;
  // An earlier try may have been committed without an answer: the retry must know it for its own.
  if (first.text.empty()) first.text = crypto::random_token();
  shared_->records->enter_first_token(
      *this, crypto::hash_token(first.text), [this](const result<bool>& ours) {
        if (!ours) return delayed_send(this, first_token_retry, first_token_atom::value);
        auto token = std::exchange(shared_->first->text, {});
        shared_->first->settled = true;
        if (*ours) shared_->show_token(token);
      });
}

void api_actor::admit(const call_ptr& what) {
  ++handled_;
  log::correlation_scope whose{what->request.id};
  if (what->route.need == http::permission::open) return what->handle(*this, what);
  auto token = bearer_token(what->request);
  if (token.empty()) return turn_away(what, {ec::not_authenticated, {}});
  // What is compared are hashes: the time it takes tells nothing about the token.
  auto hash = crypto::hash_token(token);
  auto known = known_tokens_.find(hash);
  if (known != known_tokens_.end()) return let_in(what, known->second);
  look_up(what, hash);
}

void api_actor::look_up(const call_ptr& what, const std::string& hash) {
  auto under_way = look_ups_.find(hash);
  if (under_way != look_ups_.end()) return under_way->second.push_back(what);
  if (look_ups_.size() >= look_ups_max)
    return what->fail({ec::busy, "too many tokens are looked up"});
  look_ups_[hash].push_back(what);
  shared_->records->find_token(
      *this, hash,
      [this, hash](const result<std::optional<std::string>>& label) { looked_up(hash, label); });
}

void api_actor::looked_up(const std::string& hash,
                          const result<std::optional<std::string>>& label) {
  auto waiting = look_ups_.extract(hash);
  if (label && *label) known_tokens_.insert_or_assign(hash, **label);
  for (const auto& what : waiting.mapped()) {
    if (!label)
      what->fail(label.error());
    else if (!*label)
      turn_away(what, {ec::not_authenticated, "the token is not known"});
    else
      let_in(what, **label);
  }
}

void api_actor::let_in(const call_ptr& what, const std::string& label) {
  auto known = std::make_shared<call>(*what);
  known->caller = label.empty() ? "a token without a label" : label;
  log::correlation_scope whose{what->request.id};
  audit_log::called(shared_->config.logging.audit_logging, *known);
  what->handle(*this, known);
}

void api_actor::turn_away(const call_ptr& what, const failure& why) {
  log::correlation_scope whose{what->request.id};
  audit_log::refused(shared_->config.logging.audit_logging, *what, why.code);
  what->fail(why);
}

/// A call that is dropped is answered `restarted`.
void api_actor::on_exit() {
  look_ups_.clear();
}

std::string api_actor::describe() const {
  return codec::to_text({{"handled", handled_}, {"known_tokens", known_tokens_.size()}});
}

} // namespace bpci::gateway
