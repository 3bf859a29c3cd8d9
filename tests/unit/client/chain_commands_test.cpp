#define CAF_SUITE cli_chain

#include "gateways/chain/chain_json.hpp"
#include "gateways/cli/surroundings.hpp"
#include "messages/codec/json.hpp"
#include "messages/ledger/coins.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/crypto/keystore.hpp"

#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <sys/stat.h>

using namespace bpci;
using namespace bpci::cli;
namespace json = boost::json;

namespace {

constexpr std::string_view passphrase = "correct horse battery";

json::value parse(std::string_view text) {
  auto out = codec::parse_json(text);
  CAF_CHECK(out.has_value());
  return out ? std::move(*out) : json::value{};
}

/// A node that answers what a test wants, by the path without its query.
struct fixture {
  std::filesystem::path home;
  std::ostringstream out;
  std::ostringstream err;
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> answers;
  std::vector<api_call> calls;
  std::vector<std::string> secrets; ///< typed on the terminal, one after the other
  std::vector<std::string> documents;
  std::optional<failure> genesis_fault;
  std::optional<verify_request> verified;
  result<chain_facts> verdict = chain_facts{"c", "aa", 3, "bb", "cc", 5, 9};
  int pauses = 0; ///< that may still be made

  fixture() {
    auto name = (std::filesystem::temp_directory_path() / "bpci-chain-XXXXXX").string();
    if (!mkdtemp(name.data())) CAF_FAIL("no temporary folder");
    home = name;
    variables["HOME"] = home.string();
  }
  ~fixture() { std::filesystem::remove_all(home); }

  result<http::response> answer(const api_call& x) {
    calls.push_back(x);
    const auto found = answers.find(x.path.substr(0, x.path.find('?')));
    if (found == answers.end())
      return http::json_text_response(R"({"code":"not_found","title":"Nothing."})", 404);
    return http::json_text_response(found->second);
  }

  /// `@` stands for the test's folder, `_` in a word for a blank.
  int run(const std::string& line) {
    out.str({});
    err.str({});
    calls.clear();
    std::vector<std::string> words;
    std::istringstream in{line};
    for (std::string word; in >> word;) {
      if (word.starts_with('@')) word = (home / word.substr(1)).string();
      std::ranges::replace(word, '~', ' ');
      words.push_back(word);
    }
    surroundings around{.out = out, .err = err};
    around.variable = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
    around.now = [] { return timestamp_ms{1'800'000'000'000}; };
    around.call = [this](const api_call& x) { return answer(x); };
    around.pause = [this](std::chrono::milliseconds) { return pauses-- > 0; };
    around.ask_secret = [this](const std::string&) -> result<std::string> {
      if (secrets.empty()) return fail(ec::unavailable, "no terminal");
      auto next = secrets.front();
      secrets.erase(secrets.begin());
      return next;
    };
    around.hooks.read_genesis = [this](const std::string& text) -> result<genesis_facts> {
      documents.push_back(text);
      if (genesis_fault) return *genesis_fault;
      return genesis_facts{"c", "aa", "cc",
                           parse(text).at("validators").at("members").as_array().size()};
    };
    around.hooks.verify_chain = [this](const verify_request& x) -> result<chain_facts> {
      verified = x;
      for (std::uint64_t at = 1; at <= x.height; ++at) {
        const auto raw = x.block(at);
        if (!raw) return raw.error();
        x.progress(at);
      }
      return verdict;
    };
    return bpci::cli::run(words, around);
  }

  bool err_has(std::string_view x) const { return err.str().find(x) != std::string::npos; }
  bool out_has(std::string_view x) const { return out.str().find(x) != std::string::npos; }

  json::value genesis() const {
    std::ifstream in{home / "chain/genesis.json"};
    return parse(std::string{std::istreambuf_iterator<char>{in}, {}});
  }

  /// A wallet whose key costs a test nothing to open.
  crypto::public_key wallet(const std::string& name) {
    const auto keys = crypto::generate();
    std::filesystem::create_directories(home / ".config/bpci/wallets");
    std::ofstream{home / ".config/bpci/wallets" / (name + ".json")}
        << crypto::to_text(crypto::seal_key(keys, passphrase, crypto::least_costs).value());
    return keys.pub;
  }

  /// What a transaction needs to know, and its receipt.
  void chain_at(std::uint64_t height, const std::string& sender, const std::string& status) {
    answers["/api/v1/consensus/state"] =
        R"({"data":{"summary":"S.","chain":{"chain_id":"c","at":)" + std::to_string(height) + "}}}";
    answers["/api/v1/chain/accounts/" + sender] = R"({"data":{"next_nonce":7,"balances":[]}})";
    answers["/api/v1/chain/parameters"] =
        R"({"data":{"parameters":[{"name":"ledger.fee_base","value":100000},)"
        R"({"name":"ledger.fee_per_byte","value":1000}]}})";
    answers["/api/v1/chain/transactions"] = R"({"data":{"id":"f00d","status":"waiting"}})";
    answers["/api/v1/chain/transactions/f00d"] =
        R"({"data":{"status":")" + status
        + R"(","height":12,"transaction":{"id":"f00d","module":"coins","kind":"transfer"}}})";
  }

  /// The transaction that was posted.
  ledger::transaction posted() const {
    for (const auto& x : calls)
      if (x.method == "POST") {
        const auto raw = gateway::transaction_bytes(parse(x.body));
        CAF_REQUIRE(raw.has_value());
        return codec::from_canonical<ledger::transaction>(*raw).value();
      }
    CAF_FAIL("nothing was posted");
    return {};
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(chain_commands_tests, fixture)

// -- init ----------------------------------------------------------------------------------

CAF_TEST(a chain is made with keys that only their owner can read) {
  CAF_REQUIRE_EQUAL(run("bpci chain init --chain-id c --validators 4 --out @chain"), 0);
  const auto document = genesis();
  CAF_CHECK(document.at("chain_id") == "c");
  CAF_CHECK(document.at("time") == 1'800'000'000'000);
  const auto& members = document.at("validators").at("members").as_array();
  CAF_REQUIRE_EQUAL(members.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto path =
        (home / "chain" / ("validator-" + std::to_string(i + 1)) / "validator.key").string();
    struct stat about {};
    ::stat(path.c_str(), &about);
    CAF_CHECK_EQUAL(about.st_mode & 0777U, 0600U);
    CAF_CHECK(members[i].at("key").as_string()
              == crypto::to_hex(crypto::load_or_create(path)->pub));
    CAF_CHECK(members[i].at("bond") == "10000000000000");
  }
  CAF_CHECK(out_has("genesis: " + (home / "chain/genesis.json").string()));
  CAF_CHECK(out_has("key_file: " + (home / "chain/validator-1/validator.key").string()));
  CAF_CHECK(out_has("peers:"));
}

CAF_TEST(a chain is never made over another) {
  CAF_REQUIRE_EQUAL(run("bpci chain init --out @chain"), 0);
  const auto before = codec::to_text(genesis());
  CAF_CHECK_EQUAL(run("bpci chain init --out @chain"), 2);
  CAF_CHECK(err_has("exists"));
  CAF_CHECK_EQUAL(codec::to_text(genesis()), before);
  std::filesystem::remove(home / "chain/genesis.json");
  CAF_CHECK_EQUAL(run("bpci chain init --out @chain"), 2);
  CAF_CHECK(err_has("validator.key"));
}

CAF_TEST(named validators bring their keys or have one made) {
  const auto theirs = crypto::to_hex(crypto::generate().pub);
  CAF_REQUIRE_EQUAL(run("bpci chain init --out @chain --validator east --validator west=" + theirs
                        + " --fees 5 --supply 1000FLX --supply 2.5GEN --fund " + theirs
                        + "=7NEX -o json"),
                    0);
  const auto document = genesis();
  CAF_CHECK(document.at("validators").at("members").at(1).at("key").as_string() == theirs);
  CAF_CHECK(document.at("coins").at("balances").at(1).at("FLX") == "5000000000");
  CAF_CHECK(document.at("coins").at("balances").at(1).at("NEX") == "7000000000");
  CAF_CHECK(document.at("treasury").at("funds").at(0).at("GEN") == "2500000000");
  CAF_CHECK(std::filesystem::exists(home / "chain/east/validator.key"));
  CAF_CHECK(!std::filesystem::exists(home / "chain/west"));
  CAF_CHECK(!parse(out.str()).at("validators").at(1).get_object().contains("key_file"));
}

CAF_TEST(a document that the ledger refuses is not written) {
  genesis_fault = fail(ec::invalid_argument, "validators.members[0].bond: too small");
  CAF_CHECK_EQUAL(run("bpci chain init --bond 1 --out @chain"), 2);
  CAF_CHECK(err_has("bond: too small"));
  CAF_CHECK(!std::filesystem::exists(home / "chain"));
  for (const auto* wrong :
       {"--validator a --validator a", "--validator a=xy", "--bond nothing", "--fund abc",
        "--supply 5SOL", "--validator a --validators 2", "--validator ../a"})
    CAF_CHECK_EQUAL(run(std::string{"bpci chain init --out @chain "} + wrong), 2);
  CAF_CHECK(!std::filesystem::exists(home / "chain"));
}

// -- looking -------------------------------------------------------------------------------

CAF_TEST(it is told why the chain waits) {
  answers["/api/v1/consensus/state"] = R"({"data":{"summary":"Height 812 waits.",
    "engine":{"where":{"validators":[
      {"who":"aa","weight":5,"round":3,"proposed":true,"prepared":true,"committed":false},
      {"who":"bb","weight":5,"proposed":false,"prepared":false,"committed":false}]},
      "missing":[{"who":"bb","why":"no link"}]},"unanswered":[{"part":"chain","code":"timeout"}]}})";
  CAF_CHECK_EQUAL(run("bpci chain stuck"), 0);
  CAF_CHECK(out_has("Height 812 waits.\n"));
  CAF_CHECK(out_has("bb              5      -"));
  CAF_CHECK(out_has("no link"));
  CAF_CHECK(out_has("No answer about chain: timeout"));
  CAF_CHECK_EQUAL(run("bpci chain status -o json"), 0);
  CAF_CHECK(parse(out.str()).at("summary") == "Height 812 waits.");
}

CAF_TEST(new blocks are shown as they come) {
  answers["/api/v1/chain/blocks"] = R"({"data":{"blocks":[
    {"at":8,"time":1799999999000,"transactions":1,"bytes_held":9,"round":0,"proposer":"p","id":"i8"},
    {"at":7,"time":1799999998000,"transactions":0,"bytes_held":9,"round":1,"proposer":"p","id":"i7"}
    ],"next":""}})";
  pauses = 3;
  CAF_CHECK_EQUAL(run("bpci chain blocks --follow --limit 2"), 0);
  CAF_CHECK_EQUAL(calls.size(), 4u);
  const auto text = out.str();
  CAF_CHECK(text.find("i7") < text.find("i8"));
  CAF_CHECK_EQUAL(text.find("i8"), text.rfind("i8"));
  CAF_CHECK_EQUAL(run("bpci chain blocks"), 0);
  CAF_CHECK_EQUAL(calls[0].path, "/api/v1/chain/blocks?limit=20");
}

CAF_TEST(what the chain has is asked at its paths) {
  const std::map<std::string, std::string> paths{
      {"validators", "/api/v1/chain/validators"},
      {"peers", "/api/v1/chain/peers"},
      {"mempool", "/api/v1/chain/mempool"},
      {"evidence", "/api/v1/chain/evidence"},
      {"parameters", "/api/v1/chain/parameters"},
      {"proposals", "/api/v1/chain/governance"},
      {"supply", "/api/v1/chain/supply"},
      {"block 8", "/api/v1/chain/blocks/8"},
      {"tx ab", "/api/v1/chain/transactions/ab"},
      {"tx ab --proof", "/api/v1/chain/transactions/ab/proof"},
      {"validator ab", "/api/v1/chain/validators/ab"},
      {"state coins/supply", "/api/v1/chain/state"},
  };
  for (const auto& [command, path] : paths) {
    answers = {{path, R"({"data":{"x":1}})"}};
    CAF_CHECK_EQUAL(run("bpci chain " + command), 0);
    CAF_CHECK_EQUAL(calls.at(0).path.substr(0, path.size()), path);
  }
  answers["/api/v1/consensus/propose"] = R"({"data":{"summary":"S."}})";
  CAF_CHECK_EQUAL(run("bpci chain make-block"), 0);
  CAF_CHECK_EQUAL(out.str(), "S.\n");
}

CAF_TEST(a halt is lifted with a reason) {
  CAF_CHECK_EQUAL(run("bpci chain lift-halt"), 2);
  answers["/api/v1/consensus/lift-halt"] = R"({"data":{}})";
  CAF_CHECK_EQUAL(run("bpci chain lift-halt --reason looked"), 0);
  CAF_CHECK(out_has("The halt is lifted"));
}

CAF_TEST(every command explains itself with an example) {
  for (const auto* x :
       {"chain init",       "chain verify",    "chain status",    "chain stuck",
        "chain blocks",     "chain block",     "chain tx",        "chain validators",
        "chain validator",  "chain peers",     "chain mempool",   "chain evidence",
        "chain parameters", "chain proposals", "chain supply",    "chain state",
        "chain make-block", "chain submit",    "chain join",      "chain bond",
        "chain unbond",     "chain leave",     "chain unjail",    "chain withdraw",
        "chain vote",       "chain propose",   "chain lift-halt", "wallet create",
        "wallet list",      "wallet balance",  "wallet send",     "wallet history",
        "wallet import",    "wallet export",   "chain",           "wallet"}) {
    CAF_CHECK_EQUAL(run("bpci " + std::string{x} + " --help"), 0);
    CAF_CHECK(out_has("Example:\n  "));
  }
}

// -- verify --------------------------------------------------------------------------------

CAF_TEST(a chain is fetched and checked block by block) {
  std::ofstream{home / "g.json"} << "{\"chain_id\":\"c\"}";
  answers["/api/v1/consensus/state"] = R"({"data":{"chain":{"at":3}}})";
  for (auto at : {"1", "2", "3"})
    answers["/api/v1/chain/blocks/" + std::string{at} + "/raw"] = std::string{"raw"} + at;
  CAF_CHECK_EQUAL(run("bpci chain verify --genesis @g.json"), 0);
  CAF_CHECK(out_has("Sound: 3 blocks of c, with 5 transactions and 9 seals."));
  CAF_CHECK_EQUAL(verified->genesis, "{\"chain_id\":\"c\"}");
  CAF_CHECK_EQUAL(run("bpci chain verify --genesis @g.json --to 2 -o json"), 0);
  CAF_CHECK_EQUAL(verified->height, 2u);
  CAF_CHECK(parse(out.str()).at("sound") == true);
  verdict = fail(ec::conflict, "block 2: state root: x");
  CAF_CHECK_EQUAL(run("bpci chain verify --genesis @g.json"), 1);
  CAF_CHECK(err_has("block 2: state root"));
  answers.erase("/api/v1/chain/blocks/2/raw");
  CAF_CHECK_EQUAL(run("bpci chain verify --genesis @g.json"), 1);
  CAF_CHECK(err_has("not_found"));
  CAF_CHECK_EQUAL(run("bpci chain verify --genesis @nothing.json"), 2);
}

// -- wallets -------------------------------------------------------------------------------

CAF_TEST(a wallet is made of a passphrase that was typed twice) {
  secrets = {std::string{passphrase}, "another one"};
  CAF_CHECK_EQUAL(run("bpci wallet create ada"), 2);
  CAF_CHECK(err_has("not the same"));
  secrets = {"short"};
  CAF_CHECK_EQUAL(run("bpci wallet create ada"), 2);
  CAF_CHECK_EQUAL(run("bpci wallet create ada"), 2);
  CAF_CHECK(err_has("BPCI_PASSPHRASE"));
  CAF_CHECK_EQUAL(run("bpci wallet create a:b"), 2);
  variables["BPCI_PASSPHRASE"] = passphrase;
  CAF_REQUIRE_EQUAL(run("bpci wallet create ada -o json"), 0);
  const auto address = std::string{parse(out.str()).at("address").as_string()};
  const auto file = home / ".config/bpci/wallets/ada.json";
  struct stat about {};
  ::stat(file.c_str(), &about);
  CAF_CHECK_EQUAL(about.st_mode & 0777U, 0600U);
  CAF_CHECK_EQUAL(run("bpci wallet create ada"), 2);
  CAF_CHECK_EQUAL(run("bpci wallet list"), 0);
  CAF_CHECK(out_has("ada     " + address));
}

CAF_TEST(a transfer is signed here and its receipt is waited for) {
  const auto sender = wallet("ada");
  const auto receiver = wallet("bob");
  variables["BPCI_PASSPHRASE"] = passphrase;
  chain_at(100, crypto::to_hex(sender), "done");
  CAF_CHECK_EQUAL(run("bpci wallet send ada bob 1.5~FLX"), 0);
  const auto sent = posted();
  CAF_CHECK_EQUAL(sent.chain_id, "c");
  CAF_CHECK_EQUAL(sent.nonce, 7u);
  CAF_CHECK(sent.valid_until == height{1'100});
  CAF_CHECK_EQUAL(sent.fee.get(), 100'000 + 1'000 * codec::to_canonical(sent).size());
  CAF_CHECK(crypto::verify({sent.sender}, ledger::signing_bytes(sent), {sent.sig}));
  const auto body = codec::from_canonical<ledger::coins::transfer>(sent.body);
  CAF_REQUIRE(body.has_value());
  CAF_CHECK(body->to == receiver.bytes);
  CAF_CHECK(body->what == (ledger::coin{ledger::token::FLX, 1'500'000'000}));
  CAF_CHECK(out_has("done"));
  CAF_CHECK_EQUAL(run("bpci wallet send ada bob 1~FLX --fee 0.5~FLX --valid-for 5 --wait 0"), 0);
  CAF_CHECK(posted().fee.get() == 500'000'000u);
  CAF_CHECK(posted().valid_until == height{105});
}

CAF_TEST(how a transfer ended is told by the exit code) {
  const auto sender = crypto::to_hex(wallet("ada"));
  variables["BPCI_PASSPHRASE"] = passphrase;
  const auto to = std::string(64, 'a');
  chain_at(100, sender, "refused");
  CAF_CHECK_EQUAL(run("bpci wallet send ada " + to + " 1~FLX"), 1);
  chain_at(100, sender, "waiting");
  pauses = 2;
  CAF_CHECK_EQUAL(run("bpci wallet send ada " + to + " 1~FLX"), 5);
  answers.erase("/api/v1/chain/transactions/f00d");
  CAF_CHECK_EQUAL(run("bpci wallet send ada " + to + " 1~FLX"), 5);
  CAF_CHECK(err_has("counts once"));
  variables["BPCI_PASSPHRASE"] = "wrong wrong wrong";
  CAF_CHECK_EQUAL(run("bpci wallet send ada " + to + " 1~FLX"), 4);
  CAF_CHECK(calls.empty());
}

CAF_TEST(a transfer that says nothing clear is not made) {
  const auto sender = crypto::to_hex(wallet("ada"));
  variables["BPCI_PASSPHRASE"] = passphrase;
  chain_at(100, sender, "done");
  const auto to = std::string(64, 'a');
  for (const auto& wrong : {"ada nobody 1~FLX", "nobody ada 1~FLX"})
    CAF_CHECK_EQUAL(run(std::string{"bpci wallet send "} + wrong), 2);
  for (const auto* amount : {"1", "0~FLX", "1.5~SOL", "1e3~FLX", "-1~FLX"})
    CAF_CHECK_EQUAL(run("bpci wallet send ada " + to + " " + amount), 2);
  CAF_CHECK_EQUAL(run("bpci wallet send ada " + to + " 1~FLX --fee 1~GEN"), 2);
}

CAF_TEST(a signed transaction can be shown and sent later) {
  const auto sender = crypto::to_hex(wallet("ada"));
  variables["BPCI_PASSPHRASE"] = passphrase;
  chain_at(100, sender, "done");
  const auto to = std::string(64, 'a');
  CAF_CHECK_EQUAL(run("bpci wallet send ada " + to + " 1~FLX --dry-run -o json"), 0);
  for (const auto& x : calls)
    CAF_CHECK_EQUAL(x.method, "GET");
  std::ofstream{home / "signed.json"} << out.str();
  CAF_CHECK_EQUAL(run("bpci chain tx send @signed.json"), 0);
  CAF_CHECK(posted().nonce == 7u);
  CAF_CHECK_EQUAL(run("bpci chain tx send"), 2);
  CAF_CHECK_EQUAL(run("bpci chain tx send @nothing"), 2);
}

CAF_TEST(a validator joins and votes with the key of its node) {
  const auto keys = crypto::load_or_create((home / "validator.key").string());
  CAF_REQUIRE(keys.has_value());
  chain_at(100, crypto::to_hex(keys->pub), "done");
  auto body_of = [this] {
    const auto x = posted();
    return codec::to_text(gateway::transaction_json(codec::to_canonical(x)).at("body"));
  };
  CAF_CHECK_EQUAL(run("bpci chain join 1000 --key @validator.key"), 0);
  CAF_CHECK(body_of().find("\"1000.000000000\"") != std::string::npos);
  CAF_CHECK(posted().kind == "join");
  CAF_CHECK_EQUAL(run("bpci chain bond 1 --key @validator.key"), 0);
  CAF_CHECK(posted().kind == "add_bond");
  CAF_CHECK_EQUAL(run("bpci chain leave --key @validator.key"), 0);
  CAF_CHECK(posted().kind == "leave");
  CAF_CHECK_EQUAL(run("bpci chain vote 3 --no --key @validator.key"), 0);
  CAF_CHECK_EQUAL(body_of(), R"({"proposal":3,"yes":false})");
  CAF_CHECK_EQUAL(run("bpci chain propose --title t --kind set_parameter --key @validator.key "
                      "--body {\"name\":\"ledger.fee_base\",\"value\":5}"),
                  0);
  CAF_CHECK(body_of().find("\"value\":5") != std::string::npos);
  CAF_CHECK_EQUAL(run("bpci chain submit --module governance --kind vote --key @validator.key "
                      "--body {\"proposal\":1,\"yes\":true}"),
                  0);
  CAF_CHECK_EQUAL(body_of(), R"({"proposal":1,"yes":true})");
  for (const auto* wrong :
       {"--module governance --kind vot --body {}", "--module governance --kind vote --body {}",
        "--module governance --kind vote --body {"})
    CAF_CHECK_EQUAL(run(std::string{"bpci chain submit --key @validator.key "} + wrong), 2);
  CAF_CHECK_EQUAL(run("bpci chain leave"), 2);
  CAF_CHECK_EQUAL(run("bpci chain leave --key @nothing.key"), 2);
  CAF_CHECK(!std::filesystem::exists(home / "nothing.key"));
}

CAF_TEST(a key goes out to a file and comes back) {
  const auto address = wallet("ada");
  variables["BPCI_PASSPHRASE"] = passphrase;
  CAF_CHECK_EQUAL(run("bpci wallet export ada @ada.key"), 0);
  CAF_CHECK(crypto::load_or_create((home / "ada.key").string())->pub == address);
  CAF_CHECK_EQUAL(run("bpci wallet export ada @ada.key"), 2);
  CAF_CHECK_EQUAL(run("bpci wallet import eve @ada.key -o json"), 0);
  CAF_CHECK(parse(out.str()).at("address").as_string() == crypto::to_hex(address));
  CAF_CHECK_EQUAL(run("bpci wallet import bob @nothing.key"), 2);
  CAF_CHECK(!std::filesystem::exists(home / "nothing.key"));
}

CAF_TEST(a balance is asked by name and by address) {
  const auto address = crypto::to_hex(wallet("ada"));
  answers["/api/v1/chain/accounts/" + address] =
      R"({"data":{"balances":[{"token":"FLX","amount":"1.500000000"}]}})";
  CAF_CHECK_EQUAL(run("bpci wallet balance ada"), 0);
  CAF_CHECK(out_has("FLX    1.500000000"));
  CAF_CHECK_EQUAL(run("bpci wallet balance " + address), 0);
  answers["/api/v1/chain/accounts/" + address + "/history"] =
      R"({"data":{"transactions":[],"next":""}})";
  CAF_CHECK_EQUAL(run("bpci wallet history ada"), 0);
}

CAF_TEST_FIXTURE_SCOPE_END()
