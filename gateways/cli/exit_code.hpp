#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace bpci::cli {

/// How a command ended, for scripts. The numbers never change their meaning.
enum class exit_code : std::uint8_t {
  ok = 0,
  failed = 1,
  usage = 2,
  unreachable = 3,
  not_permitted = 4,
  timeout = 5,
  fenced = 70
};

struct exit_meaning {
  exit_code code;
  std::string_view meaning;
};

/// The one table; `bpci --help` shows it.
inline constexpr std::array exit_meanings{
    exit_meaning{exit_code::ok, "done"},
    exit_meaning{exit_code::failed, "refused by the node, or a check of doctor failed"},
    exit_meaning{exit_code::usage, "the command line or a configuration is not valid"},
    exit_meaning{exit_code::unreachable, "no node answers at the address"},
    exit_meaning{exit_code::not_permitted, "not authenticated, or not permitted"},
    exit_meaning{exit_code::timeout, "no answer in time; the effect is unknown"},
    exit_meaning{exit_code::fenced, "server start: the cluster has declared this node dead, or an "
                                    "actor could not be kept running; start it again"},
};

} // namespace bpci::cli
