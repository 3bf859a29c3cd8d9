#include "gateways/cli/commands.hpp"
#include "gateways/cli/list_view.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/submission.hpp"
#include "gateways/cli/text.hpp"
#include "messages/codec/json.hpp"

#include <fstream>
#include <memory>
#include <ostream>

namespace bpci::cli {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr auto between_blocks = 1'000ms;
constexpr std::size_t transaction_file_max = 262'144;

const columns block_columns{
    {"HEIGHT", "at", cell::number},
    {"AGE", "time", cell::since},
    {"TXS", "transactions", cell::number},
    {"BYTES", "bytes_held", cell::number},
    {"ROUND", "round", cell::number},
    {"PROPOSER", "proposer"},
    {"ID", "id"},
};

const list_view blocks_view{"/api/v1/chain/blocks", "blocks", block_columns, "There is no block."};

const columns peer_columns{
    {"PEER", "who"},
    {"LINKED", "linked", cell::flag},
    {"BY US", "dialled_by_us", cell::flag},
    {"HEIGHT", "at", cell::number},
    {"SINCE", "since", cell::since},
    {"SENT", "sent", cell::number},
    {"RECEIVED", "received", cell::number},
    {"BAD", "misbehaved", cell::number},
    {"URLS", "urls"},
    {"LAST ERROR", "last_error"},
};

const columns validator_columns{
    {"VALIDATOR", "id"},
    {"WEIGHT", "weight", cell::number},
};

const columns standing_columns{
    {"VALIDATOR", "who"},
    {"WEIGHT", "weight", cell::number},
    {"ROUND", "round", cell::number},
    {"PROPOSED", "proposed", cell::flag},
    {"PREPARED", "prepared", cell::flag},
    {"COMMITTED", "committed", cell::flag},
    {"WANTS CHANGE", "wants_change", cell::flag},
    {"MISSING", "missing"},
};

const columns status_columns{
    {"chain", "chain.chain_id"},
    {"height", "chain.at"},
    {"block", "chain.id"},
    {"of", "chain.time", cell::since},
    {"state root", "chain.state_root"},
    {"genesis", "chain.genesis"},
    {"blocks here", "chain.blocks_here"},
    {"transactions", "chain.transactions"},
    {"validators", "chain.validators", cell::count},
    {"this node", "engine.self"},
    {"signs", "engine.signs", cell::flag},
    {"last decided", "engine.last_decided", cell::since},
    {"decided", "engine.decided"},
    {"rounds changed", "engine.rounds_changed"},
};

const columns evidence_columns{
    {"BY", "by"},
    {"HEIGHT", "at", cell::number},
    {"WHAT", "what.what"},
    {"FOUND", "found", cell::since},
    {"IN BLOCK", "in_block", cell::number},
};

const columns parameter_columns{
    {"PARAMETER", "name"},          {"VALUE", "value", cell::number},
    {"SET", "set", cell::flag},     {"LEAST", "least", cell::number},
    {"MOST", "most", cell::number},
};

const columns proposal_columns{
    {"NO", "number", cell::number},
    {"STATE", "now", cell::state},
    {"TITLE", "what.title"},
    {"MODULE", "what.module"},
    {"KIND", "what.kind"},
    {"YES", "yes", cell::number},
    {"NO", "no", cell::number},
    {"OF", "total", cell::number},
    {"DEADLINE", "deadline", cell::number},
    {"REFUSAL", "refusal"},
};

const columns coin_columns{
    {"TOKEN", "token"},
    {"AMOUNT", "amount", cell::number},
};

std::string record_of(const json::value& x, const columns& shown, const style& how) {
  const auto* record = x.if_object();
  return record ? render_record(shown, *record, how) : codec::to_text(x) + '\n';
}

/// Asks for one thing, and shows it as `table` makes it.
exit_code show_one(const context& with, const std::string& path, const api::query& what,
                   const std::function<std::string(const json::value&, const style&)>& table) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->get(path, what);
  if (!data) return with.show(data.error());
  return with.show(*data, [&] { return table(*data, with.table_style()); });
}

/// A command that takes nothing and shows one answer.
void add_view(CLI::App& to, command_line& line, const std::string& name, const std::string& what,
              const std::string& path,
              std::function<std::string(const json::value&, const style&)> table) {
  add_command(to, name, what, "bpci chain " + name + " -o json", line,
              [path, table = std::move(table)](const context& with) {
                return show_one(with, path, {}, table);
              });
}

// -- where it stands -----------------------------------------------------------------------------

std::string render_status(const json::value& x, const style& how) {
  return tame(text_at(x, "summary")) + "\n\n" + record_of(x, status_columns, how);
}

/// Who is in which round, holding what, missing whom.
std::string render_stuck(const json::value& x, const style& how) {
  json::array rows;
  for (const auto& validator : list_at(x, "engine.where.validators")) {
    if (!validator.is_object()) continue;
    auto row = validator.get_object();
    for (const auto& missing : list_at(x, "engine.missing"))
      if (text_at(missing, "who") == text_at(validator, "who"))
        row["missing"] = text_at(missing, "why");
    rows.push_back(std::move(row));
  }
  auto out = text_at(x, "summary") + '\n';
  if (!rows.empty()) out += '\n' + render_table(standing_columns, rows, how);
  for (const auto& part : list_at(x, "unanswered"))
    out += "No answer about " + text_at(part, "part") + ": " + text_at(part, "code") + '\n';
  return out;
}

// -- blocks --------------------------------------------------------------------------------------

struct blocks_options {
  page_options page;
  bool follow = false;
};

std::uint64_t height_of(const json::value& block) {
  std::uint64_t out = 0;
  const auto* object = block.if_object();
  const auto* at = object ? object->if_contains("at") : nullptr;
  if (at && !codec::read_json(*at, out)) out = 0;
  return out;
}

void print_block(const context& with, const json::value& block, bool first) {
  auto& out = with.around().out;
  if (with.how() != format::table) {
    out << codec::to_text(block) << '\n';
    return;
  }
  auto text = render_table(block_columns, {block}, with.table_style());
  if (!first) text.erase(0, text.find('\n') + 1);
  out << text;
}

/// A line for each new block, oldest first, until it is told to stop. In JSON and YAML a line is an
/// object, so that a program can read along.
exit_code follow_blocks(const context& with, std::uint32_t limit) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  std::uint64_t seen = 0;
  auto first = true;
  for (;;) {
    const auto page = node->get(blocks_view.path, {{"limit", std::to_string(limit)}});
    if (!page) return with.show(page.error());
    auto rows = list_at(*page, "blocks");
    for (auto i = rows.size(); i-- > 0;) {
      if (!first && height_of(rows[i]) <= seen) continue;
      print_block(with, rows[i], std::exchange(first, false));
      seen = height_of(rows[i]);
    }
    with.around().out.flush();
    if (!with.around().out) return exit_code::failed;
    if (!with.around().pause(between_blocks)) return exit_code::ok;
  }
}

void add_blocks(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<blocks_options>();
  given->page.limit = 20;
  auto& app = add_command(to, "blocks", "The final blocks, newest first",
                          "bpci chain blocks --follow", line, [given](const context& with) {
                            if (given->follow) return follow_blocks(with, given->page.limit);
                            return show_list(with, blocks_view, {}, given->page);
                          });
  add_flag(app, "-f,--follow", given->follow, "go on with each new one");
  add_page_options(app, given->page);
}

std::string render_block(const json::value& x, const style& how) {
  static const columns shown{
      {"id", "id"},
      {"height", "header.at"},
      {"time", "header.time", cell::since},
      {"parent", "header.parent"},
      {"proposer", "header.proposer"},
      {"round", "seals.round"},
      {"seals", "seals.seals", cell::count},
      {"state root", "header.state_root"},
      {"transactions root", "header.transactions_root"},
      {"validators", "header.validators_hash"},
      {"evidence", "evidence", cell::count},
  };
  static const columns transactions{
      {"TRANSACTION", "id"},
      {"MODULE", "module"},
      {"KIND", "kind"},
      {"SENDER", "sender"},
      {"NONCE", "nonce", cell::number},
  };
  auto out = record_of(x, shown, how);
  const auto rows = list_at(x, "transactions");
  if (!rows.empty()) out += '\n' + render_table(transactions, rows, how);
  return out;
}

void add_block(CLI::App& to, command_line& line) {
  const auto which = std::make_shared<std::string>();
  auto& app = add_command(to, "block", "A block by its height or id", "bpci chain block 812", line,
                          [which](const context& with) {
                            return show_one(with, "/api/v1/chain/blocks/" + percent_encode(*which),
                                            {}, render_block);
                          });
  add_option(app, "block", *which, "height, or id").required().type_name("HEIGHT|ID");
}

// -- transactions --------------------------------------------------------------------------------

struct tx_options {
  std::string id;
  std::string file;
  bool proof = false;
  std::uint64_t wait_secs = 60;
};

/// A signed transaction in one of the forms of the API, as JSON; or its canonical bytes.
outcome<json::value> read_transaction_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::string text(transaction_file_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.empty() || text.size() > transaction_file_max)
    return usage_fault(path + " cannot be read, is empty, or is too large", "Check the path.");
  if (const auto first = text.find_first_not_of(" \t\r\n");
      first != std::string::npos && text[first] == '{') {
    auto parsed = codec::parse_json(text);
    if (parsed) return std::move(*parsed);
    return usage_fault(path + ": " + parsed.error().detail, "Correct the file.");
  }
  const std::span raw{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  return json::value{{"encoded", codec::to_base64(raw)}};
}

exit_code send_file(const context& with, const tx_options& given) {
  if (given.file.empty())
    return with.show(usage_fault("no file to send", "Say bpci chain tx send FILE."));
  auto body = read_transaction_file(given.file);
  if (!body) return with.show(body.error());
  auto node = with.node();
  if (!node) return with.show(node.error());
  return send_signed(with, *node, *body, given.wait_secs);
}

exit_code show_tx(const context& with, const tx_options& given) {
  if (given.id == "send") return send_file(with, given);
  const auto path = "/api/v1/chain/transactions/" + percent_encode(given.id);
  if (given.proof)
    return show_one(with, path + "/proof", {}, [](const json::value& x, const style&) {
      return codec::to_pretty_text(x) + '\n';
    });
  return show_one(with, path, {}, render_transaction);
}

void add_tx(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<tx_options>();
  auto& app =
      add_command(to, "tx",
                  "A transaction and what became of it; or, with `send FILE`, send one that "
                  "is signed",
                  "bpci chain tx send signed.json", line,
                  [given](const context& with) { return show_tx(with, *given); });
  add_option(app, "id", given->id, "of the transaction; or the word send")
      .required()
      .type_name("ID|send");
  add_option(app, "file", given->file, "JSON, or canonical bytes").type_name("FILE");
  add_flag(app, "--proof", given->proof, "what proves its receipt against a header");
  add_option(app, "--wait", given->wait_secs, "with send: seconds for its block; 0: do not wait")
      .between(0, 86'400)
      .show_default();
}

// -- the rest ------------------------------------------------------------------------------------

std::string render_validators(const json::value& x, const style& how) {
  auto out = render_table(validator_columns, list_at(x, "validators"), how);
  for (const auto& who : list_at(x, "waiting"))
    if (const auto* text = who.if_string())
      out += tame(*text) + " waits for its weight to change\n";
  return out;
}

void add_validator(CLI::App& to, command_line& line) {
  const auto who = std::make_shared<std::string>();
  auto& app = add_command(
      to, "validator", "A validator's bond, and whether it is jailed",
      "bpci chain validator d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", line,
      [who](const context& with) {
        return show_one(with, "/api/v1/chain/validators/" + percent_encode(*who), {},
                        [](const json::value& x, const style& how) {
                          const auto* record = x.if_object();
                          return record ? render_members(*record, how) : std::string{};
                        });
      });
  add_option(app, "address", *who, "64 hex digits").required().type_name("ADDRESS");
}

/// A table of the rows below `member`, or a sentence.
std::function<std::string(const json::value&, const style&)>
rows_of(std::string_view member, const columns& shown, std::string_view none) {
  return [member, &shown, none](const json::value& x, const style& how) {
    const auto rows = list_at(x, member);
    return rows.empty() ? std::string{none} + '\n' : render_table(shown, rows, how);
  };
}

std::string render_members_of(const json::value& x, const style& how) {
  const auto* record = x.if_object();
  return record ? render_members(*record, how) : std::string{};
}

struct value_options {
  std::string key;
};

void add_state(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<value_options>();
  auto& app = add_command(to, "state", "A value of the state, with its proof",
                          "bpci chain state coins/supply", line, [given](const context& with) {
                            return show_one(with, "/api/v1/chain/state", {{"key", given->key}},
                                            [](const json::value& x, const style&) {
                                              return codec::to_pretty_text(x) + '\n';
                                            });
                          });
  add_option(app, "key", given->key, "a text, 0x and hex, or both: coins/account/0xd75a...")
      .required()
      .type_name("KEY");
}

exit_code make_block(const context& with) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->post("/api/v1/consensus/propose", json::object{});
  if (!data) return with.show(data.error());
  return with.show(*data, [&] { return text_at(*data, "summary") + '\n'; });
}

exit_code lift_halt(const context& with, const std::string& reason) {
  auto node = with.node();
  if (!node) return with.show(node.error());
  const auto data = node->post("/api/v1/consensus/lift-halt", {{"reason", reason}});
  if (!data) return with.show(data.error());
  return with.show(*data, [] {
    return "The halt is lifted; bpci chain status tells whether the validator signs again.\n";
  });
}

void add_lift_halt(CLI::App& to, command_line& line) {
  const auto reason = std::make_shared<std::string>();
  auto& app =
      add_command(to, "lift-halt", "Lift the halt of this cluster's validator",
                  "bpci chain lift-halt --reason \"the forked node is off, see the ticket\"", line,
                  [reason](const context& with) { return lift_halt(with, *reason); });
  add_option(app, "--reason", *reason, "for the audit log").required();
}

} // namespace

void add_chain_commands(CLI::App& to, command_line& line) {
  auto& chain = add_group(to, "chain", "The ledger that the operators keep together");
  add_chain_file_commands(chain, line);
  add_view(chain, line, "status", "Where the chain stands", "/api/v1/consensus/state",
           render_status);
  add_view(chain, line, "stuck", "Why it waits: who is in which round, holding what, missing whom",
           "/api/v1/consensus/state", render_stuck);
  add_blocks(chain, line);
  add_block(chain, line);
  add_tx(chain, line);
  add_view(chain, line, "validators", "Who decides", "/api/v1/chain/validators", render_validators);
  add_validator(chain, line);
  add_view(chain, line, "peers", "The other operators' nodes", "/api/v1/chain/peers",
           rows_of("peers", peer_columns, "No peer is known."));
  add_view(chain, line, "mempool", "What waits for a block", "/api/v1/chain/mempool",
           render_members_of);
  add_view(chain, line, "evidence", "Evidence of misbehaviour", "/api/v1/chain/evidence",
           rows_of("evidence", evidence_columns, "Nobody has contradicted himself."));
  add_view(chain, line, "parameters", "What governance can set", "/api/v1/chain/parameters",
           rows_of("parameters", parameter_columns, "There are none."));
  add_view(chain, line, "proposals", "What was voted on, newest first", "/api/v1/chain/governance",
           rows_of("proposals", proposal_columns, "Nothing was ever proposed."));
  add_view(chain, line, "supply", "How much there is of each token", "/api/v1/chain/supply",
           rows_of("supply", coin_columns, "There are no coins."));
  add_state(chain, line);
  add_command(chain, "make-block", "Decide a block now, if there is anything to decide",
              "bpci chain make-block", line, make_block);
  add_lift_halt(chain, line);
  add_submit_commands(chain, line);
}

} // namespace bpci::cli
