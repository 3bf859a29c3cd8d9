#define CAF_SUITE messages_error

#include "messages/error.hpp"

#include <caf/test/unit_test.hpp>

#include <boost/describe/enumerators.hpp>
#include <boost/mp11/algorithm.hpp>

#include <set>

namespace bpci {

namespace {

std::vector<ec> all_codes() {
  std::vector<ec> out;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<ec>>(
      [&](auto x) { out.push_back(x.value); });
  return out;
}

} // namespace

CAF_TEST(every code has a name a sentence a next step and an HTTP status) {
  std::set<std::string_view> sentences;
  for (auto code : all_codes()) {
    CAF_CHECK(code_from_name(name(code)) == code);
    CAF_CHECK(sentences.insert(sentence(code)).second);
    CAF_CHECK(sentence(code).ends_with('.'));
    CAF_CHECK(next_step(code).ends_with('.'));
    CAF_CHECK((http_status(code) >= 400 && http_status(code) < 600) || code == ec::none);
  }
}

CAF_TEST(a word that no code has is an internal fault) {
  CAF_CHECK(code_from_name("never_heard_of") == ec::internal);
  CAF_CHECK(code_from_name("") == ec::internal);
}

CAF_TEST(a failure in words has the code and the detail) {
  CAF_CHECK_EQUAL(to_string(fail(ec::busy, "links")),
                  "busy: A queue on the way is full. (links)");
}

} // namespace bpci
