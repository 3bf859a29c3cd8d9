#define CAF_SUITE interapp_permission

#include "actors/interapp/permission.hpp"

#include <caf/test/unit_test.hpp>

namespace bpci::interapp {

namespace {

struct row {
  const char* granted;
  const char* wanted;
  bool covered;
};

} // namespace

CAF_TEST(a permission is a verb and a resource and nothing else) {
  for (const auto* good : {"Read(accounts)", "Write(audit_logs)", "Execute(transfer)", "Read(*)",
                           "Subscribe(prices/eur.usd)", "Publish(a/b-c:d*)"})
    CAF_CHECK(parse_permission(good).has_value());
  for (const auto* bad : {"", "Read", "Read()", "read(accounts)", "Delete(accounts)", "Read(a b)",
                          "Read(accounts", "Read accounts)", "Read(a)(b)", "Read(*a)", "Read(a**)",
                          "(accounts)", " Read(accounts)", "Read(\xc3\xa4)"}) {
    CAF_MESSAGE("text: " << bad);
    CAF_CHECK(!parse_permission(bad));
  }
  CAF_CHECK(!parse_permission("Read(" + std::string(65, 'a') + ")"));
}

CAF_TEST(a permission covers its own resource and those below a star) {
  for (const auto& [granted, wanted, covered] : {
           row{"Read(accounts)", "Read(accounts)", true},
           row{"Read(accounts)", "Write(accounts)", false},
           row{"Read(accounts)", "Read(accounts2)", false},
           row{"Read(accounts)", "Read(Accounts)", false},
           row{"Read(accounts/*)", "Read(accounts/7)", true},
           row{"Read(accounts/*)", "Read(accounts)", false},
           row{"Read(*)", "Read(anything/at/all)", true},
           row{"Read(*)", "Execute(anything)", false},
           row{"Read(*)", "Read(*)", false}, // nobody may ask for everything at once
           row{"nonsense", "Read(accounts)", false},
           row{"Read(accounts)", "nonsense", false},
       }) {
    CAF_MESSAGE("granted " << granted << ", wanted " << wanted);
    CAF_CHECK_EQUAL(any_covers({granted}, wanted), covered);
  }
  CAF_CHECK(!any_covers({}, "Read(accounts)"));
  CAF_CHECK(any_covers({"Write(x)", "Read(accounts)"}, "Read(accounts)"));
}

CAF_TEST(the type of a communication bounds its verbs) {
  CAF_CHECK(suits(communication_type::ServiceCall, verb::Execute));
  CAF_CHECK(!suits(communication_type::ServiceCall, verb::Publish));
  CAF_CHECK(suits(communication_type::DataExchange, verb::Write));
  CAF_CHECK(!suits(communication_type::DataExchange, verb::Execute));
  CAF_CHECK(suits(communication_type::EventStream, verb::Subscribe));
  CAF_CHECK(!suits(communication_type::EventStream, verb::Write));
  CAF_CHECK(suits(communication_type::Notification, verb::Publish));
  CAF_CHECK(!suits(communication_type::Notification, verb::Read));
  CAF_CHECK(!suits(communication_type::BatchTransfer, verb::Execute));
}

} // namespace bpci::interapp
