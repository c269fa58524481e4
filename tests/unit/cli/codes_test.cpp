#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fstream>
#include <iterator>

#include "cli/commands.hpp"
#include "core/catalogue.hpp"
#include "tests/unit/cli/support.hpp"

namespace mtasts {
namespace {

using test::Caught;
namespace json = boost::json;

std::string output(const CodesOptions& options, std::size_t width = 0, bool in_json = false) {
  Caught caught;
  Terminal terminal = in_json ? caught.json() : caught.text();
  terminal.width = width;
  CHECK(codes(options, terminal) == exit_ok);
  CHECK(caught.err.str().empty());
  return caught.out.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("codes: elsewhere than on a terminal, one line for each code", "[cli]") {
  auto lines = lines_of(output({}));
  REQUIRE(lines.size() == catalogue().size() + 1);
  CHECK(lines[0] == "NO   SEVERITY  CODE                            WHAT");
  CHECK(lines[1] ==
        "101  warning   record-missing                  There is no TXT record at _mta-sts of the domain.");
}

TEST_CASE("codes: the table fits into the terminal", "[cli]") {
  auto width = GENERATE(as<std::size_t>{}, 50, 71, 72, 80, 120);
  INFO(width);
  auto lines = lines_of(output({}, width));
  CHECK(lines.size() > catalogue().size());
  std::string all;
  for (const auto& line : lines) {
    INFO(line);
    CHECK(line.size() <= width);
    all += line.substr(std::min(line.find_first_not_of(' '), line.size())) + ' ';
  }
  bool beside = width >= 72;
  CHECK(all.contains(beside ? "record-missing                  There is no" : "record-missing There is no"));
}

TEST_CASE("codes: colours change nothing but the severity", "[cli]") {
  Caught caught;
  Terminal terminal{caught.out, caught.err, false, true, 80};
  CHECK(codes({"mx-missing"}, terminal) == exit_ok);
  CHECK(caught.out.str().contains("severity  \x1b[31merror\x1b[0m\n"));
  caught.out.str("");
  CHECK(codes({}, terminal) == exit_ok);
  CHECK(caught.out.str().contains("\n310  \x1b[31merror   \x1b[0m  mx-missing  "));
}

TEST_CASE("codes CODE: all that the catalogue has", "[cli]") {
  CHECK(output({"mx-missing"}) ==
        "code      mx-missing\n"
        "number    310\n"
        "severity  error\n"
        "what      The policy has no mx.\n"
        "why       With mode enforce or testing a policy must list the MX hosts; senders\n"
        "          can't use it without.\n"
        "mend      Add a line \"mx: HOST\" for each MX host.\n"
        "source    RFC 8461 section 3.2\n"
        "guide     https://www.rfc-editor.org/rfc/rfc8461#section-3.2\n");
  CHECK_FALSE(output({"time-limit-reached"}).contains("guide"));
}

TEST_CASE("codes: the stable JSON forms", "[cli]") {
  CHECK(
      output({"mx-missing"}, 0, true) ==
      R"({"code":"mx-missing","number":310,"severity":"error","what":"The policy has no mx.",)"
      R"("why":"With mode enforce or testing a policy must list the MX hosts; senders can't use it without.",)"
      R"("mend":"Add a line \"mx: HOST\" for each MX host.","source":"RFC 8461 section 3.2",)"
      R"("guide":"https://www.rfc-editor.org/rfc/rfc8461#section-3.2"})"
      "\n");
  CHECK(json::parse(output({"time-limit-reached"}, 0, true)).at("guide").is_null());
  auto text = output({}, 0, true);
  auto all = json::parse(text).as_array();
  REQUIRE(all.size() == catalogue().size());
  CHECK(lines_of(text).size() == catalogue().size() + 2);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i].at("code").as_string() == catalogue()[i].code);
}

TEST_CASE("codes CODE: an unknown one is refused", "[cli]") {
  struct Row {
    const char* code;
    const char* want;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"mx-mising", "mtastsctl: there is no code \"mx-mising\"; did you mean \"mx-missing\"?\n"},
      {"no-code-is-like-this-one",
       "mtastsctl: there is no code \"no-code-is-like-this-one\"; mtastsctl codes lists them\n"},
      {"\x1b", "mtastsctl: there is no code \"\\x1b\"; mtastsctl codes lists them\n"},
  }));
  Caught caught;
  CHECK(codes({row.code}, caught.text()) == exit_trouble);
  CHECK(caught.out.str().empty());
  CHECK(caught.err.str() == row.want);
}

TEST_CASE("docs/CHECKS.md is what codes --markdown prints", "[cli]") {
  std::ifstream in(CHECKS_PAGE);
  std::string page{std::istreambuf_iterator<char>(in), {}};
  INFO("run: build/dev/bin/mtastsctl codes --markdown >docs/CHECKS.md");
  CHECK(output({{}, true}) == page);
  for (const CatalogueEntry& entry : catalogue()) {
    INFO(entry.code);
    CHECK(page.contains("\n### " + std::string(entry.code) + "\n"));
  }
}

}  // namespace mtasts
