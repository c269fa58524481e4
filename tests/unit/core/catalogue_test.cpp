#include "core/catalogue.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "core/text.hpp"

using namespace mtasts;

namespace {

bool is_code(std::string_view code) {
  bool letters = std::ranges::all_of(
      code, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  return letters && !code.empty() && code.size() <= 30 && !code.starts_with('-') && !code.ends_with('-') &&
         !code.contains("--");
}

bool is_sentence(std::string_view text) {
  return text.size() > 10 && std::ranges::all_of(text, is_printable) && text.front() >= 'A' &&
         text.ends_with('.') && !text.contains("  ");
}

}  // namespace

TEST_CASE("every code of the catalogue is well-formed and unique", "[core]") {
  REQUIRE_FALSE(catalogue().empty());
  for (const CatalogueEntry& entry : catalogue()) {
    INFO(entry.code);
    CHECK(is_code(entry.code));
    CHECK(std::ranges::count(catalogue(), entry.code, &CatalogueEntry::code) == 1);
    CHECK(find_code(entry.code) == &entry);
  }
}

TEST_CASE("every entry of the catalogue says what, why, how to mend it, and whence", "[core]") {
  for (const CatalogueEntry& entry : catalogue()) {
    INFO(entry.code);
    for (std::string_view text : {entry.what, entry.why, entry.mend}) {
      INFO(text);
      CHECK(is_sentence(text));
    }
    CHECK_FALSE(entry.source.empty());
    CHECK(std::ranges::all_of(entry.source, is_printable));
    CHECK((entry.guide.empty() || entry.guide.starts_with("https://")));
    CHECK(std::ranges::all_of(entry.guide, [](char c) { return is_printable(c) && c != ' '; }));
  }
}

// A guide that is an RFC's must be the source's own section.
TEST_CASE("the guide of an entry leads to its source", "[core]") {
  for (const CatalogueEntry& entry : catalogue()) {
    INFO(entry.code);
    constexpr std::string_view rfc = "RFC ", section = " section ";
    std::size_t at = entry.source.find(section);
    if (!entry.source.starts_with(rfc)) continue;
    REQUIRE(at != std::string_view::npos);
    CHECK(entry.guide == "https://www.rfc-editor.org/rfc/rfc" +
                             std::string(entry.source.substr(rfc.size(), at - rfc.size())) + "#section-" +
                             std::string(entry.source.substr(at + section.size())));
  }
}

// Each row of the table of diagnostics has a number; 226, 227 and 324 are not findings. From 801 on they are
// about the run, and only some of them can be found.
TEST_CASE("the numbers of the catalogue ascend and have no gaps", "[core]") {
  struct Group {
    unsigned first, last;
  };
  constexpr std::array groups{Group{101, 120}, Group{201, 225}, Group{301, 323}, Group{325, 327},
                              Group{401, 414}, Group{501, 527}, Group{601, 611}, Group{701, 714},
                              Group{801, 803}, Group{806, 808}};
  std::vector<unsigned> want, got;
  for (const Group& group : groups)
    for (unsigned number = group.first; number <= group.last; ++number) want.push_back(number);
  for (const CatalogueEntry& entry : catalogue())
    if (got.empty() || got.back() != entry.number) got.push_back(entry.number);
  CHECK(got == want);
}

TEST_CASE("a finding has the severity of its code", "[core]") {
  struct Row {
    const char* code;
    unsigned number;
    Severity severity;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"record-missing", 101, Severity::warning},
      {"trailing-blank", 115, Severity::warning},
      {"mode-testing", 304, Severity::info},
      {"mx-not-in-policy", 401, Severity::error},
      {"starttls-missing", 504, Severity::error},
      {"input-corrected", 808, Severity::info},
  }));
  INFO(row.code);
  REQUIRE(find_code(row.code) != nullptr);
  CHECK(find_code(row.code)->number == row.number);
  Finding finding = make_finding(row.code, "text", {.step = "mx", .host = "mx.example"}, "250 ok");
  CHECK(finding.code == row.code);
  CHECK(finding.severity == row.severity);
  CHECK(finding.message == "text");
  CHECK(finding.where == Where{.step = "mx", .host = "mx.example"});
  CHECK(finding.evidence == "250 ok");
}

TEST_CASE("a code that is not in the catalogue is not found", "[core]") {
  const char* code =
      GENERATE("", "a", "mx", "mx-not-in-polic", "mx-not-in-policy-", "MX-NOT-IN-POLICY", "zzz");
  INFO(code);
  CHECK(find_code(code) == nullptr);
}
