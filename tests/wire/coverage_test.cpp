#define CAF_SUITE wire_coverage

#include "tests/wire/caf_messages.hpp"
#include "tests/wire/canonical_messages.hpp"
#include "tests/wire/golden.hpp"

#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

// No message without a golden file: whoever adds one is told here.

using namespace bpci::wire;

namespace {

namespace fs = std::filesystem;

/// "oracle/relay.hpp route_up"
using message_place = std::string;

std::string content_of(const fs::path& file) {
  auto in = std::ifstream{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The first argument of each use of `macro` in the headers below messages/. A use starts a line,
/// as clang-format puts it; the definition and examples in comments do not.
std::set<message_place> uses_of(const std::string& macro) {
  const auto use = std::regex{"(?:^|\\n)" + macro + "\\(\\s*(\\w+)"};
  const auto root = fs::path{BPCI_SOURCE_DIR} / "messages";
  std::set<message_place> out;
  for (const auto& entry : fs::recursive_directory_iterator{root}) {
    if (entry.path().extension() != ".hpp") continue;
    const auto text = content_of(entry.path());
    for (auto i = std::sregex_iterator{text.begin(), text.end(), use}; i != std::sregex_iterator{};
         ++i)
      out.insert(fs::relative(entry.path(), root).string() + " " + (*i)[1].str());
  }
  return out;
}

std::set<message_place> described_messages() {
  return uses_of("BPCI_MESSAGE");
}

std::set<message_place> described_enums() {
  return uses_of("BOOST_DEFINE_FIXED_ENUM_CLASS");
}

/// BPI-1.0 frames have files of their own. `limits` stands inside the challenge, `batch_item` in
/// send_batch.
std::set<message_place> pinned_as_frames() {
  std::set<message_place> out;
  for (const auto* frame : {"challenge", "hello", "welcome", "ack", "receipt", "refusal", "peer",
                            "send_batch", "deliver_batch", "ack_batch", "receipt_batch", "notice"})
    if (!read_golden(std::string{frame} + ".msgpack.hex").empty())
      out.insert(std::string{"oracle/frames.hpp "} + frame);
  if (out.contains("oracle/frames.hpp challenge")) out.insert("oracle/frames.hpp limits");
  if (out.contains("oracle/frames.hpp send_batch")) out.insert("oracle/frames.hpp batch_item");
  return out;
}

std::set<message_place> pinned_messages() {
  auto out = pinned_as_frames();
  for (const auto& samples : {caf_samples(), canonical_samples()})
    for (const auto& x : samples)
      out.insert(x.header + " " + x.message);
  return out;
}

std::set<message_place> pinned_enums() {
  std::set<message_place> out;
  for (const auto& x : enum_samples())
    out.insert(x.header + " " + x.name);
  return out;
}

void check_all_in(const std::set<message_place>& some, const std::set<message_place>& all,
                  std::string_view otherwise) {
  CAF_CHECK(!some.empty());
  for (const auto& x : some)
    if (!all.contains(x)) CAF_ERROR(x << ": " << std::string{otherwise});
}

} // namespace

CAF_TEST(every message that a header describes is pinned) {
  check_all_in(described_messages(), pinned_messages(),
               "add it to tests/wire/caf_table.cpp or canonical_table.cpp");
}

CAF_TEST(every enum that a header describes is pinned) {
  check_all_in(described_enums(), pinned_enums(), "add it to tests/wire/caf_table.cpp");
}

CAF_TEST(nothing is pinned that no header describes) {
  check_all_in(pinned_messages(), described_messages(), "not in this header any more");
  check_all_in(pinned_enums(), described_enums(), "not in this header any more");
}
