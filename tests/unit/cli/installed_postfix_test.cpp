// Which Postfix is installed, as a stand-in for postconf says.
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "cli/installed_postfix.hpp"
#include "tests/unit/cli/support.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;

// The program is this shell script.
std::string script(const test::Folder& folder, const std::string& text) {
  std::string file = folder / "postconf";
  std::ofstream(file) << "#!/bin/sh\n" << text << "\n";
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  return file;
}

}  // namespace

TEST_CASE("the version of the installed Postfix", "[cli]") {
  test::Folder folder;
  CHECK(installed_postfix(script(folder, "[ \"$*\" = '-dh mail_version' ] && echo 3.7.11"), 60s) == "3.7.11");
  CHECK(installed_postfix(script(folder, "echo noise >&2; printf 3.11-20260821"), 60s) == "3.11-20260821");
  CHECK_FALSE(installed_postfix(script(folder, "echo none"), 60s));
  CHECK_FALSE(installed_postfix(script(folder, "exit 1"), 60s));
  CHECK_FALSE(installed_postfix(folder / "nothing", 60s));
}

TEST_CASE("a postconf that does not answer is given up", "[cli]") {
  test::Folder folder;
  CHECK_FALSE(installed_postfix(script(folder, "exec sleep 600"), 100ms));
}

}  // namespace mtasts
