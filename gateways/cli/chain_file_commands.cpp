#include "gateways/chain/amounts.hpp"
#include "gateways/cli/commands.hpp"
#include "gateways/cli/list_view.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/text.hpp"
#include "messages/codec/json.hpp"
#include "runtime/crypto/keystore.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <memory>
#include <ostream>
#include <set>
#include <sstream>
#include <unistd.h>

namespace bpci::cli {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t genesis_bytes_max = 16 * 1024 * 1024;
constexpr std::size_t trial_validators_max = 64;

// -- init
// ------------------------------------------------------------------------------------------

struct init_options {
  std::string chain_id = "bpci-local";
  std::vector<std::string> validators; ///< NAME, or NAME=HEX
  std::size_t trial = 0;
  std::string bond = "10000";
  std::string fees = "1000";
  std::vector<std::string> funds;  ///< ADDRESS=AMOUNT
  std::vector<std::string> supply; ///< AMOUNT
  std::string out;
};

struct founder {
  std::string name;
  crypto::public_key address;
  std::optional<crypto::key_pair> made; ///< none: the key was given
};

outcome<founder> to_founder(const std::string& text) {
  const auto sign = text.find('=');
  founder out{text.substr(0, sign), {}, {}};
  if (!is_valid_id(out.name) || out.name.starts_with('.'))
    return usage_fault("--validator needs a name of 1 to 64 of A-Z a-z 0-9 . _ : -",
                       "Say --validator node-1, or --validator node-1=PUBLIC_KEY.");
  if (sign == std::string::npos) {
    out.made = crypto::generate();
    out.address = out.made->pub;
    return out;
  }
  const auto key = crypto::public_key_from_hex(text.substr(sign + 1));
  if (!key)
    return usage_fault("--validator " + out.name + ": " + key.error().detail,
                       "Give the public key of that operator's validator, 64 hex digits.");
  out.address = *key;
  return out;
}

outcome<std::vector<founder>> founders_of(const init_options& given) {
  auto names = given.validators;
  if (!names.empty() && given.trial > 0)
    return usage_fault("--validator and --validators", "Name them, or say how many; not both.");
  for (std::size_t i = 1; names.size() < std::max<std::size_t>(given.trial, 1)
                          && (given.trial > 0 || given.validators.empty());
       ++i)
    names.push_back("validator-" + std::to_string(i));
  std::vector<founder> out;
  std::set<std::string> seen;
  for (const auto& x : names) {
    auto one = to_founder(x);
    if (!one) return one.error();
    if (!seen.insert(one->name).second)
      return usage_fault("the validator " + one->name + " twice", "Give each its own name.");
    out.push_back(std::move(*one));
  }
  return out;
}

/// "100 FLX", "100FLX". Errors: usage.
outcome<ledger::coin> read_amount(const std::string& option, std::string text) {
  const auto letters = text.find_first_of("GNFAgnfa");
  if (letters != std::string::npos && letters > 0 && text[letters - 1] != ' ')
    text.insert(letters, " ");
  auto out = gateway::coin_of_text(text);
  if (out) return *out;
  return usage_fault(option + ": " + out.error().detail,
                     "Write an amount as 100FLX or \"1.5 GEN\".");
}

/// Sums what an account gets of each token; sums that do not fit are found when the document is
/// read.
class balances {
public:
  void add(const std::string& account, const ledger::coin& what) {
    auto [row, fresh] = units_.try_emplace(account);
    if (fresh) order_.push_back(account);
    row->second[static_cast<std::size_t>(what.what)] += what.units;
  }

  [[nodiscard]] json::array to_json(const char* member) const {
    json::array out;
    for (const auto& account : order_) {
      json::object row{{member, account}};
      const auto& units = units_.at(account);
      for (const auto token : ledger::all_tokens)
        if (const auto x = units[static_cast<std::size_t>(token)]; x > 0)
          row[gateway::name_of(token)] = std::to_string(x);
      out.push_back(std::move(row));
    }
    return out;
  }

private:
  std::map<std::string, std::array<std::uint64_t, 4>> units_;
  std::vector<std::string> order_;
};

outcome<json::object> make_document(const init_options& given, const std::vector<founder>& all,
                                    timestamp_ms now) {
  const auto bond = read_amount("--bond", given.bond + " GEN");
  if (!bond) return bond.error();
  const auto fees = read_amount("--fees", given.fees + " FLX");
  if (!fees) return fees.error();
  json::array members;
  balances accounts;
  for (const auto& x : all) {
    members.push_back({{"key", crypto::to_hex(x.address)}, {"bond", std::to_string(bond->units)}});
    // Without a coin a validator could not even vote.
    if (fees->units > 0) accounts.add(crypto::to_hex(x.address), *fees);
  }
  for (const auto& text : given.funds) {
    const auto sign = text.find('=');
    if (sign == std::string::npos)
      return usage_fault("--fund " + text.substr(0, 80), "Write it as ADDRESS=100FLX.");
    const auto what = read_amount("--fund", text.substr(sign + 1));
    if (!what) return what.error();
    accounts.add(text.substr(0, sign), *what);
  }
  balances treasury;
  for (const auto& text : given.supply) {
    const auto what = read_amount("--supply", text);
    if (!what) return what.error();
    treasury.add("main", *what);
  }
  return json::object{{"chain_id", given.chain_id},
                      {"time", now.get()},
                      {"validators", {{"members", std::move(members)}}},
                      {"coins", {{"balances", accounts.to_json("account")}}},
                      {"treasury", {{"funds", treasury.to_json("which")}}}};
}

fault file_fault(const fs::path& path, std::string_view what) {
  return usage_fault(path.string() + ' ' + std::string{what},
                     "Name another folder with --out; nothing is ever overwritten.");
}

fs::path key_file_of(const fs::path& out, const founder& x) {
  return out / x.name / "validator.key";
}

/// Everything that is to be written must be new: half a chain is worse than none.
outcome<> check_new(const fs::path& out, const std::vector<founder>& all) {
  std::error_code ignored;
  if (fs::exists(out / "genesis.json", ignored)) return file_fault(out / "genesis.json", "exists");
  for (const auto& x : all)
    if (x.made && fs::exists(key_file_of(out, x), ignored))
      return file_fault(key_file_of(out, x), "exists");
  return {};
}

/// The keys first: a genesis whose keys are lost could never make a block.
outcome<> write_all(const fs::path& out, const std::vector<founder>& all, const std::string& text) {
  std::error_code why;
  for (const auto& x : all) {
    if (!x.made) continue;
    const auto path = key_file_of(out, x);
    fs::create_directories(path.parent_path(), why);
    if (why) return file_fault(path.parent_path(), "cannot be made: " + why.message());
    if (auto ok = crypto::store_new(path.string(), *x.made); !ok)
      return usage_fault(ok.error().detail, "Name another folder with --out.");
  }
  fs::create_directories(out, why);
  const auto path = out / "genesis.json";
  const auto file =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644); // shared with everybody
  if (file < 0) return file_fault(path, "cannot be created");
  std::size_t done = 0;
  while (done < text.size()) {
    const auto written = ::write(file, text.data() + done, text.size() - done);
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  const auto whole = done == text.size() && ::fsync(file) == 0;
  ::close(file);
  if (!whole) return file_fault(path, "cannot be written");
  return {};
}

std::string instructions(const init_options& given, const std::vector<founder>& all,
                         const fs::path& genesis, const genesis_facts& facts) {
  const auto out = fs::absolute(given.out).lexically_normal();
  auto text = "The chain " + facts.chain_id + " begins with " + std::to_string(facts.validators)
              + (facts.validators == 1 ? " validator" : " validators") + ": " + genesis.string()
              + "\nIts genesis block is " + facts.genesis
              + "; compare it with the other operators before you start.\n";
  for (const auto& x : all) {
    text +=
        "\nConfiguration of " + x.name + ":\n\n  chain:\n    genesis: " + genesis.string() + '\n';
    if (x.made) text += "    key_file: " + key_file_of(out, x).string() + '\n';
    if (all.size() > 1) text += "    peers:\n";
    for (const auto& other : all)
      if (other.name != x.name)
        text += "      - {key: " + crypto::to_hex(other.address) + ", urls: [\"ws://HOST-OF-"
                + other.name + ":8080\"]}\n";
  }
  return text
         + "\nEach key file goes to its own machine, and nowhere else: two nodes that sign with "
           "one\n"
           "key are punished.\n";
}

json::object init_json(const std::vector<founder>& all, const fs::path& out,
                       const fs::path& genesis, const genesis_facts& facts) {
  json::array validators;
  for (const auto& x : all) {
    json::object row{{"name", x.name}, {"address", crypto::to_hex(x.address)}};
    if (x.made) row["key_file"] = key_file_of(out, x).string();
    validators.push_back(std::move(row));
  }
  return {{"chain_id", facts.chain_id},
          {"genesis", facts.genesis},
          {"state_root", facts.state_root},
          {"file", genesis.string()},
          {"validators", std::move(validators)}};
}

exit_code init(const context& with, const init_options& given) {
  const auto all = founders_of(given);
  if (!all) return with.show(all.error());
  const auto document = make_document(given, *all, with.around().now());
  if (!document) return with.show(document.error());
  const auto text = codec::to_pretty_text(*document) + '\n';
  const auto facts = with.around().hooks.read_genesis(text);
  if (!facts)
    return with.show(to_fault(facts.error(), exit_code::usage,
                              "Correct what the detail names; docs/ledger.md has the bounds."));
  const auto out = fs::absolute(given.out).lexically_normal();
  if (const auto fresh = check_new(out, *all); !fresh) return with.show(fresh.error());
  if (const auto written = write_all(out, *all, text); !written) return with.show(written.error());
  const auto genesis = out / "genesis.json";
  return with.show(init_json(*all, out, genesis, *facts),
                   [&] { return instructions(given, *all, genesis, *facts); });
}

void add_init(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<init_options>();
  auto& app = add_command(to, "init", "Make the genesis document of a new chain, and its keys",
                          "bpci chain init --chain-id bpci-test --validators 4 --out ./chain", line,
                          [given](const context& with) { return init(with, *given); });
  add_option(app, "--chain-id", given->chain_id, "its name, for good").show_default();
  add_option(app, "--validator", given->validators,
             "NAME, for which a key is made, or NAME=PUBLIC_KEY; repeat it")
      .type_name("NAME[=KEY]");
  add_option(app, "--validators", given->trial, "so many with made-up names instead, for a trial")
      .between(1, trial_validators_max)
      .type_name("N");
  add_option(app, "--bond", given->bond, "GEN, of each validator").show_default();
  add_option(app, "--fees", given->fees, "FLX that each validator has for its transactions")
      .show_default();
  add_option(app, "--fund", given->funds, "what an account has: ADDRESS=100FLX; repeat it")
      .type_name("ADDRESS=AMOUNT");
  add_option(app, "--supply", given->supply, "what the treasury has: 1000000FLX; repeat it")
      .type_name("AMOUNT");
  add_option(app, "--out", given->out, "a folder for genesis.json and the key files")
      .required()
      .type_name("DIR");
}

// -- verify
// ----------------------------------------------------------------------------------------

struct verify_options {
  std::string genesis;
  std::uint64_t to = 0;
};

outcome<std::string> read_genesis_file(const std::string& path) {
  std::error_code why;
  const auto size = fs::file_size(path, why);
  std::ifstream in{path, std::ios::binary};
  if (why || !in || size > genesis_bytes_max)
    return usage_fault("--genesis: " + path + " cannot be read, or is too large",
                       "Give the document that the chain began with.");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Progress on the error output: a bar on a terminal, else a line now and then.
class progress_bar {
public:
  progress_bar(const context& with, std::uint64_t last) : with_(with), last_(last) {}
  ~progress_bar() {
    if (drawn_) with_.around().err << '\n';
  }
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;

  void show(std::uint64_t at) {
    if (with_.how() != format::table) return;
    const auto percent = at * 100 / std::max<std::uint64_t>(last_, 1);
    if (with_.around().err_is_terminal) {
      if (percent == percent_ && at != last_) return;
      percent_ = percent;
      const auto filled = static_cast<std::size_t>(percent * width / 100);
      with_.around().err << "\r[" << std::string(filled, '#') << std::string(width - filled, '.')
                         << "] " << at << " of " << last_ << std::flush;
      drawn_ = true;
    } else if (at % lines_every == 0) {
      with_.around().err << "checked " << at << " of " << last_ << " blocks\n";
    }
  }

private:
  static constexpr std::size_t width = 40;
  static constexpr std::uint64_t lines_every = 10'000;

  const context& with_;
  std::uint64_t last_;
  std::uint64_t percent_ = 101;
  bool drawn_ = false;
};

/// The height of the node's last block.
outcome<std::uint64_t> head_of(api& node) {
  const auto state = node.get("/api/v1/consensus/state");
  if (!state) return state.error();
  std::uint64_t out = 0;
  const auto* object = state->if_object();
  const auto* at = object ? member_at(*object, "chain.at") : nullptr;
  if (at && codec::read_json(*at, out)) return out;
  return to_fault(fail(ec::malformed, "the node does not say where its chain stands"),
                  exit_code::failed, "bpci chain stuck says what is the matter with it.");
}

exit_code verify(const context& with, const verify_options& given) {
  const auto genesis = read_genesis_file(given.genesis);
  if (!genesis) return with.show(genesis.error());
  auto node = with.node();
  if (!node) return with.show(node.error());
  auto last = given.to == 0 ? head_of(*node) : outcome<std::uint64_t>{given.to};
  if (!last) return with.show(last.error());
  std::optional<fault> unanswered;
  result<chain_facts> got = fail(ec::internal);
  {
    progress_bar bar{with, *last};
    got = with.around().hooks.verify_chain(
        {*genesis, *last,
         [&](std::uint64_t height) -> result<bytes> {
           auto raw = node->get_raw("/api/v1/chain/blocks/" + std::to_string(height) + "/raw");
           if (raw) return bytes{raw->begin(), raw->end()};
           unanswered = raw.error();
           return fail(code_from_name(raw.error().code), raw.error().detail);
         },
         [&](std::uint64_t height) { bar.show(height); }});
  }
  // What the node did not give is no fault of the chain.
  if (unanswered) return with.show(*unanswered);
  if (!got)
    return with.show(to_fault(got.error(), exit_code::failed,
                              "Verify another operator's node: if it is sound there, this node's "
                              "copy is damaged; restore it. If not, more than a third of the "
                              "validators lied."));
  const json::object data{{"chain_id", got->chain_id},     {"genesis", got->genesis},
                          {"height", got->height},         {"id", got->id},
                          {"state_root", got->state_root}, {"transactions", got->transactions},
                          {"seals", got->seals},           {"sound", true}};
  return with.show(data, [&] {
    return "Sound: " + std::to_string(got->height) + " blocks of " + got->chain_id + ", with "
           + std::to_string(got->transactions) + " transactions and " + std::to_string(got->seals)
           + " seals.\nlast block  " + got->id + "\nstate root  " + got->state_root + '\n';
  });
}

void add_verify(CLI::App& to, command_line& line) {
  const auto given = std::make_shared<verify_options>();
  auto& app = add_command(to, "verify",
                          "Check the whole chain of a node from its genesis: seals, roots, every "
                          "transaction",
                          "bpci chain verify --genesis chain/genesis.json", line,
                          [given](const context& with) { return verify(with, *given); });
  add_option(app, "--genesis", given->genesis, "the document that the chain began with")
      .required()
      .type_name("FILE");
  add_option(app, "--to", given->to, "the last height; without it the node's last block")
      .type_name("HEIGHT");
}

} // namespace

void add_chain_file_commands(CLI::App& chain, command_line& line) {
  add_init(chain, line);
  add_verify(chain, line);
}

} // namespace bpci::cli
