// What a check says about the text that it was given.
#include "diagnose/judge_input.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

using namespace mtasts;

namespace {

std::string codes(const Findings& findings) {
  std::string all;
  for (const Finding& each : findings) all.append(all.empty() ? "" : " ").append(each.code);
  return all;
}

}  // namespace

TEST_CASE("a text that was more than the domain is remarked on", "[input]") {
  struct Row {
    std::string given, domain, codes;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"", "a.example", ""},
      {"A.Example", "a.example", ""},
      {" a.example\t", "a.example", ""},
      {"a.example.", "a.example", "input-corrected"},
      {"a.example. ", "a.example", "input-corrected"},
      {"user@a.example", "a.example", "input-corrected"},
      {"mailto:a.example", "a.example", "input-corrected"},
      {"https://a.example", "a.example", "input-corrected"},
      {"HTTP://A.example:8080/x?y#z", "a.example", "input-corrected"},
      {"b\u00fccher.example", "xn--bcher-kva.example", "domain-u-label"},
      {"B\u00dcCHER.xn--bcher-kva.example", "xn--bcher-kva.xn--bcher-kva.example", "domain-u-label"},
      {"user@b\u00fccher.example", "xn--bcher-kva.example", "input-corrected domain-u-label"},
      {"b\u00fccher@a.example", "a.example", "input-corrected"},
      {"b\u00fccher@XN--bcher-kva.example", "xn--bcher-kva.example", "input-corrected"},
      {"https://a.example/b\u00fccher", "a.example", "input-corrected"},
      {std::string(longest_given, 'x'), "a.example", "input-corrected"},
  }));
  INFO(row.given);
  CHECK(codes(judge_input(row.given, row.domain)) == row.codes);
}

TEST_CASE("the remark quotes the text, and says what it was taken for", "[input]") {
  auto findings = judge_input("user@b\u00fccher.example", "xn--bcher-kva.example");
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].message == R"("user@b\xc3\xbccher.example" is understood as xn--bcher-kva.example)");
  CHECK(findings[1].message == R"("user@b\xc3\xbccher.example" is looked up as xn--bcher-kva.example)");
  for (const Finding& each : findings) {
    CHECK(each.severity == Severity::info);
    CHECK(each.where == Where{});
  }
}
