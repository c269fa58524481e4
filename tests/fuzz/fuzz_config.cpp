// Any bytes as mtastsd.toml. Properties: no exception, no crash. A file that is accepted is printed and read
// back unchanged. One that is refused gives printable lines that begin with the file's name.
#include <algorithm>

#include "conf/parse.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using fuzz::require;

const mtasts::DefaultPaths paths{"/var/lib/mtastsd", "/run/mtastsd/control.sock"};

void check_message(std::string_view detail) {
  require(detail.starts_with("f.toml:"), "a message begins with the file's name");
  require(std::ranges::all_of(detail, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }),
          "a message is printable");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto once = mtasts::parse_config(fuzz::text_of(data, size), "f.toml", paths);
  if (!once) {
    check_message(once.error().detail);
    return 0;
  }
  for (const auto& warning : once->warnings) check_message(warning);
  auto twice = mtasts::parse_config(mtasts::to_toml(once->config), "f.toml", paths);
  require(twice.has_value(), "the effective configuration is valid");
  require(twice->config == once->config, "the effective configuration is read back as itself");
  return 0;
}
