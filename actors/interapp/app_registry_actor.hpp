#pragma once

#include "actors/interapp/context.hpp"
#include "actors/interapp/validation.hpp"
#include "messages/interapp/gate.hpp"
#include "runtime/actor/actor_base.hpp"

#include <caf/typed_response_promise.hpp>

#include <functional>

namespace bpci::interapp {

/// APP REGISTRY: apps, the agreements between them, and their audits. Its decisions are in app.hpp,
/// agreement.hpp and validation.hpp: an app and an agreement are durable entities, written through
/// ROUTER and listed from their tables.
///
/// Accepts, from the HTTP gateway: app_registration, show_app, list_apps, establish, sign, revoke,
/// show_agreement, list_agreements, validate, read_audit, get_health.
class app_registry_actor : public actor_base {
public:
  app_registry_actor(caf::actor_config& cfg, context_ptr shared);

  const char* name() const override { return "app-registry"; }

protected:
  caf::behavior make_behavior() override;

private:
  struct validating;
  using validating_ptr = std::shared_ptr<validating>;

  template <class T>
  using then = std::function<void(const result<T>&)>;

  /// A command, or with an empty key a question. `repeated` is told too.
  template <class Answer, class Command>
  void tell(std::string_view kind, const std::string& id, const std::string& key,
            const Command& what, std::function<void(const result<Answer>&, bool)> done);
  template <class Answer, class Command>
  caf::result<Answer> pass(std::string_view kind, const std::string& id, const std::string& key,
                           const Command& what);
  /// `read(pqxx::work&, const Query&)` gives a Page.
  template <class Page, class Query, class Read>
  caf::result<Page> list(Query what, Read read);

  caf::result<app_record> enter(const app_registration& x);
  void enter_hosted(const app_registration& x, caf::typed_response_promise<app_record> answer);
  void enter_under(const app_registration& x, const std::string& key,
                   caf::typed_response_promise<app_record> answer);
  void check_repeated(const app_registration& x, const std::string& key,
                      caf::typed_response_promise<app_record> answer);
  caf::result<agreement> make(const establish& x);
  void propose_to(const establish& x, const app_record& app1, const app_record& app2,
                  caf::typed_response_promise<agreement> answer);
  template <class Command>
  caf::result<agreement> change(const agreement_id& id, const std::string& key,
                                const Command& what);
  template <class Command>
  void change_to(const agreement_id& id, const std::string& key, const Command& what,
                 caf::typed_response_promise<agreement> answer);
  caf::result<validation> examine_agreement(const validate& x);
  void check_audit(const validating_ptr& what);
  void find_apps(const validating_ptr& what);
  caf::result<inter_app_health> health();
  void watch();

  context_ptr shared_;
};

} // namespace bpci::interapp
