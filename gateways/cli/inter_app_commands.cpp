#include "gateways/cli/inter_app_commands.hpp"

#include "gateways/cli/key_files.hpp"
#include "gateways/cli/list_view.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/text.hpp"
#include "gateways/clients/cpp/inter_app.hpp"
#include "messages/codec/json.hpp"
#include "messages/interapp/gate.hpp"
#include "messages/interapp/signing.hpp"

#include <charconv>
#include <chrono>
#include <memory>

namespace bpci::cli {

namespace {

namespace json = boost::json;

const std::string base = "/api/v1/inter-app";

const list_view apps_view{
    base + "/apps",
    "apps",
    {{"APP", "app_id"},
     {"TYPE", "app_type"},
     {"HOST", "node_id"},
     {"CHANGED", "changed_at", cell::since},
     {"CAPABILITIES", "capabilities"}},
    "No app is registered: bpci inter-app register-app.",
};

const columns agreement_row{
    {"AGREEMENT", "agreement_id"},        {"STATE", "state", cell::state},
    {"APP 1", "terms.app1.app_id"},       {"APP 2", "terms.app2.app_id"},
    {"TYPE", "terms.communication_type"}, {"AUTHORIZED", "authorized", cell::number},
    {"REFUSED", "refused", cell::number}, {"ENDS", "terms.valid_until", cell::until},
};

const columns agreement_columns{
    {"agreement", "agreement_id"},
    {"state", "state", cell::state},
    {"type", "terms.communication_type"},
    {"app 1", "terms.app1.app_id"},
    {"  key", "terms.app1.public_key"},
    {"  host", "terms.app1.node_id"},
    {"  may", "terms.app1_permissions"},
    {"  signed", "signature1"},
    {"app 2", "terms.app2.app_id"},
    {"  key", "terms.app2.public_key"},
    {"  host", "terms.app2.node_id"},
    {"  may", "terms.app2_permissions"},
    {"  signed", "signature2"},
    {"encryption", "terms.security_requirements.encryption_level"},
    {"authentication", "terms.security_requirements.authentication_required", cell::flag},
    {"authorization", "terms.security_requirements.authorization_required", cell::flag},
    {"begins", "terms.valid_from", cell::until},
    {"ends", "terms.valid_until", cell::until},
    {"authorized", "authorized"},
    {"refused", "refused"},
    {"audit entries", "head.seq"},
    {"ended by", "ended_by"},
    {"reason", "reason"},
};

const columns finding_columns{
    {"SEVERITY", "severity", cell::state},
    {"CODE", "code"},
    {"DETAIL", "detail"},
    {"WHAT IS WRONG", "message"},
    {"WHAT TO DO", "next_step"},
};

const columns entry_columns{
    {"ENTRY", "seq", cell::number},
    {"SINCE", "at", cell::since},
    {"EVENT", "event"},
    {"WHO", "who"},
    {"MESSAGE", "message_id"},
    {"PERMISSION", "permission"},
    {"VERDICT", "verdict", cell::state},
    {"CODE", "code"},
    {"DETAIL", "detail"},
};

const columns fault_columns{{"ENTRY", "seq", cell::number}, {"CODE", "code"}};

std::string agreement_path(const std::string& id, const std::string& what = {}) {
  return base + "/agreements/" + percent_encode(id) + what;
}

// -- times -------------------------------------------------------------------

/// `count` digits at the start of `text`, which loses them; below 0 when they are not there.
int take_digits(std::string_view& text, std::size_t count) {
  int out = 0;
  if (text.size() < count) return -1;
  const auto* end = text.data() + count;
  if (std::from_chars(text.data(), end, out).ptr != end) return -1;
  text.remove_prefix(count);
  return out;
}

bool take(std::string_view& text, char x) {
  if (!text.starts_with(x)) return false;
  text.remove_prefix(1);
  return true;
}

/// "2026-12-31T23:59:59Z" or "2026-12-31": UTC (RFC 3339). Empty: 0.
outcome<timestamp_ms> parse_time(const std::string& given, const char* option) {
  using namespace std::chrono;
  const auto wrong = [&] {
    return usage_fault(std::string{option} + ": '" + given + "' is no time",
                       "Give it in UTC, as 2026-12-31T23:59:59Z or 2026-12-31.");
  };
  if (given.empty()) return timestamp_ms{0};
  auto text = std::string_view{given};
  const auto number_behind = [&text](char mark) {
    return take(text, mark) ? take_digits(text, 2) : -1;
  };
  const auto y = take_digits(text, 4);
  const auto m = number_behind('-');
  const auto d = number_behind('-');
  if (y < 0 || m < 0 || d < 0) return wrong();
  const auto date = year{y} / month{static_cast<unsigned>(m)} / day{static_cast<unsigned>(d)};
  if (!date.ok()) return wrong();
  auto out = sys_time<seconds>{sys_days{date}};
  if (!text.empty()) {
    const auto hour = number_behind('T');
    const auto minute = number_behind(':');
    const auto second = number_behind(':');
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59
        || text != "Z")
      return wrong();
    out += hours{hour} + minutes{minute} + seconds{second};
  }
  return timestamp_ms{duration_cast<milliseconds>(out.time_since_epoch()).count()};
}

// -- register-app ------------------------------------------------------------

outcome<void> check_id(const std::string& id, const char* option) {
  if (is_valid_id(id)) return {};
  return usage_fault(std::string{option} + " needs 1 to 64 of A-Z a-z 0-9 . _ : -",
                     "Choose another id, for instance banking-app.");
}

struct register_options {
  interapp::app_registration what;
  std::string app_id;
  std::string node_id;
  std::string key_file;
};

exit_code register_app(const context& with, const register_options& given) {
  if (auto ok = check_id(given.app_id, "--app-id"); !ok) return with.show(ok.error());
  const auto key = choose_key(app_owner(with, given.app_id), given.what.public_key, given.key_file);
  if (!key) return with.show(key.error());
  auto node = with.node();
  if (!node) return with.show(node.error());
  auto what = given.what;
  what.app_id = interapp::app_id{given.app_id};
  what.node_id = node_id{given.node_id};
  what.public_key = key->public_key;
  const auto data = node->post(base + "/apps", codec::to_json(what));
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    auto out = "registered " + given.app_id + "\npublic key " + key->public_key + '\n';
    if (!key->file.empty()) out += "secret key in " + key->file + '\n';
    return out;
  });
}

// -- agreements --------------------------------------------------------------

/// A time of 0 is none, and has not come: for people it is left out.
json::object for_people(json::object x) {
  auto& terms = x["terms"];
  if (!terms.is_object()) return x;
  for (const auto* name : {"valid_from", "valid_until"})
    if (const auto* time = terms.get_object().if_contains(name);
        time && time->is_number() && time->to_number<std::int64_t>() == 0)
      terms.get_object().erase(name);
  return x;
}

exit_code show_agreement(const context& with, const json::value& data, const std::string& next) {
  return with.show(data, [&] {
    auto out = render_record(agreement_columns, for_people(data.as_object()), with.table_style());
    return next.empty() ? out : out + "\n" + next + "\n";
  });
}

struct establish_options {
  std::string app1;
  std::string app2;
  std::string type;
  std::vector<std::string> permissions;
  std::vector<std::string> app1_permissions;
  std::vector<std::string> app2_permissions;
  std::string encryption;
  std::string valid_from;
  std::string valid_until;
  std::string id;
};

outcome<json::object> to_body(const establish_options& given) {
  const auto from = parse_time(given.valid_from, "--valid-from");
  if (!from) return from.error();
  const auto until = parse_time(given.valid_until, "--valid-until");
  if (!until) return until.error();
  json::object out{{"app1_id", given.app1},
                   {"app2_id", given.app2},
                   {"communication_type", given.type},
                   {"permissions", codec::to_json(given.permissions)},
                   {"app1_permissions", codec::to_json(given.app1_permissions)},
                   {"app2_permissions", codec::to_json(given.app2_permissions)},
                   {"valid_from", from->get()},
                   {"valid_until", until->get()}};
  if (!given.encryption.empty())
    out["security_requirements"] = json::object{{"encryption_level", given.encryption}};
  if (!given.id.empty()) out["agreement_id"] = given.id;
  return out;
}

exit_code establish(const context& with, const establish_options& given) {
  const auto body = to_body(given);
  if (!body) return with.show(body.error());
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->post(base + "/establish", *body);
  if (!data) return with.show(data.error());
  const auto id = text_at(*data, "agreement_id");
  const auto next =
      text_at(*data, "state") == "proposed"
          ? "Both apps sign it: bpci inter-app sign --agreement-id " + id + " --app-id APP"
          : "";
  return show_agreement(with, *data, next);
}

struct agreement_options {
  std::string id;
};

exit_code show(const context& with, const agreement_options& given) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->get(agreement_path(given.id));
  if (!data) return with.show(data.error());
  return show_agreement(with, *data, {});
}

struct sign_options {
  std::string id;
  std::string app;
  std::string key_file;
  bool dry_run = false;
};

/// The bytes are made here of the terms that are shown: what a node says is to be signed is not
/// signed unseen.
exit_code sign(const context& with, const sign_options& given) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->get(agreement_path(given.id));
  if (!data) return with.show(data.error());
  const auto what = codec::from_json<interapp::agreement>(*data);
  if (!what) return with.show(to_fault(what.error(), exit_code::failed));
  if (what->agreement_id.get() != given.id)
    return with.show(
        to_fault(fail(ec::conflict, "the node shows another agreement"), exit_code::failed));
  if (given.dry_run) return show_agreement(with, *data, "Nothing was signed: --dry-run.");
  const auto keys = load_registered_key(app_owner(with, given.app), given.key_file);
  if (!keys) return with.show(keys.error());
  const auto signature =
      crypto::sign(keys->secret, interapp::agreement_bytes(what->agreement_id, what->terms));
  const auto now =
      node->post(agreement_path(given.id, "/sign"),
                 json::object{{"app_id", given.app}, {"signature", crypto::to_hex(signature)}});
  if (!now) return with.show(now.error());
  return show_agreement(with, *now, "signed as " + given.app);
}

struct revoke_options {
  std::string id;
  std::string reason;
  std::string app;
  std::string key_file;
};

exit_code revoke(const context& with, const revoke_options& given) {
  json::object body{{"reason", given.reason}};
  if (!given.app.empty()) {
    const auto keys = load_registered_key(app_owner(with, given.app), given.key_file);
    if (!keys) return with.show(keys.error());
    const auto bytes = interapp::revocation_bytes(interapp::agreement_id{given.id},
                                                  interapp::app_id{given.app}, given.reason);
    body["app_id"] = given.app;
    body["signature"] = crypto::to_hex(crypto::sign(keys->secret, bytes));
  }
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->post(agreement_path(given.id, "/revoke"), body);
  if (!data) return with.show(data.error());
  return show_agreement(with, *data, {});
}

// -- validate ----------------------------------------------------------------

exit_code validate(const context& with, const agreement_options& given) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->get(agreement_path(given.id, "/validate"));
  if (!data) return with.show(data.error());
  const auto* valid = member_at(data->as_object(), "is_valid");
  const auto is_valid = valid && valid->is_bool() && valid->get_bool();
  const auto shown = with.show(*data, [&] {
    auto out =
        given.id + (is_valid ? " is valid: " : " is not valid: ") + text_at(*data, "state") + "\n";
    const auto findings = list_at(*data, "findings");
    if (findings.empty()) return out;
    return out + render_table(finding_columns, findings, with.table_style());
  });
  return shown == exit_code::ok && !is_valid ? exit_code::failed : shown;
}

// -- audit -------------------------------------------------------------------

struct audit_options {
  std::string id;
  page_options page;
  std::string from;
  std::string until;
};

/// Computes again what the node says that it has verified. Entries that a time has left out are not
/// missing: then each is checked for itself.
json::array check_entries(const audit_options& given, const json::array& shown) {
  const auto id = interapp::agreement_id{given.id};
  const auto whole = given.from.empty() && given.until.empty();
  json::array out;
  std::vector<interapp::audit_entry> entries;
  auto check = [&] {
    for (const auto& x : client::check_audit(id, entries))
      out.push_back(codec::to_json(x));
    entries.clear();
  };
  for (const auto& row : shown) {
    auto x = codec::from_json<interapp::audit_entry>(row);
    if (!x) x = interapp::audit_entry{}; // of no hash: it is named
    entries.push_back(std::move(*x));
    if (!whole) check();
  }
  check();
  return out;
}

/// All pages as one report: what is wrong with one of them is wrong with the whole.
outcome<json::object> read_report(api& node, const audit_options& given, timestamp_ms from,
                                  timestamp_ms until) {
  json::object out;
  json::array entries;
  json::array faults;
  auto after = std::string{"0"};
  do {
    const auto page =
        node.get(agreement_path(given.id, "/audit"), {{"after", after},
                                                      {"limit", std::to_string(given.page.limit)},
                                                      {"from", std::to_string(from.get())},
                                                      {"until", std::to_string(until.get())}});
    if (!page) return page.error();
    out = page->as_object();
    for (auto& x : list_at(*page, "entries"))
      entries.push_back(x);
    for (auto& x : list_at(*page, "faults"))
      faults.push_back(x);
    const auto* next = out.if_contains("next");
    after = next && next->is_number() ? std::to_string(next->to_number<std::uint64_t>()) : "0";
  } while (given.page.all && after != "0");
  for (auto& x : check_entries(given, entries))
    if (std::ranges::find(faults, x) == faults.end()) faults.push_back(x);
  out["verified"] = faults.empty();
  out["entries"] = std::move(entries);
  out["faults"] = std::move(faults);
  return out;
}

std::string render_report(const json::object& report, const style& how) {
  const json::value whole = report;
  auto out = render_table(entry_columns, list_at(whole, "entries"), how);
  const auto faults = list_at(whole, "faults");
  out += faults.empty() ? "\nverified: every hash was computed again\n"
                        : "\nNOT verified:\n" + render_table(fault_columns, faults, how);
  out += "head " + text_at(whole, "head.hash") + "\n";
  const auto* next = report.if_contains("next");
  if (next && next->is_number() && next->to_number<std::uint64_t>() > 0)
    out += "There is more: --all.\n";
  return out;
}

exit_code audit(const context& with, const audit_options& given) {
  const auto from = parse_time(given.from, "--from");
  if (!from) return with.show(from.error());
  const auto until = parse_time(given.until, "--until");
  if (!until) return with.show(until.error());
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto report = read_report(*node, given, *from, *until);
  if (!report) return with.show(report.error());
  const auto verified = report->at("verified").as_bool();
  const auto shown = with.show(*report, [&] { return render_report(*report, with.table_style()); });
  return shown == exit_code::ok && !verified ? exit_code::failed : shown;
}

// -- the tree ----------------------------------------------------------------

void add_id(CLI::App& to, std::string& id) {
  add_option(to, "--agreement-id", id, "which agreement").required();
}

void add_key(CLI::App& to, std::string& file) {
  add_option(to, "--key", file,
             "the file of the app's secret key; without it ~/.config/bpci/keys/apps/APP.key")
      .type_name("FILE");
}

void add_register_app(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<register_options>();
  auto& app =
      add_command(to, "register-app", "Register an app under its public key",
                  "bpci inter-app register-app --app-id trading-platform --app-type WebApp "
                  "--capabilities real_time_data,order_execution",
                  line, [given](const context& with) { return register_app(with, *given); });
  add_option(app, "--app-id", given->app_id, "its id: 1 to 64 of A-Z a-z 0-9 . _ : -").required();
  add_option(app, "--app-type", given->what.app_type, "WebApp, Banking, ...: an id").required();
  add_option(app, "--capabilities", given->what.capabilities, "with commas between").delimiter(',');
  add_option(app, "--node-id", given->node_id, "the BPI node that hosts it, and sends for it");
  const auto key =
      add_option(app, "--public-key", given->what.public_key, "its Ed25519 key").type_name("HEX");
  add_option(app, "--key", given->key_file,
             "the file of its secret key instead; made when it is missing. Without either, "
             "~/.config/bpci/keys/apps/APP.key")
      .type_name("FILE")
      .excludes(key);
}

void add_establish(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<establish_options>();
  auto& app =
      add_command(to, "establish", "Propose an agreement between two apps; then both sign it",
                  "bpci inter-app establish --app1 banking-app --app2 audit-system "
                  "--type DataExchange --permissions \"Read(transactions),Write(audit_logs)\"",
                  line, [given](const context& with) { return establish(with, *given); });
  add_option(app, "--app1", given->app1, "the id of one app").required();
  add_option(app, "--app2", given->app2, "the id of the other").required();
  add_option(app, "--type", given->type)
      .one_of({"ServiceCall", "DataExchange", "EventStream", "Notification", "BatchTransfer"})
      .required();
  add_option(app, "--permissions", given->permissions,
             "what each may ask of the other, with commas between: Read(accounts)")
      .delimiter(',');
  add_option(app, "--app1-permissions", given->app1_permissions, "what app1 alone may ask of app2")
      .delimiter(',');
  add_option(app, "--app2-permissions", given->app2_permissions, "what app2 alone may ask of app1")
      .delimiter(',');
  add_option(app, "--encryption-level", given->encryption,
             "the least of a payload; without it what the cluster asks for")
      .one_of({"None", "Standard", "High", "Quantum"});
  add_option(app, "--valid-from", given->valid_from, "without it as soon as both have signed")
      .type_name("TIME");
  add_option(app, "--valid-until", given->valid_until, "without it until it is revoked")
      .type_name("TIME");
  add_option(app, "--agreement-id", given->id, "without it one is derived from the terms");
}

void add_sign(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<sign_options>();
  auto& app = add_command(to, "sign", "Sign an agreement as one of its apps",
                          "bpci inter-app sign --agreement-id agreement-001 --app-id banking-app",
                          line, [given](const context& with) { return sign(with, *given); });
  add_id(app, given->id);
  add_option(app, "--app-id", given->app, "which of the two apps").required();
  add_key(app, given->key_file);
  add_flag(app, "--dry-run", given->dry_run, "show the terms and sign nothing");
}

void add_revoke(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<revoke_options>();
  auto& app = add_command(to, "revoke", "End an agreement, as an admin or as one of its apps",
                          "bpci inter-app revoke --agreement-id agreement-001 "
                          "--reason \"the contract has ended\"",
                          line, [given](const context& with) { return revoke(with, *given); });
  add_id(app, given->id);
  add_option(app, "--reason", given->reason, "why; it is recorded").required();
  add_option(app, "--app-id", given->app, "sign it as this app");
  add_key(app, given->key_file);
}

struct list_options {
  page_options page;
  std::string app;
  std::string state;
};

exit_code list_agreements(const context& with, const list_options& given) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->list(
      base + "/agreements", "agreements",
      {{"app", given.app}, {"state", given.state}, {"limit", std::to_string(given.page.limit)}},
      given.page.all);
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    json::array rows;
    for (const auto& x : list_at(*data, "agreements"))
      rows.emplace_back(for_people(x.as_object()));
    if (rows.empty()) return std::string{"There is no agreement: bpci inter-app establish.\n"};
    return render_table(agreement_row, rows, with.table_style()) + render_footer(*data);
  });
}

void add_lists(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<list_options>();
  auto& agreements = add_command(
      to, "list", "The agreements", "bpci inter-app list --app banking-app --state active", line,
      [given](const context& with) { return list_agreements(with, *given); });
  add_option(agreements, "--app", given->app, "only those of this app");
  add_option(agreements, "--state", given->state)
      .one_of({"proposed", "active", "expired", "revoked"});
  add_page_options(agreements, given->page);
  struct app_options {
    page_options page;
    std::string type;
  };
  const auto of_apps = std::make_shared<app_options>();
  auto& apps =
      add_command(to, "list-apps", "The registered apps", "bpci inter-app list-apps --type WebApp",
                  line, [of_apps](const context& with) {
                    return show_list(with, apps_view, {{"type", of_apps->type}}, of_apps->page);
                  });
  add_option(apps, "--type", of_apps->type, "only apps of this type");
  add_page_options(apps, of_apps->page);
}

void add_questions(CLI::App& to, command_line& line) {
  const auto shown = std::make_shared<agreement_options>();
  add_id(add_command(to, "show", "One agreement",
                     "bpci inter-app show --agreement-id agreement-001", line,
                     [shown](const context& with) { return show(with, *shown); }),
         shown->id);
  const auto valid = std::make_shared<agreement_options>();
  add_id(add_command(to, "validate", "Whether an agreement can be used, and what is wrong with it",
                     "bpci inter-app validate --agreement-id agreement-001", line,
                     [valid](const context& with) { return validate(with, *valid); }),
         valid->id);
  const auto given = std::make_shared<audit_options>();
  auto& app = add_command(to, "audit", "What happened under an agreement, verified",
                          "bpci inter-app audit --agreement-id agreement-001 --all", line,
                          [given](const context& with) { return audit(with, *given); });
  add_id(app, given->id);
  add_option(app, "--from", given->from, "entries since then").type_name("TIME");
  add_option(app, "--until", given->until, "entries before then").type_name("TIME");
  add_page_options(app, given->page);
}

} // namespace

void add_inter_app_commands(CLI::App& to, command_line& line) {
  auto& group = add_group(to, "inter-app", "Agreements between apps, and their audit");
  add_register_app(group, line);
  add_establish(group, line);
  add_sign(group, line);
  add_revoke(group, line);
  add_lists(group, line);
  add_questions(group, line);
}

} // namespace bpci::cli
