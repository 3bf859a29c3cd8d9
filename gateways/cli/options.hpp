#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

/// How commands declare their options. CLI11 is headers only, and whoever includes it compiles
/// most of it: seconds a file.
namespace bpci::cli {

/// Says more about an option that was added. Belongs to its command: a copy is the same option.
class option {
public:
  explicit option(CLI::Option& it) : it_{&it} {}

  option required();
  option type_name(const std::string& name);             ///< FILE, in the help
  option one_of(const std::vector<std::string>& values); ///< and nothing else
  option between(std::uint64_t least, std::uint64_t most);
  option delimiter(char x); ///< parts the values within one word
  option show_default();    ///< what the variable holds by now, in the help
  option excludes(const option& other);

private:
  CLI::Option* it_;
};

/// `names` as "-f,--follow"; without a dash it is an argument, found by its place. `into` has to
/// live as long as the command.
option add_option(CLI::App& to, const std::string& names, std::string& into,
                  const std::string& help = {});
option add_option(CLI::App& to, const std::string& names, std::uint64_t& into,
                  const std::string& help = {});

/// As often as it is given.
option add_option(CLI::App& to, const std::string& names, std::vector<std::string>& into,
                  const std::string& help = {});
option add_option(CLI::App& to, const std::string& names, std::vector<std::uint64_t>& into,
                  const std::string& help = {});

/// Takes no value: true when it is there.
option add_flag(CLI::App& to, const std::string& names, bool& into, const std::string& help);

} // namespace bpci::cli
