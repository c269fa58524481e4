#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>

#include "cli/commands.hpp"
#include "core/sts_policy.hpp"
#include "tests/unit/cli/support.hpp"
#include "tests/unit/diagnose/live.hpp"

namespace mtasts {
namespace {

using test::Caught;
namespace json = boost::json;

constexpr std::string_view good_policy =
    "version: STSv1\nmode: enforce\nmx: *.example.com\nmx: mx.example.net\nmax_age: 604800\n";

std::vector<std::string> names(const json::object& object) {
  std::vector<std::string> keys;
  for (const auto& each : object) keys.emplace_back(each.key().data(), each.key().size());
  return keys;
}

// The policy of a.example for its two MX hosts.
std::string policy_of(std::string_view mode) {
  return "version: STSv1\nmode: " + std::string(mode) +
         "\nmx: mx1.a.example\nmx: mx2.a.example\nmax_age: 2419200\n";
}

int lint_live(const std::string& policy, const std::vector<test::LiveHost>& hosts, const Terminal& terminal) {
  return lint_policy_of({"a.example", {}}, policy, {}, [&] { return test::live_of(hosts); }, terminal);
}

}  // namespace

TEST_CASE("STS-2: lint record, the text", "[cli]") {
  Caught valid, none;
  CHECK(lint_record({"v=STSv1; id=20260131;"}, valid.text()) == exit_ok);
  CHECK(valid.out.str() == "verdict  valid\nid       20260131\n");
  CHECK(lint_record({"v=spf1 -all"}, none.text()) == exit_no);
  CHECK(none.out.str().starts_with("verdict  none\n         none of these is an MTA-STS record"));
}

TEST_CASE("lint record: the stable JSON form", "[cli]") {
  Caught valid, none, invalid;
  CHECK(lint_record({"v=STSv1; id=20260131;"}, valid.json()) == exit_ok);
  CHECK(valid.out.str() == "{\"verdict\":\"valid\",\"id\":\"20260131\",\"findings\":[]}\n");
  CHECK(lint_record({}, none.json()) == exit_no);
  auto object = json::parse(none.out.str()).as_object();
  CHECK(object["verdict"] == "none");
  CHECK(object["id"].is_null());
  CHECK(lint_record({"v=STSv1; id=a;", "v=STSv1; id=b;"}, invalid.json()) == exit_no);
  object = json::parse(invalid.out.str()).as_object();
  CHECK(object["verdict"] == "invalid");
  CHECK(object["id"].is_null());
  REQUIRE_FALSE(object["findings"].as_array().empty());
  CHECK(names(object["findings"].as_array()[0].as_object()) ==
        std::vector<std::string>{"code", "severity", "message"});
}

TEST_CASE("lint tlsrpt: the text, the stable JSON form, the exit code", "[cli]") {
  Caught valid, none, object, invalid;
  CHECK(lint_tlsrpt_text({"v=TLSRPTv1; rua=mailto:t@a.example,https://b.example"}, valid.text()) == exit_ok);
  CHECK(valid.out.str() == "verdict  valid\nrua      mailto:t@a.example\nrua      https://b.example\n");
  CHECK(lint_tlsrpt_text({"v=spf1 -all"}, none.text()) == exit_no);
  CHECK(none.out.str().starts_with("verdict  none\n         none of these is a TLSRPT record"));
  CHECK(lint_tlsrpt_text({"v=TLSRPTv1; rua=mailto:t@a.example"}, object.json()) == exit_ok);
  CHECK(object.out.str() == "{\"verdict\":\"valid\",\"rua\":[\"mailto:t@a.example\"],\"findings\":[]}\n");
  CHECK(lint_tlsrpt_text({"v=TLSRPTv1; rua=\x1b@a.example"}, invalid.json()) == exit_no);
  CHECK(invalid.out.str() ==
        "{\"verdict\":\"invalid\",\"rua\":[],\"findings\":[{\"code\":\"tlsrpt-rua-no-scheme\",\"severity\":"
        "\"error\",\"message\":\"\\\"\\\\x1b@a.example\\\": write mailto: before a mail address\"}]}\n");
}

TEST_CASE("lint tlsa: the text, the stable JSON form, the exit code", "[cli]") {
  std::string zeros(64, '0');
  Caught usable, unusable, object;
  CHECK(lint_tlsa_text({"3", "1", "1", zeros}, usable.text()) == exit_ok);
  CHECK(usable.out.str() == "TLSA     usable\n");
  CHECK(lint_tlsa_text({"3 1 1 " + zeros}, usable.json()) == exit_ok);
  CHECK(usable.out.str().ends_with("{\"usable\":true,\"findings\":[]}\n"));
  CHECK(lint_tlsa_text({"1 1 1", zeros}, unusable.text()) == exit_no);
  CHECK(unusable.out.str().starts_with("TLSA     unusable\nerror    usage PKIX-EE(1) is not for SMTP"));
  CHECK(lint_tlsa_text({"3 1 1 00"}, object.json()) == exit_no);
  CHECK(object.out.str() ==
        "{\"usable\":false,\"findings\":[{\"code\":\"digest-length\",\"severity\":\"error\","
        "\"message\":\"a SHA2-256(1) digest has 32 octets, this one 1\"}]}\n");
}

TEST_CASE("lint policy: the text", "[cli]") {
  Caught valid;
  CHECK(lint_policy_text(good_policy, {}, valid.text()) == exit_ok);
  CHECK(valid.out.str() ==
        "verdict  valid\n"
        "version  STSv1\n"
        "mode     enforce\n"
        "max_age  604800 (7 days)\n"
        "mx       *.example.com\n"
        "mx       mx.example.net\n");
  Caught invalid;
  CHECK(lint_policy_text("version: STSv1\nmode: \x1b[2J\n", {}, invalid.text()) == exit_no);
  CHECK(invalid.out.str().starts_with("verdict  invalid\n"));
  CHECK_FALSE(invalid.out.str().contains('\x1b'));
}

TEST_CASE("lint policy: the stable JSON form", "[cli]") {
  Caught valid, clamped, invalid;
  CHECK(lint_policy_text(good_policy, {}, valid.json()) == exit_ok);
  CHECK(valid.out.str() ==
        "{\"verdict\":\"valid\",\"version\":\"STSv1\",\"mode\":\"enforce\",\"max_age\":604800,"
        "\"mx\":[\"*.example.com\",\"mx.example.net\"],\"findings\":[]}\n");
  lint_policy_text("version: STSv1\nmode: none\nmax_age: 9999999999\n", {}, clamped.json());
  CHECK(json::parse(clamped.out.str()).at("max_age") == max_policy_age);
  CHECK(lint_policy_text("mode: enforce\nmax_age: -1\n", {}, invalid.json()) == exit_no);
  auto object = json::parse(invalid.out.str()).as_object();
  CHECK(names(object) == std::vector<std::string>{"verdict", "version", "mode", "max_age", "mx", "findings"});
  CHECK(object["verdict"] == "invalid");
  CHECK(object["version"].is_null());
  CHECK(object["max_age"].is_null());
  CHECK(object["mx"].as_array().empty());
}

TEST_CASE("STS-11, STS-12: lint policy judges the HTTP answer too", "[cli]") {
  struct Row {
    HttpAnswerFacts http;
    int want;
  };
  for (const Row& row :
       {Row{{200u, "text/plain"}, exit_ok}, Row{{200u, "Text/Plain; charset=utf-8"}, exit_ok},
        Row{{200u, {}}, exit_ok}, Row{{{}, "text/plain"}, exit_ok}, Row{{404u, "text/plain"}, exit_no},
        Row{{301u, {}}, exit_no}, Row{{200u, "text/html"}, exit_no}, Row{{200u, ""}, exit_no},
        Row{{{}, ""}, exit_no}}) {
    Caught caught;
    INFO(row.http.status.value_or(0) << " " << row.http.content_type.value_or("-"));
    CHECK(lint_policy_text(good_policy, row.http, caught.json()) == row.want);
    auto object = json::parse(caught.out.str()).as_object();
    CHECK(object["verdict"] == (row.want == exit_ok ? "valid" : "invalid"));
    CHECK(object["findings"].as_array().empty() == (row.want == exit_ok));
  }
}

TEST_CASE("STS-13: a policy that is too long gets its finding", "[cli]") {
  Caught caught;
  std::string body(good_policy);
  body += "x: " + std::string(max_policy_bytes, 'y') + "\n";
  CHECK(lint_policy_text(body, {}, caught.json()) == exit_no);
}

TEST_CASE("STS-42: match", "[cli]") {
  struct Row {
    std::string_view pattern, host;
    bool want;
  };
  for (const Row& row :
       {Row{"mx.example.com", "MX.example.com.", true}, Row{"*.example.com", "mx.example.com", true},
        Row{"*.example.com", "a.mx.example.com", false}, Row{"*.example.com", "example.com", false},
        Row{"*.xn--bcher-kva.example", "mx.b\u00fccher.example", true}}) {
    Caught text, json_form;
    INFO(row.pattern << " " << row.host);
    CHECK(match(row.pattern, row.host, text.text()) == (row.want ? exit_ok : exit_no));
    CHECK(text.out.str() == (row.want ? "match\n" : "no match\n"));
    match(row.pattern, row.host, json_form.json());
    CHECK(json_form.out.str() == (row.want ? "{\"match\":true}\n" : "{\"match\":false}\n"));
  }
}

TEST_CASE("match: a bad pattern or host does not match, and is named", "[cli]") {
  Caught caught;
  CHECK(match("mx.*.example", "192.0.2.1", caught.json()) == exit_no);
  auto object = json::parse(caught.out.str()).as_object();
  CHECK(object["match"] == false);
  REQUIRE(object["findings"].as_array().size() == 2);
  CHECK(object["findings"].as_array()[0].at("code") == "bad-pattern");
  CHECK(object["findings"].as_array()[1].at("code") == "bad-host");
  Caught address;
  CHECK(match("*.192.0.2.1", "mx.example", address.json()) == exit_no);
  object = json::parse(address.out.str()).as_object();
  CHECK(object["match"] == false);
  REQUIRE(object["findings"].as_array().size() == 1);
  CHECK(object["findings"].as_array()[0].at("code") == "mx-address");
  CHECK(object["findings"].as_array()[0].at("severity") == "warning");
  Caught umlaut;
  CHECK(match("*.b\u00fccher.example", "mx.b\u00fccher.example", umlaut.text()) == exit_no);
  CHECK(umlaut.out.str().contains("*.xn--bcher-kva.example"));
}

TEST_CASE("lint policy --domain holds the policy against the live MX hosts", "[cli]") {
  using test::good_host;
  std::string one = "mx1.a.example", two = "mx2.a.example";
  struct Row {
    std::string_view why, mode;
    std::vector<test::LiveHost> hosts;
    int want;
    std::string_view code;  // of a finding
  };
  for (const Row& row : {
           Row{"good", "enforce", {good_host(one), good_host(two)}, exit_ok, ""},
           Row{"a host is not covered",
               "enforce",
               {good_host(one), good_host(two), good_host("b.example")},
               exit_no,
               "mx-not-in-policy"},
           Row{"the same, testing",
               "testing",
               {good_host(one), good_host(two), good_host("b.example")},
               exit_ok,
               "mx-not-in-policy"},
           Row{"a pattern covers no host", "enforce", {good_host(one)}, exit_ok, "pattern-unused"},
           Row{"a host has no STARTTLS",
               "enforce",
               {good_host(one), test::without_starttls(two)},
               exit_no,
               "starttls-missing"},
           Row{"a host can't be reached",
               "enforce",
               {good_host(one), test::unreachable(two)},
               exit_trouble,
               "mx-unreachable"},
           Row{"no host can be reached", "enforce", {test::unreachable(two)}, exit_trouble, ""},
       }) {
    INFO(row.why);
    Caught caught;
    CHECK(lint_live(policy_of(row.mode), row.hosts, caught.json()) == row.want);
    auto object = json::parse(caught.out.str()).as_object();
    CHECK(object["verdict"] == "valid");
    CHECK(object["domain"] == "a.example");
    CHECK(object["hosts"].as_array().size() == row.hosts.size());
    CHECK(caught.out.str().contains("\"" + std::string(row.code)));
    CHECK(caught.err.str().contains("port 25 may be blocked") == (row.want == exit_trouble));
  }
}

TEST_CASE("lint policy --domain: the text; nothing is looked at for a policy that is not valid", "[cli]") {
  Caught valid, invalid;
  lint_live(policy_of("enforce"), {test::good_host("mx1.a.example"), test::without_starttls("mx2.a.example")},
            valid.text());
  INFO(valid.out.str());
  CHECK(valid.out.str().contains(
      "domain   a.example\nhost     mx1.a.example passes\n"
      "host     mx2.a.example fails: mx2.a.example[203.0.113.1] does not offer STARTTLS\n"));
  auto look = []() -> Result<LiveHosts> { return fail(Fault::config, "looked"); };
  CHECK(lint_policy_of({"a.example", {}}, "mode: enforce\n", {}, look, invalid.json()) == exit_no);
  CHECK(invalid.err.str().empty());
  CHECK(json::parse(invalid.out.str()).at("hosts").as_array().empty());
  CHECK(lint_policy_of({"a.example", {}}, policy_of("enforce"), {}, look, invalid.text()) == exit_trouble);
  CHECK(invalid.err.str() == "mtastsctl: looked\n");
}

TEST_CASE("lint policy --domain: MX records that are not known", "[cli]") {
  for (bool local : {false, true}) {
    Caught caught;
    LiveHosts live = test::live_of({});
    live.mx.failure = "MX a.example: SERVFAIL";
    live.mx.local = local;
    auto look = [&] { return live; };
    CHECK(lint_policy_of({"a.example", {}}, policy_of("enforce"), {}, look, caught.json()) ==
          (local ? exit_trouble : exit_no));
    CHECK(caught.out.str().contains("mx-lookup-failed") == !local);
    CHECK(caught.err.str().contains("try again when DNS answers") == local);
  }
}

}  // namespace mtasts
