#include "gateways/cli/commands.hpp"
#include "gateways/cli/completion_scripts.hpp"
#include "gateways/cli/options.hpp"
#include "gateways/cli/suggestion.hpp"
#include "gateways/cli/table.hpp"
#include "messages/oracle/frames.hpp"

#include <memory>
#include <ostream>

namespace bpci::cli {

namespace {

namespace json = boost::json;

/// Nobody waits longer for a proposal of the shell.
constexpr auto live_max = std::chrono::milliseconds{1'000};
constexpr std::string_view live_rows = "50";

/// What only the node knows: which list of the API, and what in it names an item.
struct live_source {
  std::string_view command;
  std::string_view path;
  std::string_view member;
  std::string_view name;
};

constexpr live_source live_sources[]{
    {"actors show", "/api/v1/actors", "rows", "path"},
    {"actors kill", "/api/v1/actors", "rows", "path"},
    {"actors restart", "/api/v1/actors", "rows", "path"},
    {"actors pause", "/api/v1/actors", "rows", "path"},
    {"actors resume", "/api/v1/actors", "rows", "path"},
    {"cluster drain", "/api/v1/cluster/members", "members", "member.id"},
    {"cluster undrain", "/api/v1/cluster/members", "members", "member.id"},
    {"quarantine release", "/api/v1/quarantine", "messages", "id"},
    {"chain block", "/api/v1/chain/blocks", "blocks", "id"},
    {"chain validator", "/api/v1/chain/validators", "validators", "id"},
};

/// An empty list if the node does not answer at once: the shell gets no error messages.
std::vector<std::string> ask_node(const context& with, const live_source& what,
                                  const std::string& begun) {
  const auto secret = with.token();
  api node{with.around(), with.url(), secret ? *secret : std::string{}, live_max};
  api::query query{{"limit", std::string{live_rows}}};
  if (what.member == "rows") query.emplace_back("filter", begun);
  const auto data = node.list(std::string{what.path}, what.member, query, false);
  std::vector<std::string> out;
  if (!data) return out;
  for (const auto& item : data->at(what.member).get_array()) {
    const auto* object = item.if_object();
    const auto* found = object ? member_at(*object, what.name) : nullptr;
    const auto* text = found ? found->if_string() : nullptr;
    if (text && std::string_view{*text}.starts_with(begun)) out.emplace_back(*text);
  }
  return out;
}

exit_code propose(const context& with, const CLI::App& root, std::vector<std::string> words) {
  std::string begun;
  if (!words.empty()) {
    begun = std::move(words.back());
    words.pop_back();
  }
  auto found = complete(root, words, begun);
  if (found.words.empty() && !found.wants_value && !begun.starts_with('-'))
    for (const auto& x : live_sources)
      if (x.command == found.command) found.words = ask_node(with, x, begun);
  for (const auto& word : found.words)
    with.around().out << word << '\n';
  return exit_code::ok;
}

exit_code show_version(const context& with) {
  const json::object data{{"version", BPCI_VERSION}, {"protocol", oracle::protocol_version}};
  return with.show(data, [] {
    return "bpci " BPCI_VERSION " (BPI-" + std::string{oracle::protocol_version} + ")\n";
  });
}

exit_code show_script(const context& with, const std::string& shell) {
  with.around().out << completion_script(shell) << std::flush;
  return with.around().out ? exit_code::ok : exit_code::failed;
}

} // namespace

void add_shell_commands(CLI::App& to, command_line& line) {
  const auto shell = std::make_shared<std::string>();
  auto& script = add_command(to, "completion", "A script with which the shell completes commands",
                             "eval \"$(bpci completion bash)\"", line,
                             [shell](const context& with) { return show_script(with, *shell); });
  add_option(script, "shell", *shell)
      .required()
      .type_name("bash|zsh|fish")
      .one_of({"bash", "zsh", "fish"});
  const auto words = std::make_shared<std::vector<std::string>>();
  auto& live = add_command(to, "__complete", "What the scripts of `completion` call", "", line,
                           [words, &to](const context& with) { return propose(with, to, *words); });
  hide(live);
  add_option(live, "words", *words);
  add_command(to, "version", "The version of this program", "bpci version -o json", line,
              show_version);
}

} // namespace bpci::cli
