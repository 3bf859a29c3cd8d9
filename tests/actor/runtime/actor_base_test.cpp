#define CAF_SUITE actor_base

#include "messages/runtime/introspection.hpp"
#include "tests/actor/node_fixture.hpp"

#include <algorithm>
#include <future>
#include <stdexcept>

/// What every actor of the project gets from actor_base.
namespace bpci {

namespace {

using namespace test;

/// "Ask `whom`, and note the answer."
struct errand {
  caf::actor whom;
  std::chrono::milliseconds deadline;
  std::shared_ptr<std::string> answers; ///< "ok 1 " or "timeout " for each.
};

/// "Break, with this message in hand."
struct poison {
  message_id id;
};

} // namespace

} // namespace bpci

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::errand)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::poison)

namespace bpci {

namespace {

class messenger final : public actor_base {
public:
  using actor_base::actor_base;

  const char* name() const override { return "messenger"; }

protected:
  caf::behavior make_behavior() override {
    return {
        [this](const errand& x) { run(x); },
        [this](const poison& x) {
          handling(x.id, [] { throw std::runtime_error{"indigestible"}; });
        },
        [this](const message_id& id) { handling(id, [] {}); },
    };
  }

  std::string describe() const override { return R"({"errands":7})"; }

private:
  void run(const errand& x) {
    ask<int>(
        x.whom, x.deadline, caf::get_atom::value,
        [to = x.answers](const int& got) { *to += "ok " + std::to_string(got) + " "; },
        [to = x.answers](const failure& why) { *to += std::string{bpci::name(why.code)} + " "; });
  }
};

struct fixture : node_fixture {
  caf::actor asker = start<messenger>();
  std::shared_ptr<std::string> answers = std::make_shared<std::string>();
  std::shared_ptr<std::vector<caf::typed_response_promise<int>>> promises =
      std::make_shared<std::vector<caf::typed_response_promise<int>>>();

  /// A promise holds who asked.
  ~fixture() override { promises->clear(); }

  /// Answers the request number `which` when it is told to.
  caf::actor make_slow() {
    return keep(sys.spawn([promises = promises](caf::event_based_actor* self) -> caf::behavior {
      return {
          [self, promises](caf::get_atom) -> caf::result<int> {
            return promises->emplace_back(self->make_response_promise<int>());
          },
          [promises](std::size_t which) { promises->at(which).deliver(static_cast<int>(which)); },
      };
    }));
  }

  void send_to(const caf::actor& whom, std::chrono::milliseconds deadline = 1s) {
    tell(asker, errand{whom, deadline, answers});
  }

  /// What has been answered since the last call.
  std::string got() {
    auto out = std::exchange(*answers, {});
    if (!out.empty()) out.pop_back();
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(actor_base_tests, fixture)

CAF_TEST(a request is answered at once and only once when the other side dies) {
  auto slow = make_slow();
  send_to(slow);
  CAF_CHECK_EQUAL(got(), "");
  end(slow);
  CAF_CHECK_EQUAL(got(), "restarted");
  pass(10s);
  CAF_CHECK_EQUAL(got(), "");
}

CAF_TEST(a request is answered at its deadline and what comes later is dropped) {
  auto slow = make_slow();
  send_to(slow);
  pass(999ms);
  CAF_CHECK_EQUAL(got(), "");
  pass(1ms);
  CAF_CHECK_EQUAL(got(), "timeout");
  tell(slow, std::size_t{0});
  end(slow);
  CAF_CHECK_EQUAL(got(), "");
}

CAF_TEST(a request that was answered stays so when the other side dies) {
  auto slow = make_slow();
  send_to(slow);
  tell(slow, std::size_t{0});
  CAF_CHECK_EQUAL(got(), "ok 0");
  end(slow);
  pass(10s);
  CAF_CHECK_EQUAL(got(), "");
}

CAF_TEST(an answer that is none of what was asked for is a failure) {
  send_to(keep(sys.spawn(
      []() -> caf::behavior { return {[](caf::get_atom) { return std::string{"seven"}; }}; })));
  CAF_CHECK_EQUAL(got(), "internal");
}

CAF_TEST(of many requests to one actor its death fails exactly those that are open) {
  auto slow = make_slow();
  for (auto i = 0; i < 60; ++i)
    send_to(slow);
  for (auto i = std::size_t{0}; i < 58; ++i)
    tell(slow, i);
  got();
  end(slow);
  CAF_CHECK_EQUAL(got(), "restarted restarted");
}

CAF_TEST(a request to an actor that is dead already fails at once) {
  auto slow = make_slow();
  end(slow);
  send_to(slow);
  CAF_CHECK_EQUAL(got(), "restarted");
  send_to(slow);
  CAF_CHECK_EQUAL(got(), "restarted");
}

CAF_TEST(a killed actor lets go of its requests while the other side still has them in hand) {
  auto slow = make_slow();
  send_to(slow);
  auto watched = std::weak_ptr{answers};
  answers.reset();
  CAF_CHECK(!watched.expired());
  end(asker);
  CAF_CHECK(watched.expired());
}

CAF_TEST(a request that has failed holds nothing until its deadline) {
  auto slow = make_slow();
  send_to(slow);
  auto watched = std::weak_ptr{answers};
  answers.reset();
  end(slow);
  CAF_CHECK(watched.expired());
}

CAF_TEST(the depth of a mailbox is seen from outside) {
  const auto& life = life_of(asker);
  auto before = life.messages_received();
  for (auto i = 0; i < 3; ++i)
    caf::anon_send(asker, message_id{"m1"});
  CAF_CHECK_EQUAL(life.mailbox_depth(), 3u);
  CAF_CHECK_EQUAL(life.messages_received(), before + 3);
  settle();
  CAF_CHECK_EQUAL(life.mailbox_depth(), 0u);
}

CAF_TEST(the depth is seen of an actor that never comes to rest) {
  class busy final : public actor_base {
  public:
    busy(caf::actor_config& cfg, std::promise<std::uint64_t>& deepest)
        : actor_base(cfg), deepest_(deepest) {}

    const char* name() const override { return "busy"; }

  protected:
    caf::behavior make_behavior() override {
      return {[this](int left) {
        most_ = std::max(most_, life()->mailbox_depth());
        if (left == 0) return deepest_.set_value(most_);
        send(this, left - 1);
      }};
    }

  private:
    std::promise<std::uint64_t>& deepest_;
    std::uint64_t most_ = 0;
  };
  caf::actor_system_config config;
  caf::actor_system threads{config};
  std::promise<std::uint64_t> deepest;
  auto one = threads.spawn<busy, caf::detached>(std::ref(deepest));
  constexpr auto messages = 5'000; // of which there is never more than one
  caf::anon_send(one, messages);
  CAF_CHECK(deepest.get_future().get() < 1'000);
}

CAF_TEST(the last words of an actor name its exception and the message in hand) {
  const auto& life = life_of(asker);
  tell(asker, message_id{"m1"});
  CAF_CHECK(!life.in_hand());
  CAF_CHECK_EQUAL(life.crash(), "");
  self->monitor(asker);
  tell(asker, poison{message_id{"m2"}});
  CAF_CHECK_EQUAL(life.crash(), "indigestible");
  CAF_CHECK(life.in_hand() == message_id{"m2"});
  self->receive([](const caf::down_msg& x) {
    auto why = from_caf(x.reason);
    CAF_CHECK_EQUAL(std::string{name(why.code)}, "internal");
    CAF_CHECK_EQUAL(why.detail, "indigestible");
  });
}

CAF_TEST(an actor says what it holds and refuses what it does not know) {
  auto state = reply_of<actor_state>(asker, get_state{});
  CAF_CHECK_EQUAL(state.json, R"({"errands":7})");
  CAF_CHECK_EQUAL(verdict_of<int>(asker, std::string{"what?"}), "internal");
  CAF_CHECK(!is_over(asker));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci
