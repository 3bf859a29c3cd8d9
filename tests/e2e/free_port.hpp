#pragma once

#include <cstdint>

namespace bpci::e2e {

/// A port of 127.0.0.1 that nobody uses, for a program that is given it in its configuration. Below
/// those that the system gives to connections and to listeners without a wish, so that none of them
/// takes it before the program does, or while the program is being restarted; and another one at
/// each call.
std::uint16_t free_port();

} // namespace bpci::e2e
