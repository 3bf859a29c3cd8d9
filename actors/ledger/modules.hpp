#pragma once

#include "actors/ledger/module.hpp"

/// The modules of a ledger.
namespace bpci::ledger {

class module_table {
public:
  /// In this order their hooks are called and their genesis sections written. Throws
  /// std::invalid_argument on two modules or parameters of one name.
  explicit module_table(std::vector<module_ptr> all);

  [[nodiscard]] const std::vector<module_ptr>& all() const noexcept { return all_; }

  /// Null when there is none.
  [[nodiscard]] const module* find(std::string_view name) const;

  /// Of the ledger and of its modules, sorted by name.
  [[nodiscard]] const std::vector<parameter>& parameters() const noexcept { return parameters_; }

  /// Null when there is none.
  [[nodiscard]] const parameter* find_parameter(std::string_view name) const;

  /// Whether it is a module's own, to which no transfer may go.
  [[nodiscard]] bool is_closed(const account& who) const;

private:
  std::vector<module_ptr> all_;
  std::vector<parameter> parameters_;
  std::vector<account> closed_;
};

/// All parameters as they stand, sorted by name.
std::vector<parameter_setting> list_parameters(const module_table& modules, const reader& state);

/// What the mainnet runs. The one list; a new module is one line in it.
const module_table& standard_modules();

} // namespace bpci::ledger
