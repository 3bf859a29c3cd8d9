#include "gateways/cli/consensus_commands.hpp"

#include "gateways/cli/key_files.hpp"
#include "gateways/cli/list_view.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/text.hpp"
#include "gateways/clients/cpp/consensus.hpp"
#include "gateways/governance/terms_text.hpp"
#include "messages/codec/json.hpp"

#include <fstream>
#include <memory>
#include <sstream>

namespace bpci::cli {

namespace {

namespace json = boost::json;

constexpr std::int64_t day_ms = 24LL * 60 * 60 * 1'000;

/// An emergency's deadline is the cluster's to bound, by its own clock.
constexpr std::int64_t clock_slack_ms = 2'000;

const columns round_columns{
    {"PROPOSAL", "what.proposal_id"},
    {"TYPE", "what.proposal_type"},
    {"STATE", "standing", cell::state},
    {"PROPOSER", "what.proposer_node"},
    {"VOTES", "tally.votes", cell::number},
    {"OF", "tally.voters", cell::number},
    {"APPROVE", "tally.approve_weight", cell::number},
    {"REJECT", "tally.reject_weight", cell::number},
    {"WEIGHT", "tally.total_weight", cell::number},
    {"OPENED", "opened_at", cell::since},
    {"DEADLINE", "what.voting_deadline", cell::until},
};

const columns round_record_columns{
    {"proposal", "what.proposal_id"},
    {"type", "what.proposal_type"},
    {"content", "what.content"},
    {"proposer", "what.proposer_node"},
    {"admin", "admin"},
    {"digest", "digest"},
    {"state", "standing", cell::state},
    {"deadline", "what.voting_deadline", cell::until},
    {"threshold (basis points)", "what.required_threshold"},
    {"minimum votes", "what.minimum_votes"},
    {"minimum participation (basis points)", "what.minimum_participation"},
    {"votes", "tally.votes"},
    {"voters", "tally.voters"},
    {"weight", "tally.total_weight"},
    {"approve", "tally.approve_weight"},
    {"reject", "tally.reject_weight"},
    {"abstain", "tally.abstain_weight"},
    {"missing votes", "missing.votes"},
    {"missing approval", "missing.approve_weight"},
    {"missing weight", "missing.weight"},
    {"not voted yet", "missing.voters"},
};

const columns vote_columns{
    {"VOTER", "voter_node"},
    {"VOTE", "decision", cell::state},
    {"WEIGHT", "weight", cell::number},
    {"AGE", "counted_at", cell::since},
    {"REASONING", "reasoning"},
};

const columns refused_columns{
    {"REFUSED", "vote.voter_node"},
    {"WHY", "refusal"},
    {"VOTE", "vote.decision"},
    {"AGE", "at", cell::since},
};

const columns refused_proposal_columns{
    {"PROPOSAL", "proposal_id"},
    {"TYPE", "proposal_type"},
    {"PROPOSER", "proposer_node"},
    {"PROVED", "is_of_proposer"},
    {"WHY", "refusal"},
    {"DEADLINE", "voting_deadline", cell::until},
    {"AGE", "at", cell::since},
};

const columns weight_columns{
    {"NODE", "node_id"},
    {"WEIGHT", "weight", cell::number},
    {"SET", "set_at", cell::since},
    {"BY", "set_by"},
};

/// The node whose key is the only one here, so that it need not be named.
outcome<std::string> only_node(const context& with) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& one : std::filesystem::directory_iterator{key_folder(with), ignored})
    if (one.path().extension() == ".key") found.push_back(one.path().stem().string());
  if (found.size() == 1) return found.front();
  return usage_fault(found.empty() ? "there is no key of a node in " + key_folder(with).string()
                                   : "there are keys of several nodes",
                     "Say who votes with --voter.");
}

// -- propose -----------------------------------------------------------------

struct propose_options {
  std::string id;
  std::string type;
  std::string content;
  std::string deadline;
  std::string threshold;
  std::string participation;
  std::uint64_t votes = 0;
  std::string proposer;
  std::string key_file;
  std::string reason;
};

outcome<std::string> read_content(const std::string& given) {
  auto text = given;
  if (given.starts_with('@')) {
    std::ifstream in{given.substr(1), std::ios::binary};
    std::ostringstream all;
    all << in.rdbuf();
    if (!in)
      return usage_fault("--content: " + given.substr(1) + " cannot be read",
                         "Check the path behind the @.");
    text = all.str();
  }
  if (text.size() > governance::content_bytes_max)
    return usage_fault("--content has " + std::to_string(text.size()) + " bytes",
                       "At most " + std::to_string(governance::content_bytes_max)
                           + "; propose the hash of a longer text.");
  if (const auto parsed = codec::parse_json(text); !parsed)
    return usage_fault("--content is not JSON: " + parsed.error().detail,
                       "Quote the whole value for the shell: --content '{\"parameter\": ...}'.");
  return text;
}

/// As the API reads it, with the members that were given.
outcome<json::object> to_body(const propose_options& given) {
  const auto content = read_content(given.content);
  if (!content) return content.error();
  json::object out{{"proposal_type", given.type}, {"content", *content}};
  const auto add = [&out](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  add("proposal_id", given.id);
  add("voting_deadline", given.deadline);
  add("required_threshold", given.threshold);
  add("minimum_participation", given.participation);
  add("proposer_node", given.proposer);
  if (given.votes > 0) out["minimum_votes"] = given.votes;
  if (const auto ok = gateway::replace_time(out, "voting_deadline"); !ok)
    return to_fault(ok.error(), exit_code::usage, "Give --deadline as 2026-12-31T23:59:59Z.");
  for (const auto* name : {"required_threshold", "minimum_participation"})
    if (const auto ok = gateway::replace_share(out, name); !ok)
      return to_fault(ok.error(), exit_code::usage, "Give a share such as 0.67 or 67%.");
  return out;
}

/// Whoever signs says everything: what was left out is taken from the rules of the cluster.
outcome<governance::proposal> complete(const context& with, api& node, const json::object& body) {
  auto x = codec::from_json<governance::proposal>(body);
  if (!x) return to_fault(x.error(), exit_code::usage);
  const auto rules = node.get("/api/v1/consensus/health");
  if (!rules) return rules.error();
  const auto rule = [&](std::string_view name) {
    const auto* found = rules->is_object() ? rules->get_object().if_contains(name) : nullptr;
    return found && found->is_number() ? found->to_number<std::uint64_t>() : std::uint64_t{0};
  };
  const auto emergency = x->proposal_type == "EmergencyAction";
  const auto now = with.around().now();
  x->created_at = now;
  if (x->proposal_id.empty())
    x->proposal_id = "prop-" + crypto::to_hex(client::digest_of(*x)).substr(0, 32);
  if (x->voting_deadline == timestamp_ms{})
    x->voting_deadline = timestamp_ms{
        now.get()
        + (emergency ? static_cast<std::int64_t>(rule("emergency_ms")) - clock_slack_ms : day_ms)};
  if (x->required_threshold == 0)
    x->required_threshold = rule(emergency ? "emergency_threshold" : "vote_threshold");
  if (x->minimum_votes == 0) x->minimum_votes = rule("min_consensus_nodes");
  if (emergency && x->minimum_participation == 0)
    x->minimum_participation = rule("emergency_participation");
  return std::move(*x);
}

std::string say_proposed(const json::value& data) {
  return "proposal " + text_at(data, "what.proposal_id") + "\nstate " + text_at(data, "standing")
         + "\ndigest " + text_at(data, "digest") + '\n';
}

exit_code propose(const context& with, const propose_options& given) {
  auto body = to_body(given);
  if (!body) return with.show(body.error());
  auto node = with.node();
  if (!node) return with.show(node.error());
  if (given.proposer.empty()) {
    if (!given.reason.empty()) (*body)["reason"] = given.reason;
  } else {
    const auto keys = load_registered_key(node_owner(with, given.proposer), given.key_file);
    if (!keys) return with.show(keys.error());
    auto whole = complete(with, *node, *body);
    if (!whole) return with.show(whole.error());
    *body = codec::to_json(client::sign(std::move(*whole), *keys)).as_object();
  }
  const auto data = node->post("/api/v1/consensus/proposals", *body);
  if (!data) return with.show(data.error());
  return with.show(*data, [&] { return say_proposed(*data); });
}

// -- vote --------------------------------------------------------------------

struct vote_options {
  std::string id;
  std::string decision;
  std::string reasoning;
  std::string voter;
  std::string key_file;
  std::string digest;
};

/// The digest of the proposal that the node shows: computed here, so that what is signed is what
/// was shown.
outcome<crypto::digest> digest_of_shown(api& node, const std::string& id) {
  const auto data = node.get("/api/v1/consensus/rounds/" + percent_encode(id), {{"limit", "1"}});
  if (!data) return data.error();
  const auto* object = data->if_object();
  const auto* what = object ? object->if_contains("what") : nullptr;
  const auto x = what ? codec::from_json<governance::proposal>(*what)
                      : fail(ec::malformed, "the answer has no proposal");
  if (!x) return to_fault(x.error(), exit_code::failed, "Check that --url names a bpci node.");
  return client::digest_of(*x);
}

outcome<crypto::digest> digest_for(api& node, const vote_options& given) {
  if (given.digest.empty()) return digest_of_shown(node, given.id);
  const auto out = crypto::digest_from_hex(given.digest);
  if (!out) return usage_fault("--digest needs 64 hex digits", "Take it from bpci consensus show.");
  return *out;
}

exit_code vote(const context& with, const vote_options& given) {
  auto voter = given.voter.empty() ? only_node(with) : outcome<std::string>{given.voter};
  if (!voter) return with.show(voter.error());
  const auto keys = load_registered_key(node_owner(with, *voter), given.key_file);
  if (!keys) return with.show(keys.error());
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto digest = digest_for(*node, given);
  if (!digest) return with.show(digest.error());
  governance::vote said{given.id, *voter, {}, given.reasoning, with.around().now(), {}};
  boost::describe::enum_from_string(given.decision.c_str(), said.decision);
  const auto data = node->post("/api/v1/consensus/votes",
                               codec::to_json(client::sign(std::move(said), *digest, *keys)));
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    return *voter + " votes " + given.decision + " on " + given.id + "\nstate "
           + text_at(*data, "standing") + '\n';
  });
}

// -- reading -----------------------------------------------------------------

struct history_options {
  page_options page;
  std::string state;
  std::string type;
};

exit_code list_active(const context& with, const page_options& page) {
  return show_list(with,
                   {"/api/v1/consensus/rounds/active", "rounds", round_columns,
                    "No proposal is being voted on."},
                   {}, page);
}

exit_code history(const context& with, const history_options& given) {
  return show_list(
      with, {"/api/v1/consensus/rounds", "rounds", round_columns, "There was no such proposal."},
      {{"state", given.state}, {"type", given.type}}, given.page);
}

exit_code list_refused(const context& with, const page_options& page) {
  return show_list(with,
                   {"/api/v1/consensus/refused", "proposals", refused_proposal_columns,
                    "No proposal of a BPI node was refused."},
                   {}, page);
}

exit_code show(const context& with, const std::string& id) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->get("/api/v1/consensus/rounds/" + percent_encode(id), {{"limit", "500"}});
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    auto out = render_record(round_record_columns, data->as_object(), with.table_style());
    const auto votes = list_at(*data, "votes");
    const auto refused = list_at(*data, "refused_votes");
    if (!votes.empty()) out += '\n' + render_table(vote_columns, votes, with.table_style());
    if (!refused.empty()) out += '\n' + render_table(refused_columns, refused, with.table_style());
    return out;
  });
}

exit_code stats(const context& with) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->get("/api/v1/consensus/stats");
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    const auto* object = data->if_object();
    return object ? render_members(*object, with.table_style()) : codec::to_text(*data) + '\n';
  });
}

// -- weights -----------------------------------------------------------------

struct weight_options {
  std::string node;
  std::string weight;
  std::string reason = "set by bpci consensus set-weight";
};

std::string render_weights(const context& with, const json::value& data) {
  return render_table(weight_columns, list_at(data, "weights"), with.table_style());
}

exit_code set_weight(const context& with, const weight_options& given) {
  const auto weight = gateway::parse_weight(given.weight);
  if (!weight) return with.show(to_fault(weight.error(), exit_code::usage));
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->post(
      "/api/v1/consensus/weights",
      json::object{{"node_id", given.node}, {"weight", given.weight}, {"reason", given.reason}});
  if (!data) return with.show(data.error());
  return with.show(*data, [&] { return render_weights(with, *data); });
}

exit_code weights(const context& with) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->get("/api/v1/consensus/weights");
  if (!data) return with.show(data.error());
  return with.show(*data, [&] {
    return list_at(*data, "weights").empty()
               ? std::string{"Nobody may vote yet; bpci consensus set-weight enters a node.\n"}
               : render_weights(with, *data);
  });
}

// -- the tree ----------------------------------------------------------------

void add_propose(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<propose_options>();
  auto& app = add_command(
      to, "propose",
      "Put a proposal to the vote, as an admin or, with --proposer, signed by a BPI node",
      "bpci consensus propose --type NetworkParameter --content "
      "'{\"parameter\": \"max_connections\", \"value\": 2000}' "
      "--deadline 2026-12-31T23:59:59Z --threshold 0.67",
      line, [given](const context& with) { return propose(with, *given); });
  add_option(app, "--type", given->type,
             "NetworkParameter, NodeMembership, ProtocolUpgrade, SecurityPolicy, "
             "ResourceAllocation, EmergencyAction or Custom(id)")
      .required();
  add_option(app, "--content", given->content, "a JSON object, or @ and the file that holds it")
      .type_name("JSON|@FILE")
      .required();
  add_option(app, "--deadline", given->deadline, "when the vote ends; without it after a day")
      .type_name("TIME");
  add_option(app, "--threshold", given->threshold,
             "share of the weight that has to approve, above 2/3: 0.67, 67%, 6700bp")
      .type_name("SHARE");
  add_option(app, "--minimum-votes", given->votes, "fewer votes are none");
  add_option(app, "--minimum-participation", given->participation,
             "share of the weight that has to vote")
      .type_name("SHARE");
  add_option(app, "--proposal-id", given->id, "without it one that follows from the content");
  add_option(app, "--proposer", given->proposer, "the node that proposes and signs")
      .type_name("NODE");
  add_option(app, "--key", given->key_file,
             "the file of its secret key; without it ~/.config/bpci/keys/PROPOSER.key")
      .type_name("FILE");
  add_option(app, "--reason", given->reason, "of an admin, for the audit log");
}

void add_vote(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<vote_options>();
  auto& app = add_command(to, "vote", "Vote on a proposal, signed by a BPI node",
                          "bpci consensus vote --proposal-id prop-001 --decision Approve "
                          "--reasoning \"Improves scalability\"",
                          line, [given](const context& with) { return vote(with, *given); });
  add_option(app, "--proposal-id", given->id).required();
  add_option(app, "--decision", given->decision)
      .one_of({"Approve", "Reject", "Abstain"})
      .required();
  add_option(app, "--reasoning", given->reasoning, "why; everybody can read it");
  add_option(app, "--voter", given->voter,
             "the node that votes; without it the one whose key is in ~/.config/bpci/keys")
      .type_name("NODE");
  add_option(app, "--key", given->key_file,
             "the file of its secret key; without it ~/.config/bpci/keys/VOTER.key")
      .type_name("FILE");
  add_option(app, "--digest", given->digest,
             "of the proposal, from somebody you trust; without it the node is asked")
      .type_name("HEX");
}

void add_reading(CLI::App& to, command_line& line) {
  const auto page = std::make_shared<page_options>();
  auto& active = add_command(to, "list-active", "Proposals that are being voted on",
                             "bpci consensus list-active", line,
                             [page](const context& with) { return list_active(with, *page); });
  add_page_options(active, *page);

  const auto given = std::make_shared<history_options>();
  auto& past = add_command(to, "history", "All proposals, newest first",
                           "bpci consensus history --state Approved", line,
                           [given](const context& with) { return history(with, *given); });
  add_option(past, "--state", given->state).one_of({"Active", "Approved", "Rejected", "Expired"});
  add_option(past, "--type", given->type, "only proposals of this type");
  add_page_options(past, given->page);

  auto& refused = add_command(
      to, "refused", "What BPI nodes proposed and could not be put to the vote, newest first",
      "bpci consensus refused", line,
      [page](const context& with) { return list_refused(with, *page); });
  add_page_options(refused, *page);

  const auto id = std::make_shared<std::string>();
  auto& one = add_command(to, "show", "One proposal: its tally, its votes, and what is missing",
                          "bpci consensus show prop-001", line,
                          [id](const context& with) { return show(with, *id); });
  add_option(one, "proposal", *id).required().type_name("ID");

  add_command(to, "stats", "How many proposals there were, and what they came to",
              "bpci consensus stats", line, stats);
}

void add_weights(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<weight_options>();
  auto& app = add_command(
      to, "set-weight", "Set the weight of a registered node's votes; rounds under way keep theirs",
      "bpci consensus set-weight --node-id validator-001 --weight 1.5", line,
      [given](const context& with) { return set_weight(with, *given); });
  add_option(app, "--node-id", given->node).required().type_name("NODE");
  add_option(app, "--weight", given->weight, "at most three decimals; 0 takes the node out")
      .required();
  add_option(app, "--reason", given->reason, "for the audit log");
  add_command(to, "weights", "Who may vote, and with which weight", "bpci consensus weights", line,
              weights);
}

} // namespace

void add_consensus_commands(CLI::App& to, command_line& line) {
  auto& consensus = add_group(to, "consensus", "Votes of BPI nodes on proposals");
  add_propose(consensus, line);
  add_vote(consensus, line);
  add_reading(consensus, line);
  add_weights(consensus, line);
}

} // namespace bpci::cli
