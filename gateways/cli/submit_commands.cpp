#include "gateways/cli/commands.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/submission.hpp"
#include "messages/codec/json.hpp"

#include <memory>

namespace bpci::cli {

namespace {

namespace json = boost::json;

/// Parses what a user gave as JSON. Errors: usage.
outcome<json::value> read_json_option(const std::string& name, const std::string& text) {
  auto out = codec::parse_json(text);
  if (out) return std::move(*out);
  return usage_fault(name + " is not JSON: " + out.error().detail,
                     "Quote the whole value for the shell: " + name + " '{\"proposal\": 1}'.");
}

// -- any command of the ledger -------------------------------------------------------------------

struct any_options {
  submit_options how;
  std::string module;
  std::string kind;
  std::string body = "{}";
};

exit_code submit_any(const context& with, const any_options& given) {
  auto body = read_json_option("--body", given.body);
  if (!body) return with.show(body.error());
  return submit(with, given.how, {given.module, given.kind, std::move(*body)});
}

void add_any(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<any_options>();
  auto& app = add_command(to, "submit", "Sign and send any command of the ledger",
                          "bpci chain submit --wallet ada --module governance --kind vote --body "
                          "'{\"proposal\": 3, \"yes\": true}'",
                          line, [given](const context& with) { return submit_any(with, *given); });
  add_option(app, "--module", given->module, "of the ledger: coins, validators, governance, ...")
      .required();
  add_option(app, "--kind", given->kind, "the command: transfer, join, vote, ...").required();
  add_option(app, "--body", given->body, "its members").type_name("JSON").show_default();
  add_submit_options(app, given->how);
}

// -- validators
// ------------------------------------------------------------------------------------

/// A command with an amount of GEN, or none.
struct bond_options {
  submit_options how;
  std::string amount;
};

/// "1000" is taken for GEN: no other token can be a bond.
std::string with_gen(const std::string& amount) {
  return amount.find(' ') == std::string::npos ? amount + " GEN" : amount;
}

void add_bond(CLI::App& to, command_line& line, const std::string& name, const std::string& what,
              const std::string& kind, const char* member) {
  const auto given = std::make_shared<bond_options>();
  auto& app = add_command(
      to, name, what, "bpci chain " + name + " 1000 --key ./data/validator.key", line,
      [given, kind, member](const context& with) {
        return submit(with, given->how,
                      {"validators", kind, json::object{{member, with_gen(given->amount)}}});
      });
  add_option(app, "amount", given->amount, "GEN, as in 1000.5").required().type_name("AMOUNT");
  add_submit_options(app, given->how);
}

void add_plain(CLI::App& to, command_line& line, const std::string& name, const std::string& what) {
  const auto given = std::make_shared<submit_options>();
  auto& app = add_command(to, name, what, "bpci chain " + name + " --key ./data/validator.key",
                          line, [given, name](const context& with) {
                            return submit(with, *given, {"validators", name, json::object{}});
                          });
  add_submit_options(app, *given);
}

// -- governance
// ------------------------------------------------------------------------------------

struct vote_options {
  submit_options how;
  std::uint64_t proposal = 0;
  bool no = false;
};

void add_vote(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<vote_options>();
  auto& app = add_command(
      to, "vote", "Vote on a proposal; for it, unless --no",
      "bpci chain vote 3 --key ./data/validator.key", line, [given](const context& with) {
        return submit(with, given->how,
                      {"governance", "vote",
                       json::object{{"proposal", given->proposal}, {"yes", !given->no}}});
      });
  add_option(app, "proposal", given->proposal, "its number").required().type_name("N");
  add_flag(app, "--no", given->no, "vote against it");
  add_submit_options(app, given->how);
}

struct propose_options {
  submit_options how;
  std::string title;
  std::string module = "governance";
  std::string kind;
  std::string body = "{}";
  bool fast = false;
};

exit_code propose(const context& with, const propose_options& given) {
  auto body = read_json_option("--body", given.body);
  if (!body) return with.show(body.error());
  return submit(with, given.how,
                {"governance", "propose",
                 json::object{{"title", given.title},
                              {"module", given.module},
                              {"kind", given.kind},
                              {"body", std::move(*body)},
                              {"fast", given.fast}}});
}

void add_propose(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<propose_options>();
  auto& app =
      add_command(to, "propose", "Propose a call to the other validators, and vote for it",
                  "bpci chain propose --title \"cheaper transactions\" --kind set_parameter --body "
                  "'{\"name\": \"ledger.fee_base\", \"value\": 50000}' --key ./data/validator.key",
                  line, [given](const context& with) { return propose(with, *given); });
  add_option(app, "--title", given->title, "what it is about, for people").required();
  add_option(app, "--module", given->module, "of the call").show_default();
  add_option(app, "--kind", given->kind, "of the call: set_parameter, spend, halt, ...").required();
  add_option(app, "--body", given->body, "of the call").type_name("JSON").show_default();
  add_flag(app, "--fast", given->fast, "less time for voting; the threshold is the same");
  add_submit_options(app, given->how);
}

} // namespace

void add_submit_commands(CLI::App& chain, command_line& line) {
  add_any(chain, line);
  add_bond(chain, line, "join", "Become a validator with this bond", "join", "bond");
  add_bond(chain, line, "bond", "Add to a validator's bond", "add_bond", "more");
  add_bond(chain, line, "unbond", "Take out of a validator's bond", "unbond", "less");
  add_plain(chain, line, "leave", "Be a validator no longer; the whole bond unbonds");
  add_plain(chain, line, "unjail", "Be back after having been absent");
  add_plain(chain, line, "withdraw", "Take out what has been unbonding long enough");
  add_vote(chain, line);
  add_propose(chain, line);
}

} // namespace bpci::cli
