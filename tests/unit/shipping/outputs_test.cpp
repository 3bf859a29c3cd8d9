#define CAF_SUITE shipping_outputs

#include "runtime/shipping/outputs.hpp"

#include <caf/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace bpci;
using namespace bpci::shipping;
namespace fs = std::filesystem;

namespace {

struct fixture {
  config::node_config of;
  fs::path folder;

  fixture() {
    auto name = (fs::temp_directory_path() / "bpci-outputs-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    of.node.data_dir = folder.string();
  }
  ~fixture() { fs::remove_all(folder); }

  config::log_output& add(config::output_type type) {
    auto& out = of.logging.outputs.emplace_back();
    out.type = type;
    if (type == config::output_type::elasticsearch) out.endpoint = "http://127.0.0.1:1";
    return out;
  }

  std::string write(const std::string& text) const {
    std::ofstream{folder / "key"} << text;
    return (folder / "key").string();
  }

  std::string refusal() const {
    const auto got = log_outputs(of);
    return got ? "" : got.error().detail;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(shipping_outputs_tests, fixture)

CAF_TEST(every output of the configuration becomes one of the log) {
  of.logging.level = config::log_level::warn;
  of.logging.format = config::log_format::text;
  add(config::output_type::standard_error);
  add(config::output_type::file).path = "/x/a.log";
  add(config::output_type::elasticsearch);
  const auto got = log_outputs(of);
  CAF_REQUIRE(got.has_value());
  CAF_CHECK(got->least == log::level::warn);
  CAF_CHECK(!got->json);
  CAF_REQUIRE_EQUAL(got->to.size(), 2u);
  CAF_CHECK_EQUAL(got->to[0].file, "");
  CAF_CHECK_EQUAL(got->to[1].file, "/x/a.log");
  CAF_CHECK_EQUAL(got->to[1].rotate_bytes, 104'857'600u);
  CAF_CHECK_EQUAL(got->outlets.size(), 1u);
  CAF_CHECK(fs::exists(folder / "logs" / "http___127.0.0.1_1_bpci-logs" / "lock"));
}

CAF_TEST(an API key comes from the file or the variable that holds it) {
  add(config::output_type::elasticsearch).api_key_file = write("\n VnVhQ2ZHY0I= \n");
  CAF_CHECK_EQUAL(refusal(), "");
  ::setenv("BPCI_TEST_KEY", "VnVhQ2ZHY0I=", 1);
  of.logging.outputs[0].api_key_file.clear();
  of.logging.outputs[0].api_key_env = "BPCI_TEST_KEY";
  CAF_CHECK_EQUAL(refusal(), "");
  ::unsetenv("BPCI_TEST_KEY");
  CAF_CHECK_EQUAL(refusal(), "the variable BPCI_TEST_KEY (api_key_env) does not hold an API key of "
                             "Elasticsearch");
}

CAF_TEST(what is no API key is refused without being shown) {
  auto& output = add(config::output_type::elasticsearch);
  for (const auto* text : {"", "hunter2\r\nX-Other: yes", "two hunter2"}) {
    output.api_key_file = write(text);
    const auto why = refusal();
    CAF_CHECK(!why.empty());
    CAF_CHECK(why.find("hunter2") == std::string::npos);
  }
  output.api_key_file = "/no/such/file";
  CAF_CHECK_EQUAL(refusal(), "api_key_file /no/such/file cannot be read");
}

CAF_TEST(two outputs to the same place are refused) {
  add(config::output_type::elasticsearch);
  add(config::output_type::elasticsearch);
  CAF_CHECK(refusal().ends_with("is used by another process, or by two outputs"));
}

CAF_TEST_FIXTURE_SCOPE_END()
