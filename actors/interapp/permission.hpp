#pragma once

#include "messages/error.hpp"
#include "messages/interapp/agreement.hpp"

#include <boost/describe/enum.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Permissions between apps: `Read(accounts)`. Pure.
///
/// A resource is 1 to 64 characters of `A-Z a-z 0-9 . _ : - /`. In an agreement it may end with
/// `*`, which stands for anything behind it: `Read(accounts/*)`, `Execute(*)`.
namespace bpci::interapp {

/// `Read`: to be given data. `Write`: to hand data over. `Execute`: to have something done.
/// `Subscribe`, `Publish`: to be told of events, and to tell of them.
BOOST_DEFINE_FIXED_ENUM_CLASS(verb, std::uint8_t, Read, Write, Execute, Subscribe, Publish)

struct permission {
  interapp::verb verb = verb::Read;
  std::string resource; ///< Without the `*`.
  bool prefix = false;  ///< It had one.

  bool operator==(const permission&) const = default;
};

/// Errors: invalid_argument, with what was expected.
result<permission> parse_permission(std::string_view text);

/// Which verbs make sense in a communication of this type.
bool suits(communication_type type, verb x) noexcept;

/// Whether `granted` covers what is `wanted`, which has no `*`.
bool covers(const permission& granted, const permission& wanted) noexcept;

/// Whether one of these covers it; texts that are no permissions cover nothing.
bool any_covers(const std::vector<std::string>& granted, std::string_view wanted);

} // namespace bpci::interapp
