#include "gateways/chain/shown.hpp"

#include "messages/codec/canonical.hpp"
#include "messages/ledger/anchors.hpp"
#include "messages/ledger/coins.hpp"
#include "messages/ledger/treasury.hpp"
#include "messages/ledger/validators.hpp"

#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>

namespace bpci::gateway {

namespace {

namespace json = boost::json;
namespace mp11 = boost::mp11;

/// A module of the ledger, as far as what it is told and what it tells goes. A kind that does not
/// stand here is shown as base64, so a chain whose modules are newer than this program can be read.
template <class Commands, class Events>
struct module_kinds {
  using commands = Commands;
  using events = Events;
  std::string_view name;
};

template <class... T>
using list = mp11::mp_list<T...>;

template <class Visitor>
void for_each_module(Visitor&& visit) {
  {
    using namespace ledger::coins;
    visit(module_kinds<list<transfer>, list<moved, minted, burned>>{"coins"});
  }
  {
    using namespace ledger::treasury;
    visit(module_kinds<list<spend>, list<spent>>{"treasury"});
  }
  {
    using namespace ledger::validators;
    visit(module_kinds<list<join, add_bond, ledger::validators::unbond, leave, unjail, withdraw>,
                       list<weight_changed, slashed, evidence_ignored>>{"validators"});
  }
  {
    using namespace ledger::governance;
    visit(module_kinds<
          list<propose, vote, set_parameter, schedule_upgrade, cancel_upgrade, halt, resume>,
          list<proposed, voted, closed, parameter_changed, upgraded, halted, resumed>>{
        "governance"});
  }
  {
    using namespace ledger::anchors;
    visit(module_kinds<list<anchor>, list<anchored>>{"anchors"});
  }
}

/// Calls `visit(std::type_identity<Message>)` for the one of this name in `List`.
template <class List, class Visitor>
void with_kind(std::string_view kind, Visitor&& visit) {
  mp11::mp_for_each<mp11::mp_transform<std::type_identity, List>>([&](auto type) {
    using message = typename decltype(type)::type;
    if (message_name(static_cast<const message*>(nullptr)) == kind) visit(type);
  });
}

json::value as_base64(std::span<const std::uint8_t> body) {
  return json::string{codec::to_base64(body)};
}

template <class Type>
void decode(Type, std::span<const std::uint8_t> body, json::value& out) {
  if (auto x = codec::from_canonical<typename Type::type>(body)) out = shown(*x);
}

failure unknown_command(std::string_view module, std::string_view kind) {
  std::string names;
  for_each_module([&](auto x) {
    mp11::mp_for_each<mp11::mp_transform<std::type_identity, typename decltype(x)::commands>>(
        [&](auto type) {
          using message = typename decltype(type)::type;
          names.append(names.empty() ? "" : ", ")
              .append(x.name)
              .append(".")
              .append(message_name(static_cast<const message*>(nullptr)));
        });
  });
  return fail(ec::unsupported, "no command " + std::string{module.substr(0, 64)} + "."
                                   + std::string{kind.substr(0, 64)}
                                   + " is known here; there are: " + names);
}

} // namespace

json::value command_json(std::string_view module, std::string_view kind,
                         std::span<const std::uint8_t> body) {
  auto out = as_base64(body);
  for_each_module([&](auto x) {
    if (x.name == module)
      with_kind<typename decltype(x)::commands>(kind, [&](auto type) { decode(type, body, out); });
  });
  return out;
}

json::value event_json(std::string_view module, std::string_view kind,
                       std::span<const std::uint8_t> body) {
  auto out = as_base64(body);
  for_each_module([&](auto x) {
    if (x.name == module)
      with_kind<typename decltype(x)::events>(kind, [&](auto type) { decode(type, body, out); });
  });
  return out;
}

result<bytes> command_bytes(std::string_view module, std::string_view kind,
                            const json::value& body) {
  if (const auto* text = body.if_string()) {
    auto raw = codec::from_base64(*text);
    if (!raw) return fail(ec::invalid_argument, "the body: expected an object, or base64");
    return raw;
  }
  result<bytes> out = unknown_command(module, kind);
  for_each_module([&](auto x) {
    if (x.name != module) return;
    with_kind<typename decltype(x)::commands>(kind, [&](auto type) {
      typename decltype(type)::type command;
      if (auto read = read_shown(body, command); !read)
        out = read.error();
      else
        out = codec::to_canonical(command);
    });
  });
  return out;
}

json::object coin_json(const ledger::coin& x) {
  json::object out;
  if (ledger::is_token(x.what)) out["token"] = name_of(x.what);
  out["units"] = std::to_string(x.units);
  out["amount"] = decimal_text(x.units);
  return out;
}

result<ledger::coin> read_coin(const json::value& in, const std::string& path) {
  auto at = [&](const failure& why) { return fail(why.code, path + ": " + why.detail); };
  if (const auto* text = in.if_string()) {
    auto x = coin_of_text(*text);
    return x ? x : result<ledger::coin>{at(x.error())};
  }
  const auto* object = in.if_object();
  const auto text_in = [&](const char* name) -> const json::string* {
    const auto* found = object ? object->if_contains(name) : nullptr;
    return found ? found->if_string() : nullptr;
  };
  const auto* token = text_in("token");
  const auto* units = text_in("units");
  const auto* amount = text_in("amount");
  if (!token || (!units && !amount))
    return fail(ec::invalid_argument,
                path
                    + ": expected \"1.5 FLX\", or token with amount (whole tokens) or units "
                      "(smallest units), as texts");
  const auto what = token_of_name(*token);
  if (!what) return at(what.error());
  const auto exact = units ? units_of_digits(*units) : units_of_decimal(*amount);
  if (!exact) return at(exact.error());
  if (units && amount) {
    const auto other = units_of_decimal(*amount);
    if (!other || *other != *exact)
      return fail(ec::invalid_argument, path + ": units and amount are not the same");
  }
  return ledger::coin{*what, *exact};
}

} // namespace bpci::gateway
