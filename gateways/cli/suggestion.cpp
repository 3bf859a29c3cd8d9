#include "gateways/cli/suggestion.hpp"

#include "config/nearest.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>

namespace bpci::cli {

namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& x) {
  return x.get_subcommands([](const CLI::App* y) { return !y->get_group().empty(); });
}

const CLI::App* find_command(const CLI::App& in, const std::string& name) {
  for (const auto* x : in.get_subcommands([](const CLI::App*) { return true; }))
    if (x->get_name() == name) return x;
  return nullptr;
}

bool has_name(const CLI::Option& x, const std::string& name) {
  return x.check_name(name);
}

/// In the command, or in one above it: options of those are taken too.
const CLI::Option* find_option(const CLI::App* in, const std::string& name) {
  for (; in != nullptr; in = in->get_parent())
    for (const auto* x : in->get_options())
      if (has_name(*x, name)) return x;
  return nullptr;
}

std::string option_name(const std::string& word) {
  if (word.starts_with("--")) return word.substr(0, word.find('='));
  return word.substr(0, 2);
}

bool holds_its_value(const std::string& word) {
  return word.starts_with("--") ? word.find('=') != std::string::npos : word.size() > 2;
}

bool takes_value(const CLI::Option& x) {
  return x.get_type_size() > 0 && x.get_items_expected_max() > 0;
}

std::string full_name(const CLI::App& x) {
  const auto* parent = x.get_parent();
  return parent ? full_name(*parent) + ' ' + x.get_name() : x.get_name();
}

std::vector<std::string> names_of(const std::vector<const CLI::App*>& all) {
  std::vector<std::string> out;
  for (const auto* x : all)
    out.push_back(x->get_name());
  return out;
}

std::vector<std::string> options_of(const CLI::App* in) {
  std::vector<std::string> out;
  for (; in != nullptr; in = in->get_parent())
    for (const auto* x : in->get_options())
      for (const auto& name : x->get_lnames())
        if (const auto word = "--" + name; std::ranges::find(out, word) == out.end())
          out.push_back(word);
  return out;
}

std::string nearest_of(const std::string& word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> views{known.begin(), known.end()};
  return std::string{config::nearest(word, views)};
}

/// Walks over a command line as the parser does.
struct walk {
  const CLI::App* at;
  const CLI::Option* open = nullptr; ///< takes the next word

  /// False at a word that is not known.
  bool step(const std::string& word) {
    if (open != nullptr) {
      open = nullptr;
      return true;
    }
    if (word.size() > 1 && word.starts_with('-')) {
      const auto* option = find_option(at, option_name(word));
      if (option != nullptr && takes_value(*option) && !holds_its_value(word)) open = option;
      return option != nullptr;
    }
    if (const auto* next = find_command(*at, word)) {
      at = next;
      return true;
    }
    return commands_of(*at).empty();
  }
};

} // namespace

unknown_word find_unknown(const CLI::App& root, const std::vector<std::string>& arguments) {
  walk here{&root};
  for (const auto& word : arguments) {
    if (word == "--") break;
    if (here.step(word)) continue;
    unknown_word out{word, full_name(*here.at), word.starts_with('-'), {}, {}};
    if (!out.is_option) out.commands = names_of(commands_of(*here.at));
    out.meant = out.is_option ? nearest_of(option_name(word), options_of(here.at))
                              : nearest_of(word, out.commands);
    return out;
  }
  return {};
}

completion complete(const CLI::App& root, const std::vector<std::string>& complete,
                    const std::string& begun) {
  walk here{&root};
  for (const auto& word : complete)
    here.step(word);
  completion out;
  out.command = full_name(*here.at);
  out.command.erase(0, std::min(out.command.size(), root.get_name().size() + 1));
  out.wants_value = here.open != nullptr;
  if (out.wants_value) return out;
  const auto known = begun.starts_with('-') ? options_of(here.at) : names_of(commands_of(*here.at));
  std::ranges::copy_if(known, std::back_inserter(out.words),
                       [&](const auto& x) { return x.starts_with(begun); });
  return out;
}

} // namespace bpci::cli
