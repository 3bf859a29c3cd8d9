/// What BPI nodes and apps say behind a frame or in the body of a request: messages between apps,
/// announcements that operators pass on, and the documents of registers, agreements and votes. The
/// first byte says which.

#include "actors/governance/proposal.hpp"
#include "actors/interapp/agreement.hpp"
#include "actors/interapp/app.hpp"
#include "actors/oracle/announcements.hpp"
#include "actors/oracle/registry.hpp"
#include "actors/oracle/rotation.hpp"
#include "messages/codec/json.hpp"
#include "messages/governance/signing.hpp"
#include "messages/interapp/signing.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/known_keys.hpp"

using namespace bpci;

namespace {

template <class T>
std::optional<T> read_json(fuzz::input data) {
  const auto in = codec::parse_json({reinterpret_cast<const char*>(data.data()), data.size()});
  if (!in) return {};
  auto out = codec::from_json<T>(*in);
  if (!out) return {};
  const auto again = codec::from_json<T>(codec::to_json(*out));
  fuzz::require(again && *again == *out, "what is understood is understood when it is written");
  return std::move(*out);
}

interapp::agreement agreed(interapp::terms what) {
  interapp::agreement out;
  out.agreement_id = interapp::derived_id(what);
  out.state = interapp::agreement_state::active;
  out.terms = std::move(what);
  return out;
}

void message_between_apps(fuzz::input data) {
  const auto x = interapp::decode_message(data);
  if (!x) return;
  const auto again = interapp::decode_message(interapp::encode_message(*x));
  fuzz::require(again && *again == *x, "what is understood can be passed on");
  if (!interapp::check_shape(*x)) return;
  interapp::terms terms;
  terms.app1 = {x->from_app, {}, fuzz::known_node()};
  terms.app2 = {x->to_app, {}, node_id{"bank-b"}};
  terms.app1_permissions = {"Read(accounts)"};
  terms.security_requirements.authentication_required = false;
  auto with = agreed(std::move(terms));
  const interapp::authorize asked{*x, {fuzz::known_node(), message_id{"m"}, node_id{"bank-b"}}, {}};
  fuzz::require(judge(with, asked, fuzz::known_time).code != interapp::finding_code::none
                    || x->permission == "Read(accounts)",
                "nothing passes without its permission");
}

void announcement_of_others(fuzz::input data) {
  constexpr std::uint64_t ttl_ms_max = 60'000;
  const auto x = oracle::check_shared(data, {}, ttl_ms_max, fuzz::known_time);
  if (!x) return;
  fuzz::require(codec::to_canonical(x->announcement).size() <= data.size(), "nothing is added");
  fuzz::require(x->until > fuzz::known_time, "it holds");
}

void announcement_of_a_node(fuzz::input data) {
  const auto x = read_json<oracle::announcement>(data);
  if (!x) return;
  if (const auto good = oracle::check(*x, {}, fuzz::known_time))
    static_cast<void>(oracle::check_signature(*good));
}

void node_that_registers(fuzz::input data) {
  if (const auto x = read_json<oracle::registration>(data)) static_cast<void>(oracle::check(*x));
}

void node_that_changes_its_key(fuzz::input data) {
  const auto x = read_json<oracle::key_rotation>(data);
  if (x && oracle::check(*x, {}, fuzz::known_time)) static_cast<void>(oracle::check_signatures(*x));
}

void app_that_registers(fuzz::input data) {
  const auto x = read_json<interapp::app_registration>(data);
  if (!x) return;
  const auto good = interapp::check(*x);
  if (!good) return;
  const auto again = interapp::check(*good);
  fuzz::require(again && *again == *good, "what has been checked stays as it is");
}

void terms_of_apps(fuzz::input data) {
  const auto x = read_json<interapp::terms>(data);
  if (!x || !interapp::check(*x)) return;
  static_cast<void>(interapp::agreement_bytes(interapp::derived_id(*x), *x));
}

void proposal_to_vote_on(fuzz::input data) {
  const auto x = read_json<governance::proposal>(data);
  if (!x) return;
  static_cast<void>(governance::signing_bytes(*x));
  const auto good = governance::prepare(*x, {}, fuzz::known_time);
  if (!good) return;
  fuzz::require(governance::check_type(good->proposal_type).has_value()
                    && governance::check_content(good->proposal_type, good->content).has_value(),
                "what is put to the vote has a type and what belongs to it");
}

void vote_of_a_node(fuzz::input data) {
  if (const auto x = read_json<governance::vote>(data))
    static_cast<void>(governance::signing_bytes(*x, bytes(32, 1)));
}

constexpr std::array readers{
    message_between_apps, announcement_of_others,    announcement_of_a_node,
    node_that_registers,  node_that_changes_its_key, app_that_registers,
    terms_of_apps,        proposal_to_vote_on,       vote_of_a_node};

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) readers.at(data[0] % readers.size())({data + 1, size - 1});
  return 0;
}
