#define CAF_SUITE chain_keeper_actor

#include "actors/chain/keeper_actor.hpp"
#include "messages/chain/paths.hpp"
#include "messages/chain/peers.hpp"
#include "messages/chain/pool.hpp"
#include "messages/chain/questions.hpp"
#include "runtime/entity/slot_of.hpp"
#include "runtime/supervision/supervisor_actor.hpp"
#include "tests/actor/node_fixture.hpp"

/// KEEPER as an actor: when the chain runs, and who answers for it.
namespace bpci::chain {

namespace {

using namespace bpci::test;

/// Lives until it is told to end.
class idle final : public actor_base {
public:
  explicit idle(caf::actor_config& cfg) : actor_base(cfg) {}
  const char* name() const override { return "idle"; }

protected:
  caf::behavior make_behavior() override {
    return {[](caf::unit_t) {}};
  }
};

const auto chain_slot = entity::slot_of({"chain", "test-1"});

struct fixture : node_fixture {
  struct member {
    incarnation life;
    std::string root;
    std::vector<std::uint64_t> started; ///< epochs
    caf::actor keeper;
    inbox slots;
    inbox members;
    bool can_hold = true;
  };

  member one, two;

  fixture() {
    prepare(one, 1);
    prepare(two, 2);
  }

  void prepare(member& x, std::uint64_t no) {
    x.life = incarnation{no};
    x.root = "/n" + std::to_string(no);
    put(x.root + "/chain", keep(supervision::spawn_supervisor(sys, x.root + "/chain", {}, node)));
    x.slots = stand_in(x, "/cluster/slots");
    x.members = stand_in(x, "/cluster/members");
    start_keeper(x);
  }

  inbox stand_in(const member& at, const std::string& path) {
    auto box = make_inbox();
    put(at.root + path, box.who);
    return box;
  }

  void start_keeper(member& x) {
    keeper_options how;
    how.node = node;
    how.root = x.root;
    how.chain_id = "test-1";
    how.lease = std::make_shared<cluster::lease>(1s);
    how.lease->begin(x.life);
    how.can_hold = [&x] { return x.can_hold; };
    how.live = [&x](const hold& under) {
      return supervision::child_spec{
          .id = "live",
          .type = "LIVE",
          .spawn = [&x, under](const supervision::spawn_context& in) -> result<caf::actor> {
            x.started.push_back(under.epoch.get());
            return in.system.spawn<idle>();
          }};
    };
    x.keeper = start<keeper_actor>(how);
    put(x.root + path::keeper, x.keeper);
    settle();
  }

  /// Both members learn who owns the chain's slot; 0: nobody.
  void owned_by(std::uint64_t owner, std::uint64_t epoch, bool draining = false) {
    auto row =
        slots::slot_row{chain_slot, slots::epoch_no{epoch}, incarnation{owner}, draining, {}};
    for (auto* x : {&one, &two})
      tell(x->keeper, slots::slots_changed{slots::change_no{epoch}, {row}});
  }

  /// An AGENT of this member.
  caf::actor agent_of(const member& x) {
    return answering(
        [this,
         root = x.root](const cluster::find_service& what) -> caf::result<cluster::service_handle> {
          auto found = node->directory.find(root + what.name);
          if (!found) return to_caf(ec::not_found, what.name);
          return cluster::service_handle{found};
        });
  }

  void introduce(const member& who, const member& to) {
    cluster::member row;
    row.incarnation = who.life;
    row.http_address = "10.0.0." + std::to_string(who.life.get()) + ":80";
    tell(to.keeper, cluster::view_changed{1, {}, {row}});
    tell(to.keeper, cluster::peer_up{member_id{who.root.substr(1)}, who.life, agent_of(who)});
  }

  bool runs(const member& x) { return node->directory.find(x.root + path::live) != nullptr; }

  void put_pool(const member& at, std::uint64_t transactions) {
    put(at.root + path::mempool, answering([transactions](const get_pool&) {
          pool_status out;
          out.transactions = transactions;
          return out;
        }));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(chain_keeper_actor_tests, fixture)

CAF_TEST(the chain runs on the member that owns its slot and on no other) {
  CAF_CHECK_EQUAL(one.slots.count<slots::watch_slots>(), 1u);
  CAF_CHECK_EQUAL(one.members.count<cluster::watch_members>(), 1u);
  CAF_CHECK(!runs(one));
  owned_by(1, 5);
  CAF_CHECK(runs(one));
  CAF_CHECK(!runs(two));
  owned_by(2, 6);
  CAF_CHECK(!runs(one));
  CAF_CHECK(runs(two));
  CAF_CHECK(one.started == std::vector<std::uint64_t>{5});
  CAF_CHECK(two.started == std::vector<std::uint64_t>{6});
}

CAF_TEST(a new epoch starts it anew) {
  owned_by(1, 5);
  owned_by(1, 5);
  CAF_CHECK_EQUAL(one.started.size(), 1u);
  owned_by(1, 8);
  CAF_CHECK((one.started == std::vector<std::uint64_t>{5, 8}));
  CAF_CHECK(runs(one));
}

CAF_TEST(a slot that is being given away ends it) {
  owned_by(1, 5);
  owned_by(1, 5, true);
  CAF_CHECK(!runs(one));
}

CAF_TEST(a member that may not hold the chain does not ) {
  one.can_hold = false;
  owned_by(1, 5);
  CAF_CHECK(!runs(one));
  CAF_CHECK_EQUAL(verdict_of<pool_status>(one.keeper, get_pool{}), "unavailable");
}

CAF_TEST(a KEEPER that was killed starts the chain anew) {
  owned_by(1, 5);
  end(one.keeper);
  CAF_CHECK(runs(one));
  start_keeper(one);
  owned_by(1, 5);
  CAF_CHECK(runs(one));
  CAF_CHECK((one.started == std::vector<std::uint64_t>{5, 5}));
}

CAF_TEST(a KEEPER that was killed does not leave running what is owned elsewhere) {
  owned_by(1, 5);
  end(one.keeper);
  start_keeper(one);
  owned_by(2, 6);
  CAF_CHECK(!runs(one));
}

CAF_TEST(what is asked where the chain is held is answered there) {
  owned_by(1, 5);
  CAF_CHECK_EQUAL(verdict_of<pool_status>(one.keeper, get_pool{}), "unavailable");
  put_pool(one, 7);
  CAF_CHECK_EQUAL(reply_of<pool_status>(one.keeper, get_pool{}).transactions, 7u);
}

CAF_TEST(what is asked elsewhere is passed on to the member that holds the chain) {
  introduce(one, two);
  owned_by(1, 5);
  put_pool(one, 7);
  put_pool(two, 8);
  CAF_CHECK_EQUAL(reply_of<pool_status>(two.keeper, get_pool{}).transactions, 7u);
  CAF_CHECK_EQUAL(reply_of<pool_status>(two.keeper, get_pool{}).transactions, 7u);
}

CAF_TEST(a question is passed on once only) {
  introduce(one, two);
  introduce(two, one);
  // Each believes that the other holds it.
  auto row = slots::slot_row{chain_slot, slots::epoch_no{5}, incarnation{2}, false, {}};
  tell(one.keeper, slots::slots_changed{slots::change_no{5}, {row}});
  row.owner = incarnation{1};
  tell(two.keeper, slots::slots_changed{slots::change_no{5}, {row}});
  CAF_CHECK_EQUAL(verdict_of<pool_status>(one.keeper, get_pool{}), "unavailable");
}

CAF_TEST(while nobody holds the chain or its holder cannot be reached there is no answer) {
  CAF_CHECK_EQUAL(verdict_of<peer_list>(one.keeper, get_peers{}), "unavailable");
  owned_by(2, 5);
  CAF_CHECK_EQUAL(verdict_of<peer_list>(one.keeper, get_peers{}), "unavailable");
  introduce(two, one);
  tell(one.keeper, cluster::peer_down{member_id{"n2"}, two.life});
  CAF_CHECK_EQUAL(verdict_of<peer_list>(one.keeper, get_peers{}), "unavailable");
}

CAF_TEST(a question is answered in time whatever happens) {
  introduce(one, two);
  owned_by(1, 5);
  auto deaf = stand_in(one, path::ledger);
  auto here = request_of<chain_overview>(one.keeper, get_overview{});
  auto there = request_of<chain_overview>(two.keeper, get_overview{});
  CAF_CHECK_EQUAL(verdict(here), "pending");
  pass(8s);
  CAF_CHECK_EQUAL(verdict(here), "timeout");
  CAF_CHECK_EQUAL(verdict(there), "timeout");
  auto next = request_of<chain_overview>(two.keeper, get_overview{});
  end(deaf.who);
  CAF_CHECK_EQUAL(verdict(next), "unavailable");
}

CAF_TEST(a KEEPER that is gone is looked for again) {
  introduce(one, two);
  owned_by(1, 5);
  put_pool(one, 7);
  CAF_CHECK_EQUAL(reply_of<pool_status>(two.keeper, get_pool{}).transactions, 7u);
  end(one.keeper);
  CAF_CHECK_EQUAL(verdict_of<pool_status>(two.keeper, get_pool{}), "unavailable");
  start_keeper(one);
  owned_by(1, 5);
  CAF_CHECK_EQUAL(reply_of<pool_status>(two.keeper, get_pool{}).transactions, 7u);
}

CAF_TEST(peers are let in where the chain is held and sent there from elsewhere) {
  auto peers = make_inbox();
  put(one.root + path::peers, answering([who = peers.who](const oracle::admit_peer&) {
        return oracle::peer_admitted{who};
      }));
  CAF_CHECK_EQUAL(verdict_of<oracle::peer_admitted>(two.keeper, oracle::admit_peer{}),
                  "unavailable");
  owned_by(1, 5);
  CAF_CHECK_EQUAL(verdict_of<oracle::peer_admitted>(one.keeper, oracle::admit_peer{}), "none");
  introduce(one, two);
  auto sent = request_of<oracle::peer_admitted>(two.keeper, oracle::admit_peer{});
  CAF_CHECK_EQUAL(verdict(sent), "not_owner");
  CAF_CHECK_EQUAL((*sent)->error().detail, "10.0.0.1:80");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::chain
