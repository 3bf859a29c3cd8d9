#pragma once

#include "actors/interapp/agreement.hpp"
#include "actors/interapp/app.hpp"
#include "messages/interapp/signing.hpp"
#include "runtime/crypto/sealed_body.hpp"
#include "tests/unit/oracle/entity_bench.hpp"

#include <array>
#include <string>

/// A bank and a payment processor, as in document 2.
namespace bpci::interapp::testing {

inline crypto::key_pair keys_of(std::uint8_t who) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(who);
  return crypto::from_seed(seed);
}

inline constexpr std::uint8_t bank_key = 1;
inline constexpr std::uint8_t payments_key = 2;

inline constexpr auto at_noon = timestamp_ms{1'800'000'000'000};

inline app_registration registration_of(const std::string& app, std::uint8_t key,
                                        const std::string& node = {}) {
  return {app_id{app}, "Banking", {"accounts"}, crypto::to_hex(keys_of(key).pub), node_id{node}};
}

inline terms good_terms() {
  terms out;
  out.app1 = {app_id{"bank"}, crypto::to_hex(keys_of(bank_key).pub), node_id{"bank-node"}};
  out.app2 = {app_id{"payments"}, crypto::to_hex(keys_of(payments_key).pub), node_id{"pay-node"}};
  out.app1_permissions = {"Execute(transfer)"};
  out.app2_permissions = {"Read(accounts/*)", "Execute(refund)"};
  return out;
}

inline std::string signature_of(std::uint8_t key, const bytes& what) {
  return crypto::to_hex(crypto::sign(keys_of(key).secret, what));
}

inline message sign_message(message x, std::uint8_t key) {
  auto signature = crypto::sign(keys_of(key).secret, message_bytes(x));
  x.signature.assign(signature.bytes.begin(), signature.bytes.end());
  return x;
}

/// The bank's for the processor, the same whenever it is made.
inline bytes sealed_payload(crypto::seal_level level = crypto::seal_level::high) {
  const crypto::seal_randomness drawn{{1}, {2}};
  const std::array<std::uint8_t, 32> secret{3};
  return crypto::seal(level, {"bank", "payments", "m1", "Execute(transfer)"}, keys_of(bank_key),
                      keys_of(payments_key).pub, bytes{1, 2, 3}, {{"k1", secret}}, drawn)
      .value();
}

/// What the bank may ask of the processor, signed.
inline message transfer(const agreement_id& under, const std::string& id = "m1",
                        timestamp_ms at = at_noon) {
  message out;
  out.agreement_id = under;
  out.message_id = message_id{id};
  out.from_app = app_id{"bank"};
  out.to_app = app_id{"payments"};
  out.permission = "Execute(transfer)";
  out.encryption_level = encryption_level::High;
  out.sent_at = at;
  out.payload = sealed_payload();
  return sign_message(std::move(out), bank_key);
}

inline carrier by_the_banks_node() {
  return {node_id{"bank-node"}, message_id{"e1"}, node_id{"pay-node"}};
}

/// An agreement, and what a database would keep of it.
struct agreement_bench : oracle::testing::entity_bench {
  agreement_bench() : entity_bench(make_agreement_kind(), "a1") {}

  agreement_id id{"a1"};
  gate_rules rules;

  result<agreement> offer(const terms& x = good_terms(), timestamp_ms at = at_noon) {
    return tell<agreement>(propose{x, "ops"}, at);
  }

  result<agreement> sign(std::uint8_t key, timestamp_ms at = at_noon) {
    auto x = ask<agreement>(read_agreement{}).value().terms;
    auto who = key == bank_key ? x.app1.app_id : x.app2.app_id;
    return tell<agreement>(sign_agreement{who, signature_of(key, agreement_bytes(id, x))}, at);
  }

  void agree(const terms& x = good_terms()) {
    offer(x);
    sign(bank_key);
    sign(payments_key);
  }

  result<verdict> send(const message& x, const carrier& by = by_the_banks_node(),
                       timestamp_ms at = at_noon) {
    return tell<verdict>(authorize{x, by, rules}, at);
  }

  /// "authorized", or the name of what is wrong.
  std::string said(const message& x, const carrier& by = by_the_banks_node(),
                   timestamp_ms at = at_noon) {
    auto out = send(x, by, at);
    if (!out) return std::string{name(out.error().code)};
    return out->allowed ? "authorized" : std::string{name(out->code)};
  }

  audit_report report(std::uint64_t after = 0, std::uint64_t limit = 0) {
    return ask<audit_report>(read_audit{id, after, limit, {}, {}, false}).value();
  }

  /// "1 proposed; 2 signature", and of messages the verdict and code.
  std::string listed(std::uint64_t after = 0) {
    std::string out;
    for (const auto& x : report(after).entries) {
      out += (out.empty() ? "" : "; ") + std::to_string(x.seq) + " "
             + boost::describe::enum_to_string(x.event, "");
      if (!x.verdict.empty()) out += " " + x.verdict;
      if (!x.code.empty()) out += " " + x.code;
    }
    return out;
  }

  std::string state() {
    return boost::describe::enum_to_string(ask<agreement>(read_agreement{}).value().state, "");
  }
};

inline std::string code_of(const auto& x) {
  return std::string{name(x ? ec::none : x.error().code)};
}

} // namespace bpci::interapp::testing
