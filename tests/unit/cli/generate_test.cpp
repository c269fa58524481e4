#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>

#include "cli/commands.hpp"
#include "tests/unit/cli/support.hpp"

namespace mtasts {
namespace {

using test::Caught;
using test::noon;

GenerateOptions good() { return {.domain = "a.example", .mx = {"MX1.a.example.", "mx1.a.example"}}; }

}  // namespace

TEST_CASE("generate: the text has records, policy, servers and plan", "[cli]") {
  Caught caught;
  CHECK(generate(good(), noon, caught.text()) == exit_ok);
  std::string text = caught.out.str();
  CHECK(text.contains("\n_mta-sts.a.example. IN TXT \"v=STSv1; id=20260131120000Z;\"\n"));
  CHECK(text.contains("\n_smtp._tls.a.example. IN TXT \"v=TLSRPTv1; rua=mailto:tls-reports@a.example\"\n"));
  CHECK(text.contains("\nversion: STSv1\nmode: testing\nmx: mx1.a.example\nmax_age: 86400\n"));
  for (const char* title : {"# nginx\n", "# Caddy\n", "# Apache\n", "# Plan\n1. "})
    CHECK(text.contains(title));
  CHECK_FALSE(text.contains("\n\n\n"));
}

TEST_CASE("generate: the stable JSON form", "[cli]") {
  Caught caught;
  GenerateOptions options = good();
  options.mode = "enforce";
  options.report_uri = "https://b.example/tls";
  CHECK(generate(options, noon, caught.json()) == exit_ok);
  auto object = boost::json::parse(caught.out.str()).as_object();
  CHECK(object["domain"] == "a.example");
  CHECK(object["mode"] == "enforce");
  auto& records = object["records"].as_array();
  REQUIRE(records.size() == 2);
  CHECK(records[0].at("name") == "_mta-sts.a.example");
  CHECK(records[0].at("type") == "TXT");
  CHECK(records[1].at("text") == "v=TLSRPTv1; rua=https://b.example/tls");
  CHECK(object["policy"].at("url") == "https://mta-sts.a.example/.well-known/mta-sts.txt");
  CHECK(object["policy"].at("text") ==
        "version: STSv1\nmode: enforce\nmx: mx1.a.example\nmax_age: 1209600\n");
  CHECK(object["servers"].as_object().size() == 3);
  CHECK(object["plan"].as_array().size() > 3);
}

TEST_CASE("generate: names with letters outside of ASCII become A-labels", "[cli]") {
  Caught caught;
  CHECK(generate({.domain = "b\xC3\xBC"
                            "cher.example",
                  .mx = {"m\xC3\xB8x.example"}},
                 noon, caught.json()) == exit_ok);
  CHECK(caught.out.str().contains("_mta-sts.xn--bcher-kva.example"));
  CHECK(caught.out.str().contains("mx: xn--mx-lka.example"));
}

TEST_CASE("generate: what can't be published is refused, with the reason", "[cli]") {
  struct Row {
    GenerateOptions options;
    const char* says;
  };
  for (const Row& row : {
           Row{{.domain = "a.example"}, "each with --mx; dig +short MX a.example shows them"},
           Row{{.domain = "a..example", .mx = {"mx.a.example"}}, "\"a..example\""},
           Row{{.domain = "a.example", .mx = {"192.0.2.1"}}, "\"192.0.2.1\" is an address"},
           Row{{.domain = "a.example", .mx = {"2001:db8::1"}}, "is an address"},
           Row{{.domain = "a.example", .mx = {"mx.a.example", "a,b"}}, "\"a,b\" is not a host name"},
           Row{{.domain = "a.example", .mx = {"mx.*.example"}}, "is not a host name"},
           Row{{.domain = "a.example", .mx = {"mx.a.example"}, .report_uri = "t@a.example"},
               "mailto:ADDRESS"},
           Row{{.domain = std::string(60, 'a') + '.' + std::string(60, 'b') + '.' + std::string(60, 'c') +
                          '.' + std::string(62, 'd'),
                .mx = {"mx.a.example"}},
               "too long"},
       }) {
    Caught caught;
    INFO(row.says);
    CHECK(generate(row.options, noon, caught.text()) == exit_trouble);
    CHECK(caught.out.str().empty());
    INFO(caught.err.str());
    CHECK(caught.err.str().contains(row.says));
  }
}

}  // namespace mtasts
