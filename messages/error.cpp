#include "messages/error.hpp"

#include <boost/describe/enum_from_string.hpp>
#include <boost/describe/enum_to_string.hpp>
#include <boost/throw_exception.hpp>

#include <stdexcept>

namespace bpci {

namespace {

struct entry {
  int http_status;
  bool retryable;
  std::string_view sentence;
  std::string_view next_step;
};

/// A switch, so that the compiler names a code that has no entry.
constexpr entry entry_of(ec code) noexcept {
  switch (code) {
  case ec::none:
    return {200, false, "There is no error.", "Nothing to do."};
  case ec::malformed:
    return {400, false, "The input could not be decoded.",
            "Check the encoding against the protocol document and send it again."};
  case ec::too_large:
    return {413, false, "The input is larger than this node accepts.",
            "Send less at once; the limits are in the challenge frame and in the detail."};
  case ec::too_deep:
    return {400, false, "The input is nested more deeply than this node accepts.",
            "Flatten the structure; at most 16 levels are read."};
  case ec::unsupported:
    return {415, false, "The version, type or encoding is not supported.",
            "Use one of those that the detail lists."};
  case ec::not_found:
    return {404, false, "There is nothing under this name.",
            "Check the name; the list operations show what exists."};
  case ec::method_not_allowed:
    return {405, false, "The path exists, but not for this method.",
            "Use one of the methods in the Allow header."};
  case ec::invalid_argument:
    return {422, false, "A value is missing or not allowed.",
            "Correct the value that the detail names."};
  case ec::conflict:
    return {409, false, "The request contradicts what is already recorded.",
            "Read the present state, then decide whether the request is still wanted."};
  case ec::handshake_required:
    return {401, false, "The connection has not been authenticated.",
            "Answer the challenge with a signed hello frame first."};
  case ec::handshake_timeout:
    return {408, true, "The handshake was not completed in time.",
            "Connect again and answer the challenge at once."};
  case ec::bad_signature:
    return {401, false, "The signature does not match the content and the key.",
            "Check that the registered key signs exactly the canonical bytes."};
  case ec::unknown_node:
    return {403, false, "No node is registered under this id with this key.",
            "Register it: bpci oracle register-node."};
  case ec::not_authenticated:
    return {
        401, false, "The request carries no valid token.",
        "Send the header Authorization: Bearer TOKEN; the first start of the node printed one."};
  case ec::not_permitted:
    return {403, false, "The caller is not allowed to do this.",
            "Ask an administrator for the permission that the detail names."};
  case ec::wrong_source:
    return {403, false, "The message names a source other than the node that sent it.",
            "Set the source to the id of the handshake."};
  case ec::too_old:
    return {400, false, "The message is older than this node accepts.",
            "Set the clock, then sign and send the message again under the same id."};
  case ec::from_the_future:
    return {400, false, "The message carries a time that has not come yet.",
            "Set the clock, then sign and send the message again under the same id."};
  case ec::replayed:
    return {409, false, "A message with this sequence or id was accepted before.",
            "Give each transmission a sequence above the last; a retry keeps only its id."};
  case ec::unknown_target:
    return {404, true, "The target is not connected to any node of this cluster.",
            "Check the id with bpci oracle list-nodes, or send again when it has connected."};
  case ec::rate_limited:
    return {429, true, "The sender exceeds its message rate.",
            "Wait for the time that the answer names, then send again."};
  case ec::busy:
    return {503, true, "A queue on the way is full.",
            "Wait for the time that the answer names, then send again under the same id."};
  case ec::expired:
    return {504, true, "The target did not acknowledge the message in time.",
            "Send it again under the same id; the target drops a duplicate."};
  case ec::superseded:
    return {409, false, "The same node has opened a newer connection.",
            "Keep one connection per node id; if this is not yours, replace the key."};
  case ec::slow_reader:
    return {408, true, "The connection did not read what was sent to it in time.",
            "Read faster, or acknowledge less at once, then connect again."};
  case ec::idle_timeout:
    return {408, true, "Nothing came over the connection for too long.",
            "Answer pings, then connect again."};
  case ec::too_many_connections:
    return {503, true, "The node has as many connections as it accepts.",
            "Connect to another node of the cluster, or raise max_connections."};
  case ec::restarted:
    return {503, true, "The actor that held the request was restarted.",
            "Send it again under the same id."};
  case ec::quarantined:
    return {422, false, "This message has crashed its handler three times and is set aside.",
            "See bpci actors show for the evidence; send a different message."};
  case ec::unavailable:
    return {503, true, "A part that is needed for this is away.",
            "Wait and send it again; bpci doctor says what is missing."};
  case ec::shutting_down:
    return {503, true, "The node is stopping.", "Connect to another node of the cluster."};
  case ec::timeout:
    return {504, true, "The answer did not come in time.",
            "The effect is unknown: ask for the state, or send it again under the same id."};
  case ec::internal:
    return {500, false, "The node met a fault of its own.",
            "Report the correlation id to the operator; the log has the cause."};
  case ec::retry_after:
    return {503, true, "What this is about is being moved to another node of the cluster.",
            "Send the same again, under the same key, after the time that the answer names."};
  case ec::not_owner:
    return {503, true, "Another node of the cluster owns this.",
            "Send the same again, under the same key; the router has been corrected."};
  case ec::fenced:
    return {503, true, "This node has lost what it owned; nothing was written.",
            "Send the same again, under the same key, to any node of the cluster."};
  case ec::config_invalid:
    return {500, false, "The configuration is not valid.",
            "Correct what bpci config validate names."};
  case ec::storage_failed:
    return {500, false, "The database could not be started or reached.",
            "Run bpci doctor; it names the cause."};
  case ec::address_in_use:
    return {500, false, "The address is taken by another program.",
            "Stop that program, or choose another port in the configuration."};
  case ec::isolated:
    return {403, true, "The node has broken the rules of the protocol and is isolated for a while.",
            "Correct what the detail names and wait, or ask an administrator to release it."};
  }
  return {500, false, "Unknown code.", "Report it."};
}

} // namespace

std::string_view name(ec code) noexcept {
  return boost::describe::enum_to_string(code, "internal");
}

ec code_from_name(std::string_view word) noexcept {
  auto code = ec::internal;
  boost::describe::enum_from_string(std::string{word}.c_str(), code);
  return code;
}

std::string_view sentence(ec code) noexcept {
  return entry_of(code).sentence;
}

std::string_view next_step(ec code) noexcept {
  return entry_of(code).next_step;
}

int http_status(ec code) noexcept {
  return entry_of(code).http_status;
}

bool retryable(ec code) noexcept {
  return entry_of(code).retryable;
}

std::string to_string(const failure& why) {
  std::string text{name(why.code)};
  text += ": ";
  text += sentence(why.code);
  if (!why.detail.empty()) text += " (" + why.detail + ")";
  return text;
}

void throw_exception_from_error(const failure& why, const boost::source_location& loc) {
  boost::throw_with_location(std::runtime_error(to_string(why)), loc);
}

} // namespace bpci
