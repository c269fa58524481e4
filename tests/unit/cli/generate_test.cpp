#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "cli/commands.hpp"
#include "tests/unit/cli/support.hpp"
#include "tests/unit/diagnose/live.hpp"

namespace mtasts {
namespace {

using test::Caught;
using test::good_host;
using test::live_of;
using test::noon;
using test::unreachable;
using test::without_starttls;

GenerateOptions good() { return {.domain = "a.example", .mx = {"MX1.a.example.", "mx1.a.example"}}; }

// What looking at the MX hosts finds.
std::function<Result<LiveHosts>(const DomainArgument&)> found(const LiveHosts& live) {
  return [live](const DomainArgument&) { return live; };
}

}  // namespace

TEST_CASE("generate: the text has records, policy, servers and plan", "[cli]") {
  Caught caught;
  CHECK(generate(good(), noon, nullptr, caught.text()) == exit_ok);
  std::string text = caught.out.str();
  CHECK(text.contains("\n_mta-sts.a.example. IN TXT \"v=STSv1; id=20260131120000Z;\"\n"));
  CHECK(text.contains("\n_smtp._tls.a.example. IN TXT \"v=TLSRPTv1; rua=mailto:tls-reports@a.example\"\n"));
  CHECK(text.contains("\nversion: STSv1\nmode: testing\nmx: mx1.a.example\nmax_age: 86400\n"));
  for (const char* title : {"# nginx\n", "# Caddy\n", "# Apache\n", "# Plan\n1. "})
    CHECK(text.contains(title));
  CHECK(text.starts_with("# MX hosts\nNothing was looked at: "));
  CHECK_FALSE(text.contains("\n\n\n"));
}

TEST_CASE("generate: the stable JSON form", "[cli]") {
  Caught caught;
  GenerateOptions options = good();
  options.mode = "enforce";
  options.report_uri = "https://b.example/tls";
  CHECK(generate(options, noon, nullptr, caught.json()) == exit_ok);
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
  CHECK(object["looked"] == false);
  CHECK(object["mx"].as_array().empty());
  CHECK(object["published"].is_null());
  CHECK(object["servers"].as_object().size() == 3);
  CHECK(object["plan"].as_array().size() > 3);
}

TEST_CASE("generate: names with letters outside of ASCII become A-labels", "[cli]") {
  Caught caught;
  CHECK(generate({.domain = "b\xC3\xBC"
                            "cher.example",
                  .mx = {"m\xC3\xB8x.example"}},
                 noon, nullptr, caught.json()) == exit_ok);
  CHECK(caught.out.str().contains("_mta-sts.xn--bcher-kva.example"));
  CHECK(caught.out.str().contains("mx: xn--mx-lka.example"));
}

TEST_CASE("generate: what can't be published is refused, with the reason", "[cli]") {
  struct Row {
    GenerateOptions options;
    const char* says;
  };
  for (const Row& row : {
           Row{{.domain = "a.example"},
               "with --no-network the MX hosts must be named, each with --mx; dig +short MX a.example shows "
               "them"},
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
    CHECK(generate(row.options, noon, nullptr, caught.text()) == exit_trouble);
    CHECK(caught.out.str().empty());
    INFO(caught.err.str());
    CHECK(caught.err.str().contains(row.says));
  }
}

TEST_CASE("generate: the live MX hosts decide whether mode enforce is printed", "[cli]") {
  struct Row {
    std::string_view why;
    LiveHosts live;
    const char* mode;
    int want;
    std::string_view says;  // on standard error
  };
  std::string mx = "mx1.a.example";
  for (const Row& row : {
           Row{"all pass", live_of({good_host(mx)}), "testing", exit_ok, ""},
           Row{"all pass, enforce", live_of({good_host(mx)}), "enforce", exit_ok, ""},
           Row{"one fails", live_of({good_host("mx2.a.example"), without_starttls(mx)}), "testing", exit_no,
               "mode enforce must wait: mx1.a.example[203.0.113.1] does not offer STARTTLS; mend it"},
           Row{"one fails, enforce", live_of({without_starttls(mx)}), "enforce", exit_trouble,
               "does not offer STARTTLS"},
           Row{"one fails, one is not known", live_of({unreachable("mx2.a.example"), without_starttls(mx)}),
               "enforce", exit_trouble, "does not offer STARTTLS"},
           Row{"not known", live_of({unreachable(mx)}), "testing", exit_no,
               "mx1.a.example[203.0.113.1] can't be reached: no answer in time; port 25 may be blocked"},
           Row{"not known, enforce", live_of({unreachable(mx)}), "enforce", exit_no,
               "port 25 may be blocked"},
       }) {
    INFO(row.why);
    bool enforced = row.want == exit_ok && std::string_view(row.mode) == "enforce";
    for (bool as_json : {false, true}) {
      Caught caught;
      GenerateOptions options{.domain = "a.example", .mode = row.mode};
      CHECK(generate(options, noon, found(row.live), as_json ? caught.json() : caught.text()) == row.want);
      INFO(caught.err.str());
      CHECK(caught.err.str().contains(row.says));
      CHECK(caught.err.str().empty() == row.says.empty());
      std::string out = caught.out.str();
      CHECK(out.contains(as_json ? "mode: testing\\n" : "mode: testing\n") == !enforced);
      if (row.want != exit_ok) CHECK_FALSE(out.contains("mode: enforce"));
      CHECK(out.contains("mx: mx1.a.example"));
    }
  }
}

TEST_CASE("generate: JSON says what was seen", "[cli]") {
  Caught caught;
  LiveHosts live =
      live_of({good_host("mx1.a.example"), without_starttls("mx2.a.example"), unreachable("mx3.a.example")});
  live.published = PublishedPolicy{"1", Mode::none};
  CHECK(generate({.domain = "User@A.example"}, noon, found(live), caught.json()) == exit_no);
  auto object = boost::json::parse(caught.out.str()).as_object();
  CHECK(object["looked"] == true);
  CHECK(object["understood_as"] == "a.example");
  auto& mx = object["mx"].as_array();
  REQUIRE(mx.size() == 3);
  CHECK(mx[0] == boost::json::value{{"host", "mx1.a.example"}, {"passes", true}, {"reason", ""}});
  CHECK(mx[1].at("passes") == false);
  CHECK(mx[1].at("reason") == "mx2.a.example[203.0.113.1] does not offer STARTTLS");
  CHECK(mx[2].at("passes").is_null());
  CHECK(object["published"] == boost::json::value{{"id", "1"}, {"mode", "none"}, {"max_age", nullptr}});
}

TEST_CASE("generate: the text says what was seen, and how sure that is", "[cli]") {
  Caught caught;
  LiveHosts live =
      live_of({good_host("mx1.a.example"), without_starttls("mx2.a.example"), unreachable("mx3.a.example")});
  CHECK(generate({.domain = "a.example"}, noon, found(live), caught.text()) == exit_no);
  std::string text = caught.out.str();
  INFO(text);
  CHECK(text.starts_with("# MX hosts\nmx1.a.example passes\nmx2.a.example fails: "));
  CHECK(text.contains("\nmx3.a.example not known: "));
  CHECK_FALSE(text.contains("(mx-unreachable)"));  // the verdict says it
}

TEST_CASE("generate: --mx says what the policy lists, and the live hosts are held against it", "[cli]") {
  Caught missed, covered;
  LiveHosts live = live_of({good_host("mx1.a.example")});
  GenerateOptions options{.domain = "a.example", .mode = "enforce", .mx = {"mx.b.example"}};
  CHECK(generate(options, noon, found(live), missed.text()) == exit_trouble);
  CHECK(missed.out.str().contains("\nmx: mx.b.example\n"));
  CHECK(missed.err.str().contains("covers none of the MX hosts"));
  options.mx = {"*.a.example", "old.a.example"};
  CHECK(generate(options, noon, found(live), covered.text()) == exit_ok);
  CHECK(covered.out.str().contains("old.a.example in the policy covers none of the MX hosts"));
  CHECK(covered.out.str().contains("\nmode: enforce\nmx: *.a.example\nmx: old.a.example\n"));
}

TEST_CASE("generate: without MX hosts nothing is printed", "[cli]") {
  struct Row {
    std::function<void(LiveHosts&)> change;
    std::vector<std::string> mx;
    const char* says;
  };
  for (const Row& row : {
           Row{[](LiveHosts& live) { live.mx.failure = "MX a.example: SERVFAIL"; },
               {"mx1.a.example"},
               "could not be looked up: MX a.example: SERVFAIL; try again later"},
           Row{[](LiveHosts& live) { live.mx.null_mx = true; }, {"mx1.a.example"}, "a.example has a null MX"},
           Row{[](LiveHosts& live) { live.mx.implicit = true; }, {"mx1.a.example"}, "does not exist in DNS"},
           Row{[](LiveHosts& live) {
                 live = live_of({good_host("a.example")});
                 live.mx.implicit = true;
               },
               {},
               "a.example has no MX record"},
           Row{[](LiveHosts& live) { live = live_of({good_host("192.0.2.1")}); },
               {},
               "no MX record of a.example"},
       }) {
    LiveHosts live = live_of({});
    row.change(live);
    Caught caught;
    INFO(row.says);
    CHECK(generate({.domain = "a.example", .mx = row.mx}, noon, found(live), caught.text()) == exit_trouble);
    CHECK(caught.out.str().empty());
    INFO(caught.err.str());
    CHECK(caught.err.str().contains(row.says));
  }
  LiveHosts live = live_of({good_host("a.example")});
  live.mx.implicit = true;
  Caught named;
  CHECK(generate({.domain = "a.example", .mx = {"a.example"}}, noon, found(live), named.text()) == exit_ok);
}

}  // namespace mtasts
