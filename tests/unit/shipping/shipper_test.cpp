#define CAF_SUITE shipping_shipper

#include "fake_elasticsearch.hpp"
#include "runtime/log/log.hpp"
#include "runtime/metrics/metrics.hpp"
#include "runtime/shipping/shipper.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>

using namespace bpci;
using namespace bpci::shipping;
using namespace bpci::shipping::test;
namespace fs = std::filesystem;

namespace {

using mood = fake_elasticsearch::mood;

std::string line_of(const std::string& event) {
  return R"({"timestamp":"2026-11-28T21:05:01.123Z","level":"info","event":")" + event
         + R"(","context":{}})";
}

double dropped(std::string_view reason) {
  return metrics::metrics()
      .counter("bpci_log_lines_dropped_total", "Log lines that Elasticsearch never gets.",
               {{"reason", reason}})
      .value();
}

double buffered() {
  return metrics::metrics()
      .gauge("bpci_log_buffered_bytes", "Log lines on disk that Elasticsearch has not taken.")
      .value();
}

struct fixture {
  fs::path folder;
  std::shared_ptr<fake_elasticsearch> elastic = std::make_shared<fake_elasticsearch>();
  std::unique_ptr<http::server> server;
  std::uint16_t port = 0;
  shipper_options options;
  std::shared_ptr<shipper> uut;

  fixture() {
    auto name = (fs::temp_directory_path() / "bpci-shipper-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    come_back();
    options.endpoint = "http://127.0.0.1:" + std::to_string(port) + "/";
    options.node = "node-1";
    options.folder = folder / "spool";
    options.backoff = {5ms, 20ms};
    options.batch_wait = 5ms;
    options.finish_max = 300ms;
  }
  ~fixture() {
    uut = nullptr;
    log::stop();
    go_away();
    fs::remove_all(folder);
  }

  void come_back() {
    http::server_options how;
    how.port = port;
    server = http::make_server(how, elastic);
    port = server->start().value();
  }

  void go_away() { server = nullptr; }

  void start() {
    auto made = shipper::start(options);
    CAF_REQUIRE(made.has_value());
    uut = *made;
  }

  void stop() { uut = nullptr; }

  void take(int first, int count) const {
    for (auto i = first; i < first + count; ++i)
      uut->take(line_of("e-" + std::to_string(i)));
  }

  [[nodiscard]] bool arrived(std::size_t count) const {
    return eventually([&] { return elastic->documents().size() >= count; });
  }

  /// The numbers of what has arrived, in the order of arrival.
  [[nodiscard]] std::vector<int> numbers() const {
    std::vector<int> out;
    for (const auto& x : elastic->documents())
      if (x.event().starts_with("e-")) out.push_back(std::stoi(x.event().substr(2)));
    return out;
  }

  [[nodiscard]] std::string key_sent() const {
    const auto last = elastic->last();
    return std::string{last.headers.get("Authorization")};
  }

  static std::vector<int> from_zero(int count) {
    std::vector<int> out;
    for (auto i = 0; i < count; ++i)
      out.push_back(i);
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(shipping_shipper_tests, fixture)

CAF_TEST(lines arrive in order and say who logged them) {
  start();
  take(0, 3);
  CAF_REQUIRE(arrived(3));
  CAF_CHECK_EQUAL(numbers(), from_zero(3));
  const auto all = elastic->documents();
  CAF_CHECK_EQUAL(all[0].index, "bpci-logs-2026.11.28");
  CAF_CHECK_EQUAL(all[0].source.at("node").as_string(), "node-1");
  CAF_CHECK(all[0].source.at("sequence").as_int64() < all[1].source.at("sequence").as_int64());
  const auto last = elastic->last();
  CAF_CHECK_EQUAL(last.method + ' ' + last.path, "POST /_bulk");
  CAF_CHECK_EQUAL(last.media_type(), "application/x-ndjson");
}

CAF_TEST(many lines travel in few requests) {
  options.batch_wait = 60'000ms;
  options.batch_lines = 100;
  start();
  take(0, 1'000);
  CAF_REQUIRE(arrived(1'000));
  CAF_CHECK_EQUAL(elastic->requests(), 10u);
  CAF_CHECK_EQUAL(numbers(), from_zero(1'000));
}

CAF_TEST(what is logged while Elasticsearch is away arrives in order when it comes back) {
  start();
  take(0, 10);
  CAF_REQUIRE(arrived(10));
  go_away();
  take(10, 500);
  come_back();
  take(510, 10);
  CAF_REQUIRE(arrived(520));
  CAF_CHECK_EQUAL(numbers(), from_zero(520));
}

CAF_TEST(429 and 500 and a lost answer cost time and neither lose nor repeat a line) {
  elastic->status = [](std::size_t n) { return n == 0 ? 429 : n == 1 ? 500 : n == 2 ? 503 : 200; };
  elastic->how = [](std::size_t n) { return n == 3 ? mood::takes_and_says_nothing : mood::well; };
  options.batch_lines = 50;
  start();
  take(0, 200);
  CAF_REQUIRE(arrived(200));
  CAF_CHECK_EQUAL(numbers(), from_zero(200));
}

CAF_TEST(of a batch that was taken in part the rest follows before the next batch) {
  elastic->item_status = [](std::size_t n, const document&) { return n % 3 == 0 ? 429 : 201; };
  options.batch_lines = 10;
  start();
  take(0, 100);
  CAF_REQUIRE(arrived(100));
  auto got = numbers();
  for (std::size_t batch = 0; batch < 10; ++batch) {
    const auto first = got.begin() + static_cast<std::ptrdiff_t>(batch * 10);
    std::sort(first, first + 10);
  }
  CAF_CHECK_EQUAL(got, from_zero(100));
}

CAF_TEST(a line that is not acceptable is dropped and counted and the others arrive) {
  const auto before = dropped("refused");
  elastic->item_status = [](std::size_t, const document& x) {
    return x.event() == "e-3" ? 400 : 201;
  };
  start();
  take(0, 10);
  CAF_REQUIRE(arrived(9));
  CAF_CHECK(eventually([&] { return dropped("refused") == before + 1; }));
  auto expected = from_zero(10);
  expected.erase(expected.begin() + 3);
  CAF_CHECK_EQUAL(numbers(), expected);
}

CAF_TEST(what could not be sent before the end is sent by the next life) {
  go_away();
  start();
  take(0, 300);
  stop();
  const auto before = buffered();
  start();
  take(300, 100);
  CAF_CHECK(eventually([&] { return buffered() > before; }));
  stop();
  come_back();
  start();
  take(400, 1);
  CAF_REQUIRE(arrived(401));
  CAF_CHECK_EQUAL(numbers(), from_zero(401));
}

CAF_TEST(an answer that came too late for the end of a life repeats nothing in the next) {
  elastic->how = [](std::size_t n) { return n == 0 ? mood::takes_and_says_nothing : mood::well; };
  options.backoff = {60'000ms, 60'000ms};
  start();
  take(0, 5);
  CAF_REQUIRE(arrived(5));
  CAF_REQUIRE(eventually([&] { return elastic->requests() == 1; }));
  stop();
  start();
  take(5, 1);
  CAF_REQUIRE(arrived(6));
  CAF_CHECK_EQUAL(numbers(), from_zero(6));
}

CAF_TEST(an Elasticsearch that accepts and says nothing keeps no line from the disk) {
  elastic->how = [](std::size_t n) { return n == 0 ? mood::silent : mood::well; };
  start();
  take(0, 1);
  CAF_REQUIRE(eventually([&] { return elastic->requests() == 1; }));
  take(1, 1'000);
  stop();
  start();
  CAF_REQUIRE(arrived(1'001));
  CAF_CHECK_EQUAL(numbers(), from_zero(1'001));
}

CAF_TEST(beyond the bound of the disk the oldest lines go and a line says how many) {
  const auto before = dropped("buffer_full");
  const auto file = (folder / "node.log").string();
  CAF_REQUIRE(log::start(log::outputs{.to = {{file}}}).has_value());
  go_away();
  options.spool_bytes_max = 1024 * 1024;
  start();
  const auto long_word = std::string(1'000, 'x');
  constexpr auto count = 3'000;
  for (auto i = 0; i < count; ++i)
    uut->take(line_of("e-" + std::to_string(i) + long_word));
  CAF_REQUIRE(eventually([&] { return dropped("buffer_full") > before; }));
  stop();
  const auto lost = static_cast<int>(dropped("buffer_full") - before);
  come_back();
  start();
  CAF_REQUIRE(arrived(static_cast<std::size_t>(count - lost)));
  const auto got = numbers();
  CAF_CHECK_EQUAL(got.front(), lost);
  CAF_CHECK_EQUAL(got.back(), count - 1);
  std::ifstream in{file};
  const std::string said{std::istreambuf_iterator<char>{in}, {}};
  CAF_CHECK(said.find("log-lines-dropped") != std::string::npos);
  CAF_CHECK(said.find("buffer_full") != std::string::npos);
}

CAF_TEST(lines beyond the queue are counted while the thread is held up) {
  const auto before = dropped("queue_full");
  options.queue_bytes_max = 10;
  start();
  take(0, 1);
  CAF_CHECK(eventually([&] { return dropped("queue_full") == before + 1; }));
}

CAF_TEST(the key is sent with every request as it is at that time and is said nowhere) {
  const auto file = (folder / "node.log").string();
  CAF_REQUIRE(log::start(log::outputs{.least = log::level::debug, .to = {{file}}}).has_value());
  auto key = std::make_shared<std::atomic<int>>(1);
  options.api_key = [key] { return result<std::string>{"secret-" + std::to_string(*key)}; };
  elastic->status = [](std::size_t n) { return n == 1 ? 401 : 200; };
  start();
  take(0, 1);
  CAF_REQUIRE(arrived(1));
  CAF_CHECK_EQUAL(key_sent(), "ApiKey secret-1");
  *key = 2;
  take(1, 1);
  CAF_REQUIRE(arrived(2));
  CAF_CHECK_EQUAL(key_sent(), "ApiKey secret-2");
  stop();
  std::ifstream in{file};
  const std::string said{std::istreambuf_iterator<char>{in}, {}};
  CAF_CHECK(said.find("log-shipping-failed") != std::string::npos);
  CAF_CHECK(said.find("log-shipping-resumed") != std::string::npos);
  CAF_CHECK(said.find("secret") == std::string::npos);
}

CAF_TEST(a key that cannot be read keeps the node from starting) {
  options.api_key = [] { return result<std::string>{fail(ec::config_invalid, "no such file")}; };
  const auto got = shipper::start(options);
  CAF_REQUIRE(got.has_error());
  CAF_CHECK(got.error().code == ec::config_invalid);
}

CAF_TEST(what the log is told goes to its outlets and to nothing else) {
  start();
  CAF_REQUIRE(log::start(log::outputs{.json = false, .outlets = {uut}}).has_value());
  log::info("e-0", {{"n", 1}});
  log::warn("e-1");
  log::debug("e-2");
  CAF_REQUIRE(arrived(2));
  log::stop();
  CAF_CHECK_EQUAL(numbers(), from_zero(2));
  const auto first = elastic->documents().at(0);
  CAF_CHECK_EQUAL(first.source.at("context").at("n").as_int64(), 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
