#include "core/sts_record.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>
#include <vector>

using namespace mtasts;

namespace {

using enum TxtVerdict;

bool has(const Findings& findings, std::string_view code) {
  return std::ranges::any_of(findings, [&](const Finding& f) { return f.code == code; });
}

}  // namespace

TEST_CASE("RFC 8461 §3.1: one TXT record", "[core]") {
  struct Row {
    const char* why;
    std::string record;
    TxtVerdict want;
    std::string id;    // if valid
    const char* code;  // a finding that must be there; "" = none at all
  };
  const std::string id32(32, 'a');
  auto row = GENERATE_COPY(values<Row>({
      {"STS-2: the RFC's own", "v=STSv1; id=20160831085700Z;", valid, "20160831085700Z", ""},
      {"STS-2: last delimiter optional", "v=STSv1; id=1", valid, "1", ""},
      {"STS-2: no blanks", "v=STSv1;id=1;", valid, "1", ""},
      {"STS-2: blanks and tabs around the delimiter", "v=STSv1 \t ; \t id=1 \t ;", valid, "1", ""},
      {"STS-2: fields in any order", "v=STSv1; x=y; id=1", valid, "1", "unknown-field"},
      {"STS-2: other case of the version", "v=stsv1; id=1", none, "", "wrong-version"},
      {"STS-2: V", "V=STSv1; id=1", none, "", "wrong-version"},
      {"STS-2: later version", "v=STSv2; id=1", none, "", "wrong-version"},
      {"STS-2: version goes on", "v=STSv10; id=1", none, "", "wrong-version"},
      {"STS-2: blanks in the version", "v = STSv1; id=1", none, "", "wrong-version"},
      {"STS-2: comma as delimiter", "v=STSv1, id=1", none, "", "wrong-version"},
      {"STS-2: blank as delimiter", "v=STSv1 id=1", none, "", "wrong-version"},
      {"STS-2: leading blank", " v=STSv1; id=1", none, "", "stray-characters"},
      {"STS-2: quotes of a zone file kept", "\"v=STSv1; id=1\"", none, "", "stray-characters"},
      {"STS-2: escaped delimiter", "v=STSv1\\; id=1\\;", none, "", "wrong-version"},
      {"STS-2: version not first", "id=1; v=STSv1;", none, "", "version-not-first"},
      {"STS-3: not beginning v=STSv1;", "v=spf1 -all", none, "", "unrelated-record"},
      {"STS-3: bare version", "v=STSv1", none, "", "no-delimiter"},
      {"STS-3: empty record", "", none, "", "unrelated-record"},
      {"STS-4: blank before the first delimiter", "v=STSv1 ;id=x", valid, "x", ""},
      {"STS-4: tab before the first delimiter", "v=STSv1\t;id=x", valid, "x", ""},
      {"STS-4: bare version and blanks", "v=STSv1  ", none, "", "no-delimiter"},
      {"STS-5: id missing", "v=STSv1;", invalid, "", "id-missing"},
      {"STS-5: id missing among others", "v=STSv1; x=y", invalid, "", "id-missing"},
      {"STS-5: id empty", "v=STSv1; id=", invalid, "", "id-syntax"},
      {"STS-5: id of 32", "v=STSv1; id=" + id32, valid, id32, ""},
      {"STS-5: id of 33", "v=STSv1; id=" + id32 + "a", invalid, "", "id-syntax"},
      {"STS-5: hyphen in the id", "v=STSv1; id=2024-01-01", invalid, "", "id-syntax"},
      {"STS-5: base64 in the id", "v=STSv1; id=ab+/", invalid, "", "id-syntax"},
      {"STS-5: equals sign in the id", "v=STSv1; id=ab=", invalid, "", "id-syntax"},
      {"STS-5: underscore in the id", "v=STSv1; id=a_b", invalid, "", "id-syntax"},
      {"STS-5: blank in the id", "v=STSv1; id=a b", invalid, "", "id-syntax"},
      {"STS-5: blank before the id's value", "v=STSv1; id= a", invalid, "", "id-syntax"},
      {"STS-5: blank after the id's name", "v=STSv1; id =a", invalid, "", "field-syntax"},
      {"STS-5: UTF-8 in the id", "v=STSv1; id=\xC3\xBC", invalid, "", "id-syntax"},
      {"STS-5: NUL in the id", std::string("v=STSv1; id=a\0b", 15), invalid, "", "id-syntax"},
      {"STS-5: ID in upper case is another field", "v=STSv1; ID=1", invalid, "", "id-missing"},
      {"STS-5: letters of both cases", "v=STSv1; id=aZ09", valid, "aZ09", ""},
      {"STS-6: unknown field", "v=STSv1; id=1; foo.bar_2-x=!#:<>~", valid, "1", "unknown-field"},
      {"STS-6: duplicate id, the first counts", "v=STSv1; id=1; id=2", valid, "1", "duplicate-field"},
      {"STS-6: duplicate id, the second is bad", "v=STSv1; id=1; id=a-b", valid, "1", "duplicate-field"},
      {"STS-6: duplicate id, the first is bad", "v=STSv1; id=a-b; id=1", invalid, "", "id-syntax"},
      {"STS-6: a second version is an unknown field", "v=STSv1; v=STSv1; id=1", valid, "1", "unknown-field"},
      {"broken field: no equals sign", "v=STSv1; id=1; foo", invalid, "", "field-syntax"},
      {"broken field: no name", "v=STSv1; id=1; =x", invalid, "", "field-syntax"},
      {"broken field: no value", "v=STSv1; id=1; foo=", invalid, "", "field-syntax"},
      {"broken field: two equals signs", "v=STSv1; id=1; foo=a=b", invalid, "", "field-syntax"},
      {"broken field: blank in the value", "v=STSv1; id=1; foo=a b", invalid, "", "field-syntax"},
      {"broken field: name of 33", "v=STSv1; id=1; " + id32 + "a=1", invalid, "", "field-syntax"},
      {"broken field: control in the value", "v=STSv1; id=1; foo=a\nb", invalid, "", "field-syntax"},
      {"STS-6: duplicate id, the second is empty", "v=STSv1; id=1; id=", valid, "1", "duplicate-field"},
      {"line end behind the id", "v=STSv1; id=1\n", invalid, "", "id-syntax"},
      {"blank at the end", "v=STSv1; id=1 ", valid, "1", "trailing-blank"},
      {"blank behind the last delimiter", "v=STSv1; id=1; ", valid, "1", ""},
      {"empty field", "v=STSv1;; id=1", valid, "1", "empty-field"},
      {"empty fields alone", "v=STSv1;;;", invalid, "", "id-missing"},
  }));
  INFO(row.why);
  std::vector<std::string> records = {row.record};
  RecordLint lint = lint_records(records);
  CHECK(lint.verdict == row.want);
  CHECK(lint.id == row.id);
  CHECK(is_sts_record(row.record) == (row.want != none));
  bool error =
      std::ranges::any_of(lint.findings, [](const Finding& f) { return f.severity == Severity::error; });
  CHECK(error == (row.want == invalid));
  if (*row.code == '\0') CHECK(lint.findings.empty());
  if (*row.code != '\0') CHECK(has(lint.findings, row.code));
  for (const Finding& finding : lint.findings) {
    CHECK(std::ranges::all_of(finding.message, [](char c) { return c >= 0x20 && c <= 0x7E; }));
  }
}

TEST_CASE("RFC 8461 §3.1: several TXT records", "[core]") {
  struct Row {
    const char* why;
    std::vector<std::string> records;
    TxtVerdict want;
    const char* id;
    const char* code;
  };
  auto row = GENERATE(values<Row>({
      {"STS-3: none at all", {}, none, "", ""},
      {"STS-3: strangers beside ours", {"v=spf1 -all", "v=STSv1; id=1", "x"}, valid, "1", "unrelated-record"},
      {"STS-3: strangers only", {"v=spf1 -all", "google-site-verification=x"}, none, "", "unrelated-record"},
      {"STS-3: two of ours", {"v=STSv1; id=1", "v=STSv1; id=2"}, invalid, "", "multiple-records"},
      {"STS-3: the same one twice", {"v=STSv1; id=1", "v=STSv1; id=1"}, invalid, "", "multiple-records"},
      {"STS-3: one of two is broken", {"v=STSv1; id=1", "v=STSv1;"}, invalid, "", "multiple-records"},
      {"STS-3, STS-4: the second with a blank",
       {"v=STSv1; id=1", "v=STSv1 ; id=2"},
       invalid,
       "",
       "multiple-records"},
      {"STS-3: a bare version is not ours", {"v=STSv1; id=1", "v=STSv1"}, valid, "1", "no-delimiter"},
      {"STS-3: a later version is not ours", {"v=STSv1; id=1", "v=STSv2; id=2"}, valid, "1", "wrong-version"},
  }));
  INFO(row.why);
  RecordLint lint = lint_records(row.records);
  CHECK(lint.verdict == row.want);
  CHECK(lint.id == row.id);
  CHECK((*row.code == '\0' || has(lint.findings, row.code)));
}

TEST_CASE("findings on records stay few and short", "[core]") {
  std::vector<std::string> many(10'000, "v=stsv1;" + std::string(60'000, '\n'));
  CHECK(lint_records(many).findings.size() <= 50);
  std::string fields = "v=STSv1; id=1";
  for (int i = 0; i < 10'000; ++i) fields += "; x" + std::to_string(i) + "=" + std::string(100, 'y');
  many = {fields};
  RecordLint lint = lint_records(many);
  CHECK(lint.verdict == valid);
  CHECK(lint.findings.size() <= 50);
  for (const Finding& finding : lint.findings) CHECK(finding.message.size() < 400);
}

TEST_CASE("the position of a bad character is named", "[core]") {
  std::vector<std::string> records = {"v=STSv1; id=2024-01-01"};
  CHECK(lint_records(records).findings.at(0).message.find("\"-\" at position 5") != std::string::npos);
}

TEST_CASE("words for record verdicts", "[core]") {
  CHECK(words(valid) == "valid");
  CHECK(words(none) == "none");
  CHECK(words(invalid) == "invalid");
}
