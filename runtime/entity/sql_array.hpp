#pragma once

#include "messages/ids.hpp"

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bpci::entity {

/// Builds the text of a PostgreSQL array, as a parameter of a statement.
class sql_array {
public:
  void add(std::string_view text);
  void add(std::span<const std::uint8_t> data);
  void add(const bytes& data) { add(std::span{data}); }
  void add(std::integral auto x) { raw(std::to_string(x)); }
  void add_null() { raw("NULL"); }

  template <class T>
  void add(const std::optional<T>& x) {
    if (x)
      add(*x);
    else
      add_null();
  }

  [[nodiscard]] std::string text() const { return text_ + "}"; }

private:
  void raw(std::string_view x) {
    comma();
    text_ += x;
  }
  void comma() {
    if (text_.size() > 1) text_ += ',';
  }

  std::string text_ = "{";
};

} // namespace bpci::entity
