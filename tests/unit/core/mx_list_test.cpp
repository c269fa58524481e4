#include "core/mx_list.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <iterator>
#include <string>
#include <vector>

#include "tests/unit/lists.hpp"

using namespace mtasts;
using mtasts::test::mx_list;
using mtasts::test::mx_view;

static_assert(std::forward_iterator<MxListView::iterator>);

namespace {

std::vector<std::string> said(MxListView mx) { return {mx.begin(), mx.end()}; }

const std::string longest = std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') +
                            "." + std::string(61, 'd');

}  // namespace

TEST_CASE("texts that are not lists of mx patterns", "[core]") {
  struct Row {
    const char* why;
    std::string text;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"a line end alone", "\n"},
      {"a line end before the first", "\nmx.example"},
      {"a line end behind the last", "mx.example\n"},
      {"an empty part", "a.example\n\nb.example"},
      {"CRLF", "a.example\r\nb.example"},
      {"the second part is none", "a.example\nb..example"},
      {"an attribute", "mx.example servername=evil"},
      {"a comma", "a.example,b.example"},
      {"a colon", "a.example:b.example"},
      {"a brace", "a.example}"},
      {"NUL", std::string("a\0.example", 10)},
      {"a high octet", "m\xC3\xBC.example"},
      {"upper case", "MX.example"},
      {"upper case in a wildcard", "*.Example"},
      {"an underscore", "mx_1.example"},
      {"a final dot", "mx.example."},
      {"a leading dot", ".example"},
      {"a dot alone", "."},
      {"a hyphen first", "-mx.example"},
      {"a hyphen last", "mx.example-"},
      {"a hyphen at a label's end", "mx-.example"},
      {"a star alone", "*"},
      {"a star and a dot", "*."},
      {"a star in a label", "m*.example"},
      {"a star further on", "mx.*.example"},
      {"two stars", "*.*.example"},
      {"an address", "192.0.2.1"},
      {"an address behind a star", "*.192.0.2.1"},
      {"a last label in hexadecimal", "mx.0x1f"},
      {"a number", "1"},
      {"a label of 64", std::string(64, 'a') + ".example"},
      {"254 octets", longest + "d"},
      {"254 octets with the star", "*." + longest.substr(0, 252)},
  }));
  INFO(row.why);
  CHECK_FALSE(MxListView::parse(row.text));
}

TEST_CASE("the patterns of a list in their order", "[core]") {
  struct Row {
    const char* why;
    std::string text;
    std::vector<std::string> want;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"none", "", {}},
      {"one", "mx.example", {"mx.example"}},
      {"a wildcard between names",
       "b.example\n*.example\na.example",
       {"b.example", "*.example", "a.example"}},
      {"the same twice", "a.x\na.x", {"a.x", "a.x"}},
      {"a single label", "localhost", {"localhost"}},
      {"digits, but in the last label", "1.2.3.x4", {"1.2.3.x4"}},
      {"almost hexadecimal", "mx.0xg", {"mx.0xg"}},
      {"253 octets", longest + "\nx", {longest, "x"}},
      {"253 octets with the star", "*." + longest.substr(0, 251), {"*." + longest.substr(0, 251)}},
  }));
  INFO(row.why);
  auto mx = MxListView::parse(row.text);
  REQUIRE(mx);
  CHECK(said(*mx) == row.want);
  CHECK(mx->text() == row.text);
  CHECK(mx->empty() == row.want.empty());
  MxList made;
  for (const std::string& pattern : row.want) made.append(MxPattern::parse(pattern).value());
  CHECK(made == MxList(*mx));
}

TEST_CASE("appending a pattern keeps the list valid", "[core]") {
  MxList mx;
  CHECK(mx.empty());
  CHECK(mx == MxList());
  mx.append(*MxPattern::parse("MX.Example"));
  mx.append(*MxPattern::parse("*.Example"));
  CHECK(mx.text() == "mx.example\n*.example");
  CHECK(mx == mx_list("mx.example\n*.example"));
  CHECK(mx != mx_list("*.example\nmx.example"));
}

TEST_CASE("a thousand patterns", "[core]") {
  MxList mx;
  std::vector<std::string> want;
  for (int i = 0; i < 1000; ++i)
    mx.append(MxPattern::parse(want.emplace_back("*.mx" + std::to_string(i) + ".example")).value());
  CHECK(said(mx) == want);
  CHECK(MxListView::parse(mx.text()) == MxListView(mx));
}

TEST_CASE("STS-42: whether a list has a pattern for a host", "[core]") {
  struct Row {
    const char *mx, *host;
    bool want;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"", "mx.example", false},
      {"mx.example", "mx.example", true},
      {"a.example\nmx.example", "MX.example", true},
      {"a.example\n*.example", "mx.example", true},
      {"*.example", "a.mx.example", false},
      {"*.example", "example", false},
      {"*.mx.example", "b.mx.example", true},
      {"a.example", "b.example", false},
      {"mx.example.net", "mx.example", false},
  }));
  INFO(row.mx << " and " << row.host);
  CHECK(mx_view(row.mx).matches(DomainName::parse(row.host).value()) == row.want);
}
