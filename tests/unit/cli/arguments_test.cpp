#include "cli/arguments.hpp"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/cli/support.hpp"

namespace mtasts {

TEST_CASE("hosts on the command line may have U-labels", "[cli]") {
  CHECK(host_argument("Example.COM.")->str() == "example.com");
  CHECK(host_argument("b\u00fccher.example")->str() == "xn--bcher-kva.example");
  CHECK_FALSE(host_argument("192.0.2.1"));
  CHECK_FALSE(host_argument("\xff.example"));
  CHECK(host_argument("a\x1b").error().detail == "\"a\\x1b\" is not a host or domain name");
}

TEST_CASE("input is read as it is, up to the limit", "[cli]") {
  std::istringstream in(std::string("a\0\r\n\xff", 5));
  CHECK(read_input("-", in) == std::string("a\0\r\n\xff", 5));
  test::Folder folder;
  std::ofstream(folder / "big") << std::string(max_input + 10, 'x');
  CHECK(read_input(folder / "big", in)->size() == max_input);
  CHECK(read_input(folder / "missing", in).error().detail.contains("No such file or directory; give a file"));
  CHECK_FALSE(read_input(folder / "", in));
}

TEST_CASE("is_there() is false only for a missing file", "[cli]") {
  test::Folder folder;
  std::ofstream(folder / "file") << "x";
  std::filesystem::create_symlink("loop", folder / "loop");
  CHECK(is_there(folder / "file"));
  CHECK(is_there(folder / "loop"));                 // ELOOP stands for all errors but "not there"
  CHECK_FALSE(is_there(folder / "missing"));        // ENOENT
  CHECK_FALSE(is_there((folder / "file") + "/x"));  // ENOTDIR
}

TEST_CASE("arguments that CLI11 would split or drop", "[cli]") {
  using Strings = std::vector<std::string>;
  CHECK(as_parsed({"a", "b"}) == Strings{"b", "a"});
  CHECK(as_parsed({"--content-type=", "--glob=x", "--map=", "f"}) ==
        Strings{"f", "", "--map", "--glob=x", "", "--content-type"});
  CHECK(as_parsed({"--", "--content-type="}) == Strings{"--content-type=", "--"});
  CHECK(as_parsed({"record", "[a,b]"}) == Strings{std::string("\0[a,b]", 6), "record"});
  CHECK(as_parsed({"tlsrpt", "[a,b]"}) == Strings{std::string("\0[a,b]", 6), "tlsrpt"});
  CHECK(as_parsed({"query", "[mx.example]:25"}) == Strings{"[mx.example]:25", "query"});
}

TEST_CASE("lint record - takes a JSON array of strings, nothing else", "[cli]") {
  CHECK(json_strings(R"(["a", "\u0007", ""])") == std::vector<std::string>{"a", "\x07", ""});
  CHECK(json_strings("[\"a\xff\"]") == std::vector<std::string>{"a\xff"});
  CHECK(json_strings("[]") == std::vector<std::string>{});
  for (std::string_view bad : {"", "[", "{}", "\"a\"", "[1]", "[\"a\"] x", "[null]"}) {
    INFO(bad);
    auto strings = json_strings(bad);
    REQUIRE_FALSE(strings);
    CHECK(strings.error().detail.contains("; write one array of strings"));
  }
  CHECK_FALSE(json_strings(std::string(100'000, '[')));
}

}  // namespace mtasts
