#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "core/sts_policy.hpp"

using namespace mtasts;

TEST_CASE("HTTP answers that may carry a policy", "[core]") {
  struct Row {
    const char* why;
    unsigned status;
    std::string content_type;
    std::string codes;
  };
  auto row = GENERATE(values<Row>({
      {"STS-11: 200", 200, "text/plain", ""},
      {"STS-12: parameters", 200, "text/plain; charset=utf-8", ""},
      {"STS-12: any parameters", 200, "text/plain;charset=\"koi8-r\";x=y", ""},
      {"STS-12: any case", 200, "Text/PLAIN", ""},
      {"STS-12: blanks", 200, " text/plain ; charset=utf-8", ""},
      {"STS-12: HTML", 200, "text/html; charset=utf-8", "content-type "},
      {"STS-12: other", 200, "application/octet-stream", "content-type "},
      {"STS-12: longer", 200, "text/plain2", "content-type "},
      {"STS-12: two types", 200, "text/plain, text/html", "content-type "},
      {"STS-12: parameter alone", 200, "; charset=utf-8", "content-type "},
      {"STS-12: missing", 200, "", "content-type-missing "},
      {"STS-12: blank", 200, " ", "content-type-missing "},
      {"STS-11: 201", 201, "text/plain", "http-status "},
      {"STS-11: 204", 204, "text/plain", "http-status "},
      {"STS-11: 206", 206, "text/plain", "http-status "},
      {"STS-11: redirect", 301, "text/plain", "http-status "},
      {"STS-11: redirect", 302, "text/html", "http-status content-type "},
      {"STS-11: 404", 404, "text/plain", "http-status "},
      {"STS-11: 500", 500, "", "http-status content-type-missing "},
      {"STS-11: no status", 0, "text/plain", "http-status "},
      {"STS-11: 999", 999, "text/plain", "http-status "},
  }));
  INFO(row.why);
  std::string codes;
  for (const Finding& finding : lint_http(row.status, row.content_type)) {
    CHECK(finding.severity == Severity::error);
    codes += std::string(finding.code) + " ";
  }
  CHECK(codes == row.codes);
}
