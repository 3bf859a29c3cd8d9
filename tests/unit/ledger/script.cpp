#include "script.hpp"

#include "messages/ledger/anchors.hpp"
#include "messages/ledger/governance.hpp"
#include "messages/ledger/treasury.hpp"
#include "messages/ledger/validators.hpp"

#include <boost/describe/enum_from_string.hpp>
#include <boost/describe/enum_to_string.hpp>

#include <functional>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace bpci::ledger::test {

namespace {

using words = std::vector<std::string>;

/// A command by its name, in its canonical bytes.
struct call {
  std::string module;
  std::string kind;
  bytes body;
};

template <described Command>
call call_of(std::string module, const Command& x) {
  return {std::move(module), std::string{message_name(&x)}, codec::to_canonical(x)};
}

token token_named(const std::string& name) {
  token out{};
  if (boost::describe::enum_from_string(name.c_str(), out)) return out;
  return static_cast<token>(9);
}

template <class Enum>
Enum enum_named(const std::string& name) {
  Enum out{};
  if (boost::describe::enum_from_string(name.c_str(), out)) return out;
  return static_cast<Enum>(9);
}

std::uint64_t number(const std::string& text) {
  return std::stoull(text);
}

amount<gen> bond(const std::string& text) {
  return amount<gen>{number(text) * whole};
}

call module_call(const std::string& verb, const words& a);

/// propose <module>.<kind> arguments; or with the title "fast".
call propose_call(const words& a) {
  auto dot = a.at(0).find('.');
  auto inner = module_call(a.at(0).substr(dot + 1), words{a.begin() + 1, a.end()});
  return call_of("governance",
                 governance::propose{"a proposal", inner.module, inner.kind, inner.body, false});
}

call module_call(const std::string& verb, const words& a) {
  using handler = std::function<call(const words&)>;
  static const std::map<std::string, handler> verbs{
      {"transfer",
       [](const words& x) {
         return call_of("coins", coins::transfer{account_of(x.at(2)),
                                                 {token_named(x.at(1)), number(x.at(0))}});
       }},
      {"join",
       [](const words& x) { return call_of("validators", validators::join{bond(x.at(0))}); }},
      {"add_bond",
       [](const words& x) { return call_of("validators", validators::add_bond{bond(x.at(0))}); }},
      {"unbond",
       [](const words& x) { return call_of("validators", validators::unbond{bond(x.at(0))}); }},
      {"leave", [](const words&) { return call_of("validators", validators::leave{}); }},
      {"unjail", [](const words&) { return call_of("validators", validators::unjail{}); }},
      {"withdraw", [](const words&) { return call_of("validators", validators::withdraw{}); }},
      {"propose", propose_call},
      {"vote",
       [](const words& x) {
         return call_of("governance", governance::vote{number(x.at(0)), x.at(1) == "yes"});
       }},
      {"set_parameter",
       [](const words& x) {
         return call_of("governance", governance::set_parameter{x.at(0), number(x.at(1))});
       }},
      {"schedule_upgrade",
       [](const words& x) {
         return call_of("governance",
                        governance::schedule_upgrade{static_cast<std::uint32_t>(number(x.at(0))),
                                                     height{number(x.at(1))}});
       }},
      {"cancel_upgrade",
       [](const words&) { return call_of("governance", governance::cancel_upgrade{}); }},
      {"halt", [](const words&) { return call_of("governance", governance::halt{}); }},
      {"resume", [](const words&) { return call_of("governance", governance::resume{}); }},
      {"spend",
       [](const words& x) {
         return call_of("treasury", treasury::spend{enum_named<treasury::fund>(x.at(0)),
                                                    account_of(x.at(1)),
                                                    {token_named(x.at(3)), number(x.at(2))},
                                                    "for work"});
       }},
      {"anchor",
       [](const words& x) {
         return call_of("anchors", anchors::anchor{enum_named<anchors::subject>(x.at(0)), x.at(1),
                                                   crypto::sha256(crypto::as_bytes(x.at(1))),
                                                   number(x.at(2))});
       }},
  };
  auto found = verbs.find(verb);
  if (found == verbs.end()) throw std::invalid_argument("no verb " + verb);
  return found->second(a);
}

std::string member_text(const world& in, const std::string& who) {
  auto x = in.ask<validators::get_member, validators::member>(
      "validators", validators::get_member{account_of(who)});
  if (!x) return "none";
  auto out = "bond " + std::to_string(x->bond.get() / whole);
  if (x->leaving) out += " leaving";
  if (x->jailed) out += " jailed";
  if (x->tombstoned) out += " tombstoned";
  for (const auto& u : x->unbonding)
    out += " unbonding " + std::to_string(u.units.get() / whole);
  return out;
}

std::string proposal_text(const world& in, std::uint64_t number) {
  auto x = in.ask<governance::get_proposal, governance::proposal>("governance",
                                                                  governance::get_proposal{number});
  if (!x) return "none";
  auto out = std::string{boost::describe::enum_to_string(x->now, "?")} + " "
             + std::to_string(x->yes) + ":" + std::to_string(x->no);
  return x->refusal.empty() ? out : out + " " + x->refusal;
}

/// Steps that are no transactions; false: `verb` is none of them.
bool step(world& in, const std::string& verb, const words& a, std::string& out) {
  if (verb == "blocks") {
    in.blocks(number(a.at(0)));
  } else if (verb == "jump") {
    in.jump(number(a.at(0)), static_cast<std::int64_t>(number(a.at(1))));
  } else if (verb == "absent") {
    in.absent.insert(account_of(a.at(0)));
  } else if (verb == "present") {
    in.absent.erase(account_of(a.at(0)));
  } else if (verb == "evidence") { // who, how many heights and ms ago
    verified_evidence x{account_of(a.at(0)), height{in.at.get() + 1 - number(a.at(1))},
                        timestamp_ms{in.time.get() + 1000 - std::stoll(a.at(2))},
                        consensus::evidence::kind::double_commit};
    in.block({}, {x});
  } else if (verb == "settle") {
    for (auto i = 0; i < 1000 && in.change_due; ++i)
      in.block();
  } else if (verb == "weights") {
    out = in.weights();
  } else if (verb == "balance") {
    out = std::to_string(in.balance(a.at(0), token_named(a.at(1))));
  } else if (verb == "supply") {
    out = std::to_string(in.supply_of(token_named(a.at(0))));
  } else if (verb == "member") {
    out = member_text(in, a.at(0));
  } else if (verb == "proposal") {
    out = proposal_text(in, number(a.at(0)));
  } else {
    return false;
  }
  return true;
}

std::string trim(std::string_view x) {
  auto first = x.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string{x.substr(first, x.find_last_not_of(' ') - first + 1)};
}

std::string perform(world& in, const std::string& line) {
  std::istringstream text{line};
  words all{std::istream_iterator<std::string>{text}, {}};
  std::string out;
  if (step(in, all.at(0), words{all.begin() + 1, all.end()}, out)) return out;
  auto what = module_call(all.at(1), words{all.begin() + 2, all.end()});
  return in.outcome(world::encode(in.make(all.at(0), what.module, what.kind, what.body)));
}

} // namespace

std::string play(world& in, std::string_view text) {
  std::istringstream lines{std::string{text}};
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    auto at = line.find('=');
    auto expected = at == std::string::npos ? std::string{} : trim(line.substr(at + 1));
    auto got = perform(in, trim(line.substr(0, at)));
    if (got != expected) out += line + "   GOT " + got + "\n";
  }
  return out;
}

} // namespace bpci::ledger::test
