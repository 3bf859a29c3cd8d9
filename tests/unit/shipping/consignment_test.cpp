#define CAF_SUITE shipping_consignment

#include "runtime/shipping/consignment.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci::shipping;
using namespace std::chrono_literals;

namespace {

struct fixture {
  consignment under_way{{500ms, 30'000ms}};

  void load(std::uint64_t count) {
    std::vector<entry> all;
    for (std::uint64_t i = 1; i <= count; ++i)
      all.push_back({i, "{}"});
    under_way.load(std::move(all));
  }

  /// The sequences of the next request.
  std::string next() const {
    std::string out;
    for (const auto& x : under_way.next())
      out += std::to_string(x.sequence);
    return out;
  }

  static web_answer items(std::initializer_list<int> statuses) {
    std::string body;
    for (const auto x : statuses)
      body += (body.empty() ? "" : ",") + std::string{"{\"create\":{\"status\":"}
              + std::to_string(x) + "}}";
    return {200, "{\"items\":[" + body + "]}", {}};
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(shipping_consignment_tests, fixture)

CAF_TEST(a batch whose lines are all taken is settled) {
  load(3);
  const auto out = under_way.answered(items({201, 409, 201}));
  CAF_CHECK_EQUAL(out.taken, 3u);
  CAF_CHECK(out.wait == 0ms);
  CAF_CHECK(under_way.empty());
}

CAF_TEST(of a batch only those lines are sent again that may pass later) {
  load(5);
  const auto out = under_way.answered(items({201, 429, 400, 503, 201}));
  CAF_CHECK_EQUAL(out.taken, 2u);
  CAF_CHECK_EQUAL(out.refused, 1u);
  CAF_CHECK(out.wait == 500ms);
  CAF_CHECK_EQUAL(next(), "24");
}

CAF_TEST(whoever is away costs time and no lines) {
  load(2);
  for (const auto& x : {web_answer{0, {}, "refused"}, web_answer{401, "{\"error\":1}", {}},
                        web_answer{503, {}, {}}, web_answer{404, {}, {}}, web_answer{302, {}, {}},
                        web_answer{200, "<html>", {}}, web_answer{400, "<html>", {}}}) {
    const auto out = under_way.answered(x);
    CAF_CHECK_EQUAL(out.taken + out.refused, 0u);
    CAF_CHECK(out.wait > 0ms);
    CAF_CHECK(!out.why.empty());
    CAF_CHECK_EQUAL(next(), "12");
  }
}

CAF_TEST(the pause doubles up to its bound and begins anew after a success) {
  load(2);
  std::vector<std::int64_t> pauses;
  for (auto i = 0; i < 9; ++i)
    pauses.push_back(under_way.answered({0, {}, "refused"}).wait.count());
  CAF_CHECK_EQUAL(pauses, (std::vector<std::int64_t>{500, 1'000, 2'000, 4'000, 8'000, 16'000,
                                                     30'000, 30'000, 30'000}));
  for (auto i = 0; i < 100; ++i)
    CAF_CHECK(under_way.answered({0, {}, "refused"}).wait == 30'000ms);
  CAF_CHECK(under_way.answered(items({201, 429})).wait == 500ms);
}

CAF_TEST(a request that is too large is halved until the line that is stands alone) {
  load(4);
  const web_answer too_large{413, {}, {}};
  CAF_CHECK(under_way.answered(too_large).wait == 0ms);
  CAF_CHECK_EQUAL(next(), "12");
  CAF_CHECK_EQUAL(under_way.answered(items({201, 201})).taken, 2u);
  CAF_CHECK_EQUAL(next(), "34");
  under_way.answered(too_large);
  CAF_CHECK_EQUAL(next(), "3");
  CAF_CHECK_EQUAL(under_way.answered(too_large).refused, 1u);
  CAF_CHECK_EQUAL(under_way.answered(items({201})).taken, 1u);
  CAF_CHECK(under_way.empty());
}

CAF_TEST(a request that Elasticsearch cannot read is halved as well) {
  load(2);
  const web_answer unreadable{400, R"({"error":{"type":"x"},"status":400})", {}};
  CAF_CHECK_EQUAL(under_way.answered(unreadable).refused, 0u);
  CAF_CHECK_EQUAL(under_way.answered(unreadable).refused, 1u);
  CAF_CHECK_EQUAL(next(), "2");
}

CAF_TEST_FIXTURE_SCOPE_END()
