#define CAF_SUITE client_sealing

#include "gateways/clients/cpp/sealing.hpp"
#include "messages/oracle/signing.hpp"

#include <caf/test/unit_test.hpp>

/// What a node encrypts for another, and what it signs about itself.
namespace bpci::client {

namespace {

struct fixture {
  crypto::key_pair alice = crypto::generate();
  crypto::key_pair bob = crypto::generate();

  static outgoing note() {
    outgoing out;
    out.targets = {node_id{"bob"}};
    out.type = "DataSync";
    out.body = {'h', 'i'};
    return out;
  }

  result<outgoing> sealed(outgoing what) {
    return seal(std::move(what), crypto::seal_level::high, node_id{"alice"}, alice, bob.pub);
  }

  static oracle::envelope delivered(const outgoing& x) {
    oracle::envelope out;
    out.id = *x.id;
    out.source = node_id{"alice"};
    out.targets = x.targets;
    out.type = x.type;
    out.body = x.body;
    return out;
  }

  auto opened(const oracle::envelope& x) {
    return open(x, node_id{"bob"}, bob, alice.pub, crypto::seal_level::high);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(client_sealing_tests, fixture)

CAF_TEST(a message is sealed for its target under an id of its own) {
  auto message = sealed(note()).value();
  CAF_REQUIRE(message.id.has_value());
  auto body = opened(delivered(message)).value();
  CAF_CHECK(body.plain == note().body);
  auto other = delivered(message);
  other.id = message_id{"another"};
  CAF_CHECK(!opened(other));
}

CAF_TEST(a message to several is not sealed) {
  auto several = note();
  several.targets.emplace_back("carol");
  CAF_CHECK_EQUAL(sealed(several).error().code, ec::invalid_argument);
}

CAF_TEST(a rotation is signed by both keys and an announcement by its node) {
  auto rotation = sign_rotation(node_id{"alice"}, alice, bob, timestamp_ms{5});
  auto over = oracle::signing_bytes(rotation);
  CAF_CHECK(crypto::verify(alice.pub, over, *crypto::signature_from_hex(rotation.old_signature)));
  CAF_CHECK(crypto::verify(bob.pub, over, *crypto::signature_from_hex(rotation.new_signature)));
  auto what =
      sign({node_id{"alice"}, "Banking", "ws://a:1", {"relay"}, timestamp_ms{5}, 0, {}, {}}, alice);
  CAF_CHECK(crypto::verify(alice.pub, oracle::signing_bytes(what),
                           *crypto::signature_from_hex(what.signature)));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::client
