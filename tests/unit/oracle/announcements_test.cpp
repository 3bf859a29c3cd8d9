#define CAF_SUITE oracle_announcements

#include "actors/oracle/announcements.hpp"
#include "actors/oracle/share_plan.hpp"
#include "messages/codec/canonical.hpp"
#include "messages/oracle/signing.hpp"
#include "tests/unit/oracle/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// The rules of announcing a BPI node.
namespace bpci::oracle {

namespace {

using namespace testing;

const auto now = at(0ms).wall;

announcement good() {
  announcement out{node_id{"bank-a"},
                   "Banking",
                   "wss://a:443",
                   {"relay", "storage"},
                   now,
                   600,
                   crypto::to_hex(keys_of(1).pub),
                   {}};
  out.signature = crypto::to_hex(crypto::sign(keys_of(1).secret, signing_bytes(out)));
  return out;
}

ec code_of(const announcement& x) {
  auto checked = check(x, small_limits, now);
  if (!checked) return checked.error().code;
  auto ok = check_signature(*checked);
  return ok ? ec::none : ok.error().code;
}

} // namespace

CAF_TEST(an announcement that its node has signed passes) {
  CAF_CHECK_EQUAL(code_of(good()), ec::none);
  auto capital = good();
  for (auto& c : capital.public_key)
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  CAF_CHECK_EQUAL(code_of(capital), ec::none);
  auto read = check(capital, small_limits, now).value();
  CAF_CHECK_EQUAL(read.public_key, good().public_key);
}

CAF_TEST(every member is under the signature) {
  auto changed = [](auto change) {
    auto out = good();
    change(out);
    return code_of(out);
  };
  for (auto code : {changed([](auto& x) { x.node_id = node_id{"bank-b"}; }),
                    changed([](auto& x) { x.node_type = "Storage"; }),
                    changed([](auto& x) { x.endpoint = "wss://b:443"; }),
                    changed([](auto& x) { x.capabilities.pop_back(); }),
                    changed([](auto& x) { x.capabilities = {"relaystorage"}; }),
                    changed([](auto& x) { x.issued_at = timestamp_ms{now.get() + 1}; }),
                    changed([](auto& x) { x.ttl_secs = 601; }),
                    changed([](auto& x) { x.public_key = crypto::to_hex(keys_of(2).pub); })})
    CAF_CHECK_EQUAL(code, ec::bad_signature);
}

CAF_TEST(what is not allowed is refused before the signature is looked at) {
  auto x = good();
  x.endpoint = "http://a";
  CAF_CHECK_EQUAL(code_of(x), ec::invalid_argument);
  x = good();
  x.signature = "00";
  CAF_CHECK_EQUAL(code_of(x), ec::invalid_argument);
  x = good();
  x.ttl_secs = ~std::uint64_t{0};
  CAF_CHECK_EQUAL(code_of(x), ec::invalid_argument);
  x = good();
  x.issued_at = timestamp_ms{now.get() - 301'000};
  CAF_CHECK_EQUAL(code_of(x), ec::too_old);
  x.issued_at = timestamp_ms{now.get() + 61'000};
  CAF_CHECK_EQUAL(code_of(x), ec::from_the_future);
}

CAF_TEST(an announcement holds from when it was signed and no longer than allowed) {
  auto until = [](std::uint64_t ttl_secs, std::int64_t issued_ago_ms) {
    auto x = good();
    x.ttl_secs = ttl_secs;
    x.issued_at = timestamp_ms{now.get() - issued_ago_ms};
    return holds_until(x, 3'600'000, now).get() - now.get();
  };
  CAF_CHECK_EQUAL(until(600, 0), 600'000);
  CAF_CHECK_EQUAL(until(600, 10'000), 590'000);
  CAF_CHECK_EQUAL(until(600, -10'000), 600'000);
  CAF_CHECK_EQUAL(until(0, 0), 3'600'000);
  CAF_CHECK_EQUAL(until(3'601, 0), 3'600'000);
}

CAF_TEST(a question is checked) {
  CAF_CHECK(check(discover{"Banking", {"a", "b"}, 0, {}}).has_value());
  CAF_CHECK(!check(discover{"no type", {}, 0, {}}));
  CAF_CHECK(!check(discover{{}, {"a b"}, 0, {}}));
  CAF_CHECK(!check(discover{{}, std::vector<std::string>(17, "a"), 0, {}}));
}

// -- of other operators --------------------------------------------------------------------

namespace {

announcement signed_ago(std::int64_t ago_secs, std::uint64_t ttl_secs) {
  auto out = good();
  out.issued_at = timestamp_ms{now.get() - ago_secs * 1'000};
  out.ttl_secs = ttl_secs;
  out.signature = crypto::to_hex(crypto::sign(keys_of(1).secret, signing_bytes(out)));
  return out;
}

ec code_of_shared(const announcement& x) {
  auto out = check_shared(codec::to_canonical(x), small_limits, 3'600'000, now);
  return out ? ec::none : out.error().code;
}

announced_node found(const std::string& id, const std::string& of_operator = {}) {
  announced_node out;
  out.announcement.node_id = node_id{id};
  out.of_operator = of_operator;
  return out;
}

} // namespace

CAF_TEST(what another operator passes on may be old and holds to its end) {
  auto x = signed_ago(1'000, 1'200);
  auto out = check_shared(codec::to_canonical(x), small_limits, 3'600'000, now).value();
  CAF_CHECK(out.announcement == x);
  CAF_CHECK_EQUAL(out.until.get() - now.get(), 200'000);
  CAF_CHECK_EQUAL(code_of_shared(signed_ago(1'200, 1'200)), ec::expired);
  CAF_CHECK_EQUAL(code_of_shared(signed_ago(3'601, 0)), ec::expired);
  CAF_CHECK_EQUAL(code_of_shared(signed_ago(-61, 0)), ec::from_the_future);
}

CAF_TEST(what another operator passes on is checked by its own signature) {
  auto forged = good();
  forged.endpoint = "wss://thief:443";
  CAF_CHECK_EQUAL(code_of_shared(forged), ec::bad_signature);
  auto out = check_shared(to_bytes(std::string_view{"?"}), small_limits, 3'600'000, now);
  CAF_CHECK_EQUAL(out.error().code, ec::malformed);
}

CAF_TEST(both lists are one in the order of ids and operators) {
  auto all = merge({found("a"), found("c")}, {found("a", "ff"), found("b", "00")});
  std::string order;
  for (const auto& x : all)
    order += cursor_of(x) + " ";
  CAF_CHECK_EQUAL(order, "a a/ff b/00 c ");
  auto place = place_of("a/ff");
  CAF_CHECK_EQUAL(place.node_id, "a");
  CAF_CHECK_EQUAL(place.of_operator, "ff");
  CAF_CHECK_EQUAL(place_of("a").of_operator, "");
}

CAF_TEST(the others are told of what is new and of everything now and then) {
  share_plan uut;
  auto told = [&](const std::vector<std::pair<const char*, int>>& all,
                  std::chrono::milliseconds when) {
    std::vector<announcement> given;
    for (auto [id, issued] : all) {
      given.emplace_back();
      given.back().node_id = node_id{id};
      given.back().issued_at = timestamp_ms{issued};
    }
    std::string out;
    for (const auto& x : uut.due(given, at(when).steady))
      out += x.node_id.get();
    return out;
  };
  CAF_CHECK_EQUAL(told({{"a", 1}, {"b", 1}}, 0s), "ab");
  CAF_CHECK_EQUAL(told({{"a", 1}, {"b", 1}}, 10s), "");
  CAF_CHECK_EQUAL(told({{"a", 2}, {"b", 1}, {"c", 1}}, 20s), "ac");
  CAF_CHECK_EQUAL(told({{"a", 2}, {"b", 1}, {"c", 1}}, 600s), "b");
  CAF_CHECK_EQUAL(told({{"a", 2}}, 619s), "");
  CAF_CHECK_EQUAL(told({{"a", 2}, {"c", 1}}, 620s), "ac");
}

} // namespace bpci::oracle
