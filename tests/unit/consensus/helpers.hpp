#pragma once

#include "actors/consensus/body.hpp"
#include "actors/consensus/evidence.hpp"
#include "actors/consensus/justification.hpp"
#include "actors/consensus/validator_set.hpp"
#include "runtime/crypto/hash.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

/// Validators with numbers for names, and a few of them round a table.
namespace bpci::consensus::testing {

using namespace std::chrono_literals;

inline const std::string chain = "test";

/// Validator `n` of a test; sorted as their numbers are.
inline address id_of(int n) {
  address out{};
  out[0] = static_cast<std::uint8_t>(n);
  return out;
}

/// Signs with a hash: cheap, and good enough among those who do not cheat at it.
class fake_signer final : public signer {
public:
  explicit fake_signer(int n) : self_(id_of(n)) {}

  [[nodiscard]] address self() const override { return self_; }
  [[nodiscard]] signature sign(std::span<const std::uint8_t> what) const override {
    return of(self_, what);
  }
  [[nodiscard]] bool verify(const address& by, std::span<const std::uint8_t> what,
                            const signature& sig) const override {
    ++verified;
    return of(by, what) == sig;
  }

  mutable int verified = 0;

private:
  static signature of(const address& by, std::span<const std::uint8_t> what) {
    auto half = crypto::sha256_joined({by, what});
    signature out{};
    std::ranges::copy(half, out.begin());
    return out;
  }

  address self_;
};

template <class Vote>
Vote signed_by(int n, Vote x, const std::string& on = chain) {
  sign_with(fake_signer{n}, on, x);
  return x;
}

inline prepare prepare_of(int n, std::uint64_t at, std::uint32_t round, const hash& id) {
  return signed_by(n, prepare{height{at}, round_no{round}, id, {}, {}});
}

inline commit commit_by(int n, std::uint64_t at, std::uint32_t round, const hash& id) {
  return signed_by(n, commit{height{at}, round_no{round}, id, {}, {}});
}

inline round_change change_of(int n, std::uint64_t at, std::uint32_t round,
                              std::optional<prepared_claim> claim = std::nullopt) {
  return signed_by(n, round_change{height{at}, round_no{round}, std::move(claim), {}, {}});
}

inline round_change_message bare(round_change x) {
  return {std::move(x), std::nullopt, {}};
}

inline std::vector<prepare> prepares_of(std::vector<int> who, std::uint64_t at, std::uint32_t round,
                                        const hash& id) {
  std::vector<prepare> out;
  for (auto n : who)
    out.push_back(prepare_of(n, at, round, id));
  return out;
}

inline round_change_message change_with(int n, std::uint32_t round, const block& prepared,
                                        std::uint32_t prepared_round, std::vector<int> by) {
  auto id = block_id(prepared.head);
  auto at = prepared.head.at.get();
  return {change_of(n, at, round, prepared_claim{round_no{prepared_round}, id}), prepared,
          prepares_of(std::move(by), at, prepared_round, id)};
}

inline proposal_message proposal_of(int n, std::uint32_t round, const block& body,
                                    std::vector<round_change> changes = {},
                                    std::vector<prepare> prepares = {}) {
  proposal_message out;
  out.what.at = body.head.at;
  out.what.round = round_no{round};
  out.what.block_id = block_id(body.head);
  out.what.justification = justification_hash(changes, prepares);
  out.what = signed_by(n, out.what);
  out.body = body;
  out.changes = std::move(changes);
  out.prepares = std::move(prepares);
  return out;
}

inline certificate certificate_of(std::vector<int> who, std::uint64_t at, std::uint32_t round,
                                  const hash& id) {
  certificate out{height{at}, round_no{round}, id, {}};
  for (auto n : who)
    out.seals.push_back({id_of(n), commit_by(n, at, round, id).sig});
  return out;
}

inline std::vector<validator> validators(int n) {
  std::vector<validator> out;
  for (int i = 1; i <= n; ++i)
    out.push_back({id_of(i), 1});
  return out;
}

inline chain_head genesis(std::vector<validator> set) {
  chain_head out;
  out.head.chain_id = chain;
  out.head.time = timestamp_ms{1'000'000};
  out.head.validators_hash = out.head.next_validators_hash = validators_hash(set);
  out.id = block_id(out.head);
  out.validators = out.next = std::move(set);
  return out;
}

inline chain_head genesis(int n) {
  return genesis(validators(n));
}

/// What is wrong with this block can be seen only by executing it.
inline const bytes bad_transaction{0xbad & 0xff, 1};

inline block block_of(int proposer, const chain_head& upon, timestamp_ms now,
                      std::uint8_t transaction = 1) {
  auto out = block_upon(upon, chain, id_of(proposer), now);
  out.transactions.push_back({transaction});
  fix_roots(out);
  return out;
}

inline chain_head head_behind(const sealed_block& x, const chain_head& before) {
  chain_head out;
  out.head = x.what.head;
  out.id = x.seals.block_id;
  out.seals = x.seals;
  out.validators = before.next;
  out.next = before.next;
  return out;
}

template <class T>
ec code_of(const result<T>& x) {
  return x.has_error() ? x.error().code : ec::none;
}

template <class T>
std::vector<T> all_of(const effects& from) {
  std::vector<T> out;
  for (const auto& x : from)
    if (const auto* it = std::get_if<T>(&x)) out.push_back(*it);
  return out;
}

/// The messages of a type that it would send to all.
template <class T>
std::vector<T> sent(const effects& from) {
  std::vector<T> out;
  for (const auto& x : all_of<broadcast>(from))
    if (const auto* it = std::get_if<T>(&x.what)) out.push_back(*it);
  return out;
}

} // namespace bpci::consensus::testing
