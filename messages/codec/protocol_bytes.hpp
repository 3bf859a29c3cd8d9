#pragma once

#include "messages/codec/canonical.hpp"
#include "messages/ids.hpp"

#include <boost/describe/enum_to_string.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bpci::codec {

/// The bytes under a signature of BPI-1.0, put together in the words of the protocol document
/// (section 6): s(x) is the length of x in 4 bytes, then x; n(x) is x in 8 bytes; big-endian.
class protocol_bytes {
public:
  /// What is signed begins with what it is, so that no signature passes for one of something else.
  explicit protocol_bytes(std::string_view tag, std::size_t size_about = 0) {
    out_.reserve(size_about);
    s(tag);
  }

  protocol_bytes& s(const auto& x) {
    out_(x);
    return *this;
  }

  protocol_bytes& n(std::uint64_t x) {
    out_(x);
    return *this;
  }

  /// A time, in milliseconds.
  protocol_bytes& n(timestamp_ms x) { return n(static_cast<std::uint64_t>(x.get())); }

  /// An enumerator, by its name.
  protocol_bytes& word(auto x) {
    return s(std::string_view{boost::describe::enum_to_string(x, "")});
  }

  /// Their number, then each.
  protocol_bytes& list(const std::vector<std::string>& all) {
    n(all.size());
    for (const auto& x : all)
      s(x);
    return *this;
  }

  bytes take() { return out_.take(); }

private:
  canonical_writer out_;
};

} // namespace bpci::codec
