#include "actors/ledger/genesis.hpp"

#include "actors/ledger/chain.hpp"
#include "actors/ledger/validators/set.hpp"
#include "messages/codec/json.hpp"

#include <algorithm>

namespace bpci::ledger {

namespace {

failure wrong(std::string what) {
  return fail(ec::invalid_argument, std::move(what));
}

/// Members of the document that are no module's section.
constexpr std::array own_members{"chain_id", "time", "parameters"};

result<void> check_names(const module_table& modules, const boost::json::object& document) {
  for (const auto& [name, value] : document) {
    auto ours = std::ranges::find(own_members, std::string_view{name}) != own_members.end();
    if (!ours && !modules.find(name))
      return wrong(std::string{name} + ": there is no such member, and no module of this name");
  }
  return {};
}

result<void> set_parameters(const module_table& modules, draft& state,
                            const boost::json::value* section) {
  if (!section) return {};
  const auto* all = section->if_object();
  if (!all) return wrong("parameters: expected an object");
  for (const auto& [name, value] : *all) {
    const auto path = "parameters." + std::string{name};
    const auto* known = modules.find_parameter(name);
    if (!known) return wrong(path + ": there is no such parameter");
    std::uint64_t number = 0;
    if (auto read = codec::read_json(value, number, path); !read) return wrong(read.error().detail);
    if (auto set = set_parameter(state, *known, number); !set) return wrong(set.error().detail);
  }
  return {};
}

/// Only what its messages need.
result<chain_identity> read_identity(const boost::json::object& document) {
  chain_identity out;
  const auto* id = document.if_contains("chain_id");
  const auto* time = document.if_contains("time");
  if (!id || !id->is_string()) return wrong("chain_id: expected a string");
  out.chain_id = std::string{id->get_string()};
  if (!is_valid_id(out.chain_id)) return wrong("chain_id: 1 to 64 of A-Z a-z 0-9 . _ : -");
  if (!time) return wrong("time: expected milliseconds since 1970");
  if (auto read = codec::read_json(*time, out.genesis_time, "time"); !read)
    return wrong(read.error().detail);
  if (out.genesis_time.get() < 0) return wrong("time: before 1970");
  return out;
}

/// Sections that stand nowhere are written too: some modules have something to begin with.
result<void> write_sections(const module_table& modules, const boost::json::object& document,
                            context& c) {
  for (const auto& x : modules.all()) {
    const auto* section = document.if_contains(x->name());
    if (section && !section->is_object())
      return wrong(std::string{x->name()} + ": expected an object");
    if (auto written = x->genesis(c, section ? *section : boost::json::value{}); !written)
      return written;
  }
  return {};
}

} // namespace

result<genesis> read_genesis(const module_table& modules, std::string_view text) {
  if (text.size() > genesis_bytes_max)
    return fail(ec::too_large, "a genesis document has at most 16 MiB");
  auto parsed = codec::parse_json(text);
  if (!parsed) return parsed.error();
  const auto* document = parsed->if_object();
  if (!document) return wrong("expected an object");
  if (auto known = check_names(modules, *document); !known) return known.error();
  auto identity = read_identity(*document);
  if (!identity) return identity.error();

  draft state{state_trie{}};
  state.store(chain_key, *identity);
  auto set = set_parameters(modules, state, document->if_contains("parameters"));
  if (!set) return set.error();
  block_context block;
  block.chain_id = identity->chain_id;
  block.time = identity->genesis_time;
  const settings how{state};
  std::vector<event> told;
  context c{block, state, how, modules, told};
  if (auto written = write_sections(modules, *document, c); !written) return written.error();

  genesis out;
  out.chain_id = identity->chain_id;
  out.time = identity->genesis_time;
  out.state = state.finish();
  out.root = out.state.root();
  out.validators = validators::coming_after(out.state, height{0}).next;
  if (out.validators.empty()) return wrong("validators.members: there is none");
  return out;
}

consensus::header genesis_header(const genesis& x, const header_hashes& hashes) {
  consensus::header out;
  out.chain_id = x.chain_id;
  out.time = x.time;
  out.transactions_root = hashes.transactions;
  out.state_root = x.root;
  out.evidence_root = hashes.evidence;
  out.validators_hash = hashes.validators;
  out.next_validators_hash = hashes.validators;
  out.parent_seals_root = hashes.parent_seals;
  return out;
}

} // namespace bpci::ledger
