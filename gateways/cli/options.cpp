#include "gateways/cli/options.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace bpci::cli {

option option::required() {
  it_->required();
  return *this;
}

option option::type_name(const std::string& name) {
  it_->type_name(name);
  return *this;
}

option option::one_of(const std::vector<std::string>& values) {
  it_->check(CLI::IsMember(values));
  return *this;
}

option option::between(std::uint64_t least, std::uint64_t most) {
  it_->check(CLI::Range(least, most));
  return *this;
}

option option::delimiter(char x) {
  it_->delimiter(x);
  return *this;
}

option option::show_default() {
  it_->capture_default_str();
  return *this;
}

option option::excludes(const option& other) {
  it_->excludes(other.it_);
  return *this;
}

option add_option(CLI::App& to, const std::string& names, std::string& into,
                  const std::string& help) {
  return option{*to.add_option(names, into, help)};
}

option add_option(CLI::App& to, const std::string& names, std::uint64_t& into,
                  const std::string& help) {
  return option{*to.add_option(names, into, help)};
}

option add_option(CLI::App& to, const std::string& names, std::vector<std::string>& into,
                  const std::string& help) {
  return option{*to.add_option(names, into, help)};
}

option add_option(CLI::App& to, const std::string& names, std::vector<std::uint64_t>& into,
                  const std::string& help) {
  return option{*to.add_option(names, into, help)};
}

option add_flag(CLI::App& to, const std::string& names, bool& into, const std::string& help) {
  return option{*to.add_flag(names, into, help)};
}

} // namespace bpci::cli
