// replay_main - runs a fuzzer over the files of its seed corpus, so that ctest checks its properties with any
// compiler.
//
// Usage: FUZZER FOLDER... Exit 1 if a folder is missing or has no file: a property that was never checked
// is not proved.

#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::size_t replay(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
    std::printf("%s\n", entry.path().c_str());
    std::fflush(stdout);  // the last line printed names the file that an abort came from
    LLVMFuzzerTestOneInput(input.data(), input.size());
    ++count;
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER...\n", argv[0]);
    return 1;
  }
  for (int i = 1; i < argc; ++i) {
    try {
      if (replay(argv[i]) > 0) continue;
      std::fprintf(stderr, "%s: no seed in it\n", argv[i]);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    return 1;
  }
  return 0;
}
