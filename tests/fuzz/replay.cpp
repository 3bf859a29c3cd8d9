/// Feeds a target with files: those of its corpus, or what libFuzzer has found. For builds without
/// libFuzzer, so that what was found once is tested ever after.

#include "tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> files_below(const fs::path& where) {
  if (!fs::is_directory(where)) return {where};
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator{where})
    if (entry.is_regular_file()) out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

} // namespace

int main(int argc, char** argv) {
  std::size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& file : files_below(argv[i])) {
      auto in = std::ifstream{file, std::ios::binary};
      const auto text = std::string{std::istreambuf_iterator<char>{in}, {}};
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
      ++count;
    }
  }
  std::printf("%zu inputs\n", count);
  return count == 0 ? 1 : 0;
}
