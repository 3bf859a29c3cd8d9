#include "runtime/actor/caf_error.hpp"

#include <caf/atom.hpp>
#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

namespace bpci {

namespace {

constexpr auto category = caf::atom("bpci");

} // namespace

caf::error to_caf(const failure& why) {
  return {static_cast<std::uint8_t>(why.code), category, caf::make_message(why.detail)};
}

failure from_caf(const caf::error& why) {
  if (!why) return {ec::none, {}};
  auto text = why.context().match_elements<std::string>() ? why.context().get_as<std::string>(0)
                                                          : std::string{};
  if (why.category() == category) return {static_cast<ec>(why.code()), std::move(text)};
  if (why == caf::sec::request_timeout) return {ec::timeout, std::move(text)};
  if (why == caf::sec::request_receiver_down || why.category() == caf::atom("exit"))
    return {ec::restarted, std::move(text)};
  return {ec::internal, caf::to_string(why)};
}

} // namespace bpci
