#include "actors/interapp/app_registry_actor.hpp"

#include "actors/interapp/agreement.hpp"
#include "actors/interapp/app.hpp"
#include "actors/interapp/interapp_store.hpp"
#include "actors/interapp/telemetry.hpp"
#include "messages/oracle/nodes.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/entity/call.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

#include <algorithm>

namespace bpci::interapp {

namespace {

using watch_atom = caf::atom_constant<caf::atom("watch")>;

constexpr std::uint64_t page_default = 100;
constexpr std::uint64_t page_max = 1'000;

/// Pages of an audit that one validation reads; the whole has to stay within an HTTP answer's time.
constexpr std::uint64_t audit_pages_max = 200;

/// And how long it goes on reading.
constexpr auto audit_check_max = std::chrono::milliseconds{3'000};

/// How long the register of BPI nodes may take to say who is in it.
constexpr auto find_node_max = query_max + std::chrono::milliseconds{1'500};

/// How often the agreements are counted for the metrics.
constexpr auto watch_every = std::chrono::milliseconds{15'000};

/// Whether the register says what is to be registered.
bool says(const app_record& x, const app_registration& wanted) {
  return x.app_type == wanted.app_type && x.capabilities == wanted.capabilities
         && x.public_key == wanted.public_key && x.node_id == wanted.node_id;
}

template <class T>
std::string content_key(std::string_view what, const T& x) {
  return std::string{what} + "/" + crypto::to_hex(crypto::sha256(codec::to_msgpack(x)));
}

template <class T>
auto refuse(caf::typed_response_promise<T> answer) {
  return [answer](const failure& why) mutable { answer.deliver(to_caf(why)); };
}

template <class T>
auto deliver_to(caf::typed_response_promise<T> answer) {
  return [answer](const result<T>& x) mutable {
    if (x)
      answer.deliver(*x);
    else
      answer.deliver(to_caf(x.error()));
  };
}

party party_of(const app_record& x) {
  return {x.app_id, x.public_key, x.node_id};
}

std::vector<std::string> joined(std::vector<std::string> all, const std::vector<std::string>& own) {
  for (const auto& x : own)
    if (std::ranges::find(all, x) == all.end()) all.push_back(x);
  return all;
}

security security_of(const wanted_security& x, const security& least) {
  return {x.encryption_level.value_or(least.encryption_level),
          x.authentication_required.value_or(least.authentication_required),
          x.authorization_required.value_or(least.authorization_required)};
}

failure too_weak(const security& least) {
  return fail(ec::invalid_argument,
              std::string{"security_requirements: this cluster asks for encryption level "}
                  + boost::describe::enum_to_string(least.encryption_level, "") + " at least, "
                  + (least.authentication_required ? "" : "no ") + "authentication and "
                  + (least.authorization_required ? "" : "no ") + "authorization");
}

bool is_id(const std::string& x) {
  return is_valid_id(x);
}

} // namespace

/// A validation under way.
struct app_registry_actor::validating {
  caf::typed_response_promise<validation> answer;
  agreement what;
  apps_now apps;
  audit_checked audit;
  std::uint64_t pages = 0;
  std::chrono::steady_clock::time_point until;
};

app_registry_actor::app_registry_actor(caf::actor_config& cfg, context_ptr shared)
    : actor_base(cfg), shared_(std::move(shared)) {}

caf::behavior app_registry_actor::make_behavior() {
  watch();
  return {
      [this](const app_registration& x) { return enter(x); },
      [this](const show_app& x) {
        return pass<app_record>(app_kind, x.app_id.get(), {}, read_app{});
      },
      [this](const list_apps& x) { return list<app_page>(x, store::list_apps); },
      [this](const establish& x) { return make(x); },
      [this](const sign& x) { return change(x.agreement_id, content_key("sign", x.what), x.what); },
      [this](const revoke& x) {
        return change(x.agreement_id, content_key("revoke", x.what), x.what);
      },
      [this](const show_agreement& x) {
        return pass<agreement>(agreement_kind, x.agreement_id.get(), {}, read_agreement{});
      },
      [this](const list_agreements& x) { return list<agreement_page>(x, store::list_agreements); },
      [this](const validate& x) { return examine_agreement(x); },
      [this](const read_audit& x) {
        return pass<audit_report>(agreement_kind, x.agreement_id.get(), {}, x);
      },
      [this](const get_health&) { return health(); },
      [this](watch_atom) { watch(); },
  };
}

template <class Answer, class Command>
void app_registry_actor::tell(std::string_view kind, const std::string& id, const std::string& key,
                              const Command& what,
                              std::function<void(const result<Answer>&, bool)> done) {
  // ROUTER takes an id that is none for a mistake of the program.
  if (!is_id(id)) return done(fail(ec::not_found, "'" + id.substr(0, 64) + "' is no id"), false);
  auto router = shared_->find(path::router);
  if (!router) return done(fail(ec::unavailable, "the router"), false);
  auto asked = entity::make_command({std::string{kind}, id}, key, what, entity_max);
  // The key is made of what matters; who asks for it does not.
  asked.identity.assign(key.begin(), key.end());
  ask<entity::response>(
      router, entity_max + entity_grace, std::move(asked),
      [done](const entity::response& x) { done(entity::answer_of<Answer>(x), x.repeated); },
      [done](const failure& why) { done(why, false); });
}

template <class Answer, class Command>
caf::result<Answer> app_registry_actor::pass(std::string_view kind, const std::string& id,
                                             const std::string& key, const Command& what) {
  auto answer = make_response_promise<Answer>();
  tell<Answer>(kind, id, key, what,
               [give = deliver_to(answer)](const result<Answer>& x, bool) mutable { give(x); });
  return answer;
}

template <class Page, class Query, class Read>
caf::result<Page> app_registry_actor::list(Query what, Read read) {
  auto pool = shared_->find(path::pool);
  if (!pool) return to_caf(ec::unavailable, "the database");
  what.limit = what.limit == 0 ? page_default : std::min(what.limit, page_max);
  auto answer = make_response_promise<Page>();
  storage::run<Page>(this, pool, query_max, [what, read](pqxx::work& tx) {
    return read(tx, what);
  }).then([answer](Page page) mutable { answer.deliver(std::move(page)); }, refuse(answer));
  return answer;
}

// -- apps ------------------------------------------------------------------------------

caf::result<app_record> app_registry_actor::enter(const app_registration& x) {
  auto what = check(x);
  if (!what) return to_caf(what.error());
  auto answer = make_response_promise<app_record>();
  if (what->node_id.get().empty())
    // From the content: the same registration again, after a lost answer, is the same command.
    enter_under(*what, content_key("register", *what), answer);
  else
    enter_hosted(*what, answer);
  return answer;
}

/// A host that is not registered could never send for the app.
void app_registry_actor::enter_hosted(const app_registration& x,
                                      caf::typed_response_promise<app_record> answer) {
  auto registry = shared_->find(path::bpi_registry);
  if (!registry) {
    answer.deliver(to_caf(ec::restarted, "the register of BPI nodes"));
    return;
  }
  ask<oracle::registered_nodes>(
      registry, find_node_max, oracle::find_registered{{x.node_id}},
      [this, x, answer](const oracle::registered_nodes& found) mutable {
        if (found.nodes.empty())
          answer.deliver(to_caf(ec::unknown_node, x.node_id.get()));
        else
          enter_under(x, content_key("register", x), answer);
      },
      refuse(answer));
}

void app_registry_actor::enter_under(const app_registration& x, const std::string& key,
                                     caf::typed_response_promise<app_record> answer) {
  tell<app_record>(app_kind, x.app_id.get(), key, enter_app{x},
                   [this, x, key, answer](const result<app_record>& now, bool repeated) mutable {
                     if (!now) {
                       answer.deliver(to_caf(now.error()));
                       return;
                     }
                     if (repeated) return check_repeated(x, key, answer);
                     log::info("app-registered", {{"app", x.app_id.get()}, {"type", x.app_type}});
                     answer.deliver(*now);
                   });
}

/// The same was registered before; if something else was meanwhile, it has to be done anew.
void app_registry_actor::check_repeated(const app_registration& x, const std::string& key,
                                        caf::typed_response_promise<app_record> answer) {
  tell<app_record>(
      app_kind, x.app_id.get(), {}, read_app{},
      [this, x, key, answer](const result<app_record>& now, bool) mutable {
        if (!now)
          answer.deliver(to_caf(now.error()));
        else if (says(*now, x))
          answer.deliver(*now);
        else
          enter_under(x, content_key("register", *now) + "/" + key.substr(key.size() - 64), answer);
      });
}

// -- agreements ------------------------------------------------------------------------

caf::result<agreement> app_registry_actor::make(const establish& x) {
  if (x.app1_id == x.app2_id)
    return to_caf(ec::invalid_argument, "app2_id: an app cannot agree with itself");
  if (x.agreement_id && !is_id(x.agreement_id->get()))
    return to_caf(ec::invalid_argument, "agreement_id");
  auto answer = make_response_promise<agreement>();
  auto find = [this, answer](const app_id& which, std::function<void(const app_record&)> found) {
    tell<app_record>(app_kind, which.get(), {}, read_app{},
                     [which, answer, found](const result<app_record>& app, bool) mutable {
                       if (app) return found(*app);
                       answer.deliver(to_caf(app.error().code == ec::not_found ? to_failure(
                                                 finding_code::unknown_app, which.get())
                                                                               : app.error()));
                     });
  };
  find(x.app1_id, [this, x, find, answer](const app_record& app1) {
    find(x.app2_id,
         [this, x, app1, answer](const app_record& app2) { propose_to(x, app1, app2, answer); });
  });
  return answer;
}

void app_registry_actor::propose_to(const establish& x, const app_record& app1,
                                    const app_record& app2,
                                    caf::typed_response_promise<agreement> answer) {
  auto what = terms{party_of(app1),
                    party_of(app2),
                    x.communication_type,
                    joined(x.permissions, x.app1_permissions),
                    joined(x.permissions, x.app2_permissions),
                    security_of(x.security_requirements, shared_->least),
                    x.valid_from,
                    x.valid_until};
  if (auto ok = interapp::check(what); !ok) {
    answer.deliver(to_caf(ok.error()));
    return;
  }
  if (!meets(what.security_requirements, shared_->least)) {
    answer.deliver(to_caf(too_weak(shared_->least)));
    return;
  }
  auto id = x.agreement_id.value_or(derived_id(what));
  // The proposal is known by its terms, whoever makes it.
  change_to(id, content_key("propose", what), propose{what, x.who}, answer);
}

template <class Command>
caf::result<agreement> app_registry_actor::change(const agreement_id& id, const std::string& key,
                                                  const Command& what) {
  auto answer = make_response_promise<agreement>();
  change_to(id, key, what, answer);
  return answer;
}

/// The same again is answered with how the agreement stands now, not as it stood then.
template <class Command>
void app_registry_actor::change_to(const agreement_id& id, const std::string& key,
                                   const Command& what,
                                   caf::typed_response_promise<agreement> answer) {
  tell<agreement>(agreement_kind, id.get(), key, what,
                  [this, id, answer](const result<agreement>& now, bool repeated) mutable {
                    auto give = deliver_to(answer);
                    if (!now || !repeated) return give(now);
                    tell<agreement>(
                        agreement_kind, id.get(), {}, read_agreement{},
                        [give](const result<agreement>& present, bool) mutable { give(present); });
                  });
}

// -- validation --------------------------------------------------------------------------

caf::result<validation> app_registry_actor::examine_agreement(const validate& x) {
  auto what = std::make_shared<validating>();
  what->answer = make_response_promise<validation>();
  what->until = steady_now() + audit_check_max;
  tell<agreement>(agreement_kind, x.agreement_id.get(), {}, read_agreement{},
                  [this, what](const result<agreement>& now, bool) {
                    if (!now) {
                      what->answer.deliver(to_caf(now.error()));
                      return;
                    }
                    what->what = *now;
                    check_audit(what);
                  });
  return what->answer;
}

/// Page after page. Entries that come meanwhile lead to another head, which is then that of the
/// last page: each page is judged against the state that it was read with.
void app_registry_actor::check_audit(const validating_ptr& what) {
  if (what->pages++ == audit_pages_max || steady_now() >= what->until) {
    what->audit.whole = false;
    return find_apps(what);
  }
  auto question =
      read_audit{what->what.agreement_id, what->audit.entries, audit_page_max, {}, {}, true};
  tell<audit_report>(agreement_kind, what->what.agreement_id.get(), {}, question,
                     [this, what](const result<audit_report>& page, bool) {
                       if (!page) {
                         what->answer.deliver(to_caf(page.error()));
                         return;
                       }
                       auto& faults = what->audit.faults;
                       faults.insert(faults.end(), page->faults.begin(), page->faults.end());
                       what->audit.entries = page->checked_to;
                       what->what.head = page->head;
                       if (page->next == 0 || faults.size() >= audit_faults_max)
                         find_apps(what);
                       else
                         check_audit(what);
                     });
}

void app_registry_actor::find_apps(const validating_ptr& what) {
  auto find = [this, what](const party& which, std::optional<app_record>& where,
                           std::function<void()> found) {
    tell<app_record>(app_kind, which.app_id.get(), {}, read_app{},
                     [what, &where, found](const result<app_record>& app, bool) {
                       if (!app && app.error().code != ec::not_found) {
                         what->answer.deliver(to_caf(app.error()));
                         return;
                       }
                       if (app) where = *app;
                       found();
                     });
  };
  const auto& two = what->what.terms;
  find(two.app1, what->apps.app1, [this, what, find] {
    find(what->what.terms.app2, what->apps.app2, [this, what] {
      what->answer.deliver(
          examine(what->what, what->apps, what->audit, shared_->least, wall_now()));
    });
  });
}

// -- health ------------------------------------------------------------------------------

caf::result<inter_app_health> app_registry_actor::health() {
  auto pool = shared_->find(path::pool);
  if (!pool) return to_caf(ec::unavailable, "the database");
  if (!shared_->find(path::gate)) return to_caf(ec::restarted, "the gate");
  auto answer = make_response_promise<inter_app_health>();
  storage::run<store::counts>(this, pool, query_max, store::count)
      .then(
          [this, answer](const store::counts& x) mutable {
            answer.deliver(inter_app_health{"ok", shared_->agreement_validation,
                                            shared_->rules.audit, shared_->least, x.apps,
                                            x.proposed, x.active, x.expired, x.revoked});
          },
          refuse(answer));
  return answer;
}

void app_registry_actor::watch() {
  delayed_send(this, watch_every, watch_atom::value);
  auto pool = shared_->find(path::pool);
  if (!pool) return;
  storage::run<store::counts>(this, pool, query_max, store::count)
      .then(
          [](const store::counts& x) {
            telemetry::agreements("proposed", x.proposed);
            telemetry::agreements("active", x.active);
            telemetry::agreements("expired", x.expired);
            telemetry::agreements("revoked", x.revoked);
          },
          [](const failure&) {}); // the next time
}

} // namespace bpci::interapp
