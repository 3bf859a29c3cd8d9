#define CAF_SUITE ledger_document

#include "actors/ledger/coins/coins.hpp"
#include "actors/ledger/validators/validators.hpp"
#include "guestbook.hpp"
#include "messages/ledger/governance.hpp"
#include "script.hpp"

#include <caf/test/unit_test.hpp>

#include <fstream>
#include <sstream>

using namespace bpci;
using namespace bpci::ledger;
using namespace bpci::ledger::test;

namespace {

std::string read(const char* file) {
  std::ifstream in{file};
  CAF_REQUIRE(in.is_open());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The standard modules and one more.
const module_table& with_guestbook() {
  static const module_table table{[] {
    auto all = standard_modules().all();
    all.push_back(guestbook::make_guestbook());
    return all;
  }()};
  return table;
}

} // namespace

CAF_TEST(the document shows the example that is compiled here) {
  auto source = read("tests/unit/ledger/guestbook.hpp");
  auto begin = source.find("// example: begin\n");
  auto end = source.find("// example: end");
  CAF_REQUIRE(begin != std::string::npos && end != std::string::npos);
  begin = source.find('\n', begin) + 1;
  auto shown = "```cpp\n" + source.substr(begin, end - begin) + "```";
  CAF_CHECK(read("docs/ledger.md").find(shown) != std::string::npos);
}

CAF_TEST(the document lists every parameter with its bounds) {
  auto text = read("docs/ledger.md");
  for (const auto& x : standard_modules().parameters()) {
    auto row = "| `" + std::string{x.name} + "` | " + std::to_string(x.fallback) + " | "
               + std::to_string(x.min) + " | " + std::to_string(x.max) + " |";
    if (text.find(row) == std::string::npos) CAF_ERROR("docs/ledger.md lacks " << row);
  }
}

CAF_TEST(a module that was added works like the others) {
  world w{default_genesis(), with_guestbook()};
  CAF_CHECK_EQUAL(w.run("ada", "guestbook", guestbook::sign_book{"I was here"}), "ok");
  CAF_CHECK_EQUAL(w.run("ada", "guestbook", guestbook::sign_book{"again"}), "already_signed");
  CAF_CHECK_EQUAL(w.run("bob", "guestbook", guestbook::sign_book{std::string(81, 'x')}),
                  "words_too_long");
  auto entry = w.ask<guestbook::get_entry, guestbook::signed_book>(
      "guestbook", guestbook::get_entry{account_of("ada")});
  CAF_REQUIRE(entry);
  CAF_CHECK_EQUAL(entry->words, "I was here");
  CAF_CHECK(entry->at == height{1});
}

CAF_TEST(governance sets the parameters of a module that was added and calls it) {
  world w{default_genesis(), with_guestbook()};
  CAF_CHECK_EQUAL(play(w, R"(
    ada propose governance.set_parameter guestbook.words_max_bytes 3   = ok
    bob vote 1 yes                                                     = ok
    cyd vote 1 yes                                                     = ok
    proposal 1                                                         = executed 3000:0
  )"),
                  "");
  CAF_CHECK_EQUAL(w.run("ada", "guestbook", guestbook::sign_book{"four"}), "words_too_long");
  governance::propose x{"all of us", "guestbook", "sign_book",
                        codec::to_canonical(guestbook::sign_book{"us"}), false};
  CAF_CHECK_EQUAL(w.run("ada", "governance", x), "ok");
  CAF_CHECK_EQUAL(play(w, R"(
    bob vote 2 yes   = ok
    cyd vote 2 yes   = ok
    proposal 2       = executed 3000:0
  )"),
                  "");
  CAF_CHECK((w.ask<guestbook::get_entry, guestbook::signed_book>(
      "guestbook", guestbook::get_entry{account_of("governance")})));
}

CAF_TEST(two modules of one name are a fault of the program) {
  auto threw = false;
  try {
    module_table twice{{coins::make_coins(), coins::make_coins()}};
  } catch (const std::invalid_argument&) {
    threw = true;
  }
  CAF_CHECK(threw);
}
