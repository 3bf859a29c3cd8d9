#pragma once

#include "tests/wire/caf_messages.hpp"
#include "tests/wire/golden.hpp"
#include "tests/wire/sample_of.hpp"

#include <string>
#include <utility>
#include <vector>

namespace bpci::wire {

/// A row for each message, in the order in which they are named. `Codec` has `write(x)`, which
/// gives bytes, and `reads_back(x, bytes)`.
template <class Codec>
class sample_table {
public:
  template <described... Message>
  sample_table& of(const std::string& header) {
    (rows_.push_back(row<Message>(header)), ...);
    return *this;
  }

  std::vector<message_sample> take() { return std::move(rows_); }

private:
  template <described T>
  message_sample row(const std::string& header) {
    auto x = sample_of<T>("sample");
    const bytes raw = codec_.write(x);
    return {.header = header,
            .message = std::string{message_name(&x)},
            .fields = field_names(x),
            .hex = to_hex(raw),
            .reads_back = codec_.reads_back(x, raw)};
  }

  Codec codec_;
  std::vector<message_sample> rows_;
};

} // namespace bpci::wire
