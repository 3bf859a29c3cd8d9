#pragma once

#include "actors/ledger/executor.hpp"
#include "actors/ledger/genesis.hpp"
#include "messages/ledger/coins.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>

/// A chain without consensus: blocks are executed one after the other, as if all validators had
/// agreed on them.
namespace bpci::ledger::test {

/// 10^9 smallest units.
inline constexpr std::uint64_t whole = 1'000'000'000;

/// "ada" is a person with a real key; "main", "community", "roundtable", "bonds" and "governance"
/// are accounts of modules.
account account_of(std::string_view name);

/// The reverse, for what this process has asked for before.
std::string name_of(const account& who);

/// Cheap: the signature is a checksum of what is signed, and of the signer.
verifier checksum_verifier();
signature checksum_of(const account& by, std::span<const std::uint8_t> what);

/// Four validators with 1,000 GEN each, and people: ada, bob, cyd and dan, who are these, and eve,
/// fay and gus.
std::string default_genesis();

struct world {
  explicit world(const std::string& genesis_text = default_genesis(),
                 const module_table& modules = standard_modules());

  template <described Command>
  bytes tx(std::string_view who, std::string_view module, const Command& x) {
    return encode(make(who, module, message_name(&x), codec::to_canonical(x)));
  }

  /// The next transaction of this account, counting those of the block that is being made.
  transaction make(std::string_view who, std::string_view module, std::string_view kind,
                   bytes body);
  static bytes encode(transaction x);

  block_context next_block() const;
  result<execution> try_block(const std::vector<bytes>& transactions,
                              std::vector<verified_evidence> evidence = {});
  /// Fails the test when the block is invalid.
  execution block(const std::vector<bytes>& transactions = {},
                  std::vector<verified_evidence> evidence = {});
  void blocks(std::size_t count);

  /// One transaction in a block of its own: "ok", or the name of the refusal.
  template <described Command>
  std::string run(std::string_view who, std::string_view module, const Command& x) {
    return outcome(tx(who, module, x));
  }
  std::string outcome(bytes one);

  /// Heights and time pass without blocks.
  void jump(std::uint64_t heights, std::int64_t ms);

  std::uint64_t balance(std::string_view who, token what) const;
  std::uint64_t supply_of(token what) const;
  /// "ada 1000, bob 1000": from two heights on.
  std::string weights() const;

  template <described Question, described Answer>
  result<Answer> ask(std::string_view module, const Question& x) const {
    auto raw = query(by.modules, state, module, message_name(&x), codec::to_canonical(x));
    if (!raw) return raw.error();
    return codec::from_canonical<Answer>(*raw);
  }

  rules by;
  genesis start;
  state_trie state;
  height at;
  timestamp_ms time;
  std::vector<consensus::validator> now; ///< of the next block
  std::vector<consensus::validator> after;
  bool change_due = false;
  std::set<account> absent; ///< who seals nothing
  std::vector<sealing> sealings;
  std::vector<event> last_events;
  std::map<account, std::uint64_t> nonces; ///< of the block that is being made
};

} // namespace bpci::ledger::test
