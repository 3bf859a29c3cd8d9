#include "runtime/tunnel/join_token.hpp"

#include "messages/codec/base64.hpp"
#include "messages/codec/json.hpp"
#include "runtime/crypto/hash.hpp"

#include <algorithm>

namespace bpci::tunnel {

namespace {

constexpr std::string_view prefix = "bpci-join-1.";
constexpr std::size_t line_bytes_max = 64 * 1024;
constexpr std::string_view blanks = " \t\r\n";

std::string to_base64url(std::string_view text) {
  auto out = codec::to_base64(crypto::as_bytes(text));
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '_');
  while (out.ends_with('='))
    out.pop_back();
  return out;
}

result<std::string> from_base64url(std::string text) {
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.resize((text.size() + 3) / 4 * 4, '=');
  auto out = codec::from_base64(text);
  if (!out) return out.error();
  return std::string{out->begin(), out->end()};
}

failure not_a_token() {
  return fail(ec::malformed, "it is not a line that bpci cluster join-token has written");
}

result<void> check(const join_token& x, timestamp_ms now) {
  const auto facts = read_certificate(x.certificate);
  if (!facts || facts->member != x.member || facts->cluster != x.cluster) return not_a_token();
  if (now > x.expires)
    return fail(ec::expired, "it was to be used within a day; have another one written");
  if (auto ok = check_issued(x.authorities, x.certificate, now); !ok) return ok;
  return check_key({x.certificate, x.key});
}

} // namespace

result<join_token> make_join_token(const issued& authority, const member_id& member,
                                   timestamp_ms now) {
  auto own = issue(authority, member, now);
  if (!own) return own.error();
  const auto facts = read_certificate(own->certificate);
  if (!facts) return facts.error();
  return join_token{.cluster = facts->cluster,
                    .member = member,
                    .authorities = authority.certificate,
                    .certificate = std::move(own->certificate),
                    .key = std::move(own->key),
                    .expires = timestamp_ms{now.get() + join_token_life_ms}};
}

std::string to_line(const join_token& x) {
  return std::string{prefix} + to_base64url(codec::to_text(codec::to_json(x)));
}

result<join_token> read_join_token(std::string_view line, timestamp_ms now) {
  const auto begin = line.find_first_not_of(blanks);
  line = begin == std::string_view::npos ? std::string_view{} : line.substr(begin);
  line = line.substr(0, line.find_last_not_of(blanks) + 1);
  if (!line.starts_with(prefix) || line.size() > line_bytes_max) return not_a_token();
  const auto text = from_base64url(std::string{line.substr(prefix.size())});
  if (!text) return not_a_token();
  const auto parsed = codec::parse_json(*text);
  if (!parsed) return not_a_token();
  auto out = codec::from_json<join_token>(*parsed);
  if (!out) return not_a_token();
  if (auto ok = check(*out, now); !ok) return ok.error();
  return *out;
}

} // namespace bpci::tunnel
