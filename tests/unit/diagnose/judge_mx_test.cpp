#include "diagnose/judge_mx.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/lists.hpp"

using namespace mtasts;

namespace {

DomainName name(std::string_view text) { return DomainName::parse(text).value(); }

MxHostFacts host(std::string host_name, unsigned preference = 10) {
  return {.name = std::move(host_name),
          .preference = preference,
          .addresses = {parse_address("203.0.113.1").value()}};
}

PolicyFacts policy(std::string_view mx, Mode mode = Mode::enforce) {
  return {.mode = mode, .mx = test::mx_list(mx)};
}

// Nothing is wrong with it.
MxFacts good() {
  return {.domain = name("good.example"),
          .hosts = {host("mx1.good.example"), host("MX2.mail.example", 20)},
          .policy = policy("mx1.good.example\n*.mail.example")};
}

std::vector<std::string> codes(const Judgement& judgement) {
  std::vector<std::string> found;
  for (const Finding& finding : judgement.findings) found.emplace_back(finding.code);
  return found;
}

struct Row {
  std::string_view why;
  std::function<void(MxFacts&)> change;
  std::vector<std::string> codes;
  Severity severity;          // of the first finding
  std::string_view says, at;  // part of its message; the host
};

const std::vector<Row> rows{
    {"401 another host in the policy",
     [](MxFacts& f) { f.hosts[0].name = "mx9.good.example"; },
     {"mx-not-in-policy", "pattern-unused"},
     Severity::error,
     "mx9.good.example is not covered by the policy; the nearest pattern is mx1.good.example; add \"mx: "
     "mx9.good.example\"",
     "mx9.good.example"},
    {"401 with mode testing",
     [](MxFacts& f) {
       f.hosts[0].name = "mx9.good.example";
       f.policy->mode = Mode::testing;
     },
     {"mx-not-in-policy", "pattern-unused"},
     Severity::warning,
     "",
     "mx9.good.example"},
    {"402 the wildcard stands for one label",
     [](MxFacts& f) { f.hosts[1].name = "a.h-v1.mail.example"; },
     {"wildcard-too-shallow", "pattern-unused"},
     Severity::error,
     "*.mail.example stands for one label only, so it does not cover the MX host a.h-v1.mail.example; add "
     "\"mx: "
     "*.h-v1.mail.example\"",
     "a.h-v1.mail.example"},
    {"403 the wildcard does not cover its own name",
     [](MxFacts& f) { f.hosts[1].name = "mail.example"; },
     {"wildcard-misses-parent", "pattern-unused"},
     Severity::error,
     "add \"mx: mail.example\"",
     "mail.example"},
    {"404 none is covered",
     [](MxFacts& f) { f.policy = policy("mx.old.example"); },
     {"no-mx-in-policy"},
     Severity::error,
     "covers none of the MX hosts (mx1.good.example, mx2.mail.example); it lists mx.old.example",
     ""},
    {"404 with mode testing",
     [](MxFacts& f) { f.policy = policy("mx.old.example", Mode::testing); },
     {"no-mx-in-policy"},
     Severity::warning,
     "",
     ""},
    {"404 the policy lists addresses alone",
     [](MxFacts& f) { f.policy = PolicyFacts{Mode::enforce, {}}; },
     {"no-mx-in-policy"},
     Severity::error,
     "it lists no host name",
     ""},
    {"404 and what would have done",
     [](MxFacts& f) {
       f.hosts = {host("a.b.mail.example")};
       f.policy = policy("*.mail.example");
     },
     {"no-mx-in-policy", "wildcard-too-shallow"},
     Severity::error,
     "",
     ""},
    {"405 a pattern without a host",
     [](MxFacts& f) { f.policy = policy("mx1.good.example\n*.mail.example\nmx.old.example"); },
     {"pattern-unused"},
     Severity::info,
     "mx.old.example in the policy covers none",
     ""},
    {"406 a backup host",
     [](MxFacts& f) { f.hosts.push_back(host("backup.example", 30)); },
     {"backup-mx-not-in-policy"},
     Severity::warning,
     "the backup MX host backup.example",
     "backup.example"},
    {"401 of equal preference, so not a backup host",
     [](MxFacts& f) { f.hosts.push_back(host("other.example", 10)); },
     {"mx-not-in-policy"},
     Severity::error,
     "",
     "other.example"},
    {"408 no MX record",
     [](MxFacts& f) {
       f.implicit = true;
       f.hosts = {host("good.example")};
       f.policy = policy("good.example");
     },
     {"implicit-mx"},
     Severity::warning,
     "good.example has no MX record",
     ""},
    {"408 and the policy does not list the domain",
     [](MxFacts& f) {
       f.implicit = true;
       f.hosts = {host("good.example")};
     },
     {"implicit-mx", "no-mx-in-policy"},
     Severity::warning,
     "",
     ""},
    {"409 null MX and a policy",
     [](MxFacts& f) {
       f.null_mx = true;
       f.hosts.clear();
     },
     {"null-mx"},
     Severity::warning,
     "takes no mail",
     ""},
    {"410 an address",
     [](MxFacts& f) { f.hosts.push_back(host("192.0.2.1", 30)); },
     {"mx-is-address"},
     Severity::warning,
     "holds the address 192.0.2.1",
     "192.0.2.1"},
    {"410 an IPv6 address",
     [](MxFacts& f) { f.hosts.push_back(host("2001:db8::1", 30)); },
     {"mx-is-address"},
     Severity::warning,
     "holds the address 2001:db8::1",
     "2001:db8::1"},
    {"410 an alias",
     [](MxFacts& f) { f.hosts[0].alias_of = "real.example"; },
     {"mx-is-cname"},
     Severity::warning,
     "mx1.good.example is an alias of real.example",
     "mx1.good.example"},
    {"411 the lookup failed",
     [](MxFacts& f) { f.failure = "MX good.example: SERVFAIL"; },
     {"mx-lookup-failed"},
     Severity::error,
     "MX good.example: SERVFAIL",
     ""},
    {"411 no address",
     [](MxFacts& f) { f.hosts[1].addresses.clear(); },
     {"mx-no-address"},
     Severity::warning,
     "MX2.mail.example has no address: it has neither A nor AAAA records",
     "MX2.mail.example"},
    {"411 the address can't be looked up",
     [](MxFacts& f) {
       f.hosts[1].addresses.clear();
       f.hosts[1].failure = "A MX2.mail.example: SERVFAIL";
     },
     {"mx-no-address"},
     Severity::warning,
     "the addresses of MX2.mail.example could not be looked up: A MX2.mail.example: SERVFAIL",
     "MX2.mail.example"},
    {"411 no host has an address",
     [](MxFacts& f) {
       for (auto& each : f.hosts) each.addresses.clear();
     },
     {"mx-no-address", "mx-no-address"},
     Severity::error,
     "",
     "mx1.good.example"},
    {"411 not a host name",
     [](MxFacts& f) {
       f.hosts.push_back(host("a\\032b.example", 30));
       f.hosts.back().addresses.clear();
     },
     {"mx-no-address"},
     Severity::warning,
     "its name is not a host name",
     "a\\032b.example"},
    {"412 the policy of the domain above",
     [](MxFacts& f) {
       f.policy.reset();
       f.parent_policy = name("example");
     },
     {"parent-policy-not-inherited"},
     Severity::info,
     "that of example does not hold for it",
     ""},
    {"413 Google's old names",
     [](MxFacts& f) {
       f.hosts = {host("aspmx.l.google.com")};
       f.policy = policy("aspmx.l.google.com");
     },
     {"provider-mx-renamed"},
     Severity::info,
     "new ones are in smtp.google.com",
     ""},
    {"413 Microsoft's old names, and MX records with the new",
     [](MxFacts& f) {
       f.hosts = {host("good-example.h-v1.mx.microsoft")};
       f.policy = policy("*.mail.protection.outlook.com");
     },
     {"no-mx-in-policy", "provider-mx-renamed"},
     Severity::error,
     "",
     ""},
};

struct Silent {
  std::string_view why;
  std::function<void(MxFacts&)> change;
  StepState state;
  std::string_view words;
};

const std::vector<Silent> silent{
    {"all is well", [](MxFacts&) {}, StepState::ok, "2 MX hosts, 2 covered by the policy"},
    {"upper case in the MX record", [](MxFacts& f) { f.hosts[0].name = "MX1.GOOD.EXAMPLE"; }, StepState::ok,
     ""},
    {"no policy", [](MxFacts& f) { f.policy.reset(); }, StepState::ok, "2 MX hosts"},
    {"mode none, without mx", [](MxFacts& f) { f.policy = PolicyFacts{}; }, StepState::ok, "2 MX hosts"},
    {"a lookup of one family failed, and there is an address",
     [](MxFacts& f) { f.hosts[0].failure = "AAAA mx1.good.example: SERVFAIL"; }, StepState::ok, ""},
    {"null MX without a policy",
     [](MxFacts& f) {
       f.null_mx = true;
       f.hosts.clear();
       f.policy.reset();
     },
     StepState::ok, "null MX: the domain takes no mail"},
    {"this host lacked something",
     [](MxFacts& f) {
       f.failure = "too many open files";
       f.local = true;
     },
     StepState::unknown, "too many open files"},
    {"a policy above, and one of its own", [](MxFacts& f) { f.parent_policy = name("example"); },
     StepState::ok, ""},
    {"Google's old and new names",
     [](MxFacts& f) {
       f.hosts = {host("aspmx.l.google.com"), host("smtp.google.com")};
       f.policy = policy("aspmx.l.google.com\n*.google.com");
     },
     StepState::ok, ""},
};

}  // namespace

TEST_CASE("MX records are judged, alone and against the policy", "[judge]") {
  for (const Row& row : rows) {
    INFO(row.why);
    MxFacts facts = good();
    row.change(facts);
    auto judgement = judge_mx(facts);
    CHECK(codes(judgement) == row.codes);
    REQUIRE_FALSE(judgement.findings.empty());
    const Finding& first = judgement.findings.front();
    INFO(first.message);
    CHECK(first.severity == row.severity);
    CHECK(first.message.contains(row.says));
    CHECK(first.where == Where{.step = "mx", .host = std::string(row.at)});
    REQUIRE(judgement.steps.size() == 1);
    CHECK(judgement.steps[0].state == (any_fault(judgement.findings) ? StepState::found : StepState::ok));
  }
}

TEST_CASE("no false alarm about MX records", "[judge]") {
  for (const Silent& row : silent) {
    INFO(row.why);
    MxFacts facts = good();
    row.change(facts);
    auto judgement = judge_mx(facts);
    CHECK(codes(judgement).empty());
    REQUIRE(judgement.steps.size() == 1);
    CHECK(judgement.steps[0].step == "mx");
    CHECK(judgement.steps[0].state == row.state);
    CHECK(judgement.steps[0].words.contains(row.words));
  }
}

TEST_CASE("text of a peer in a finding about MX is printable and short", "[judge]") {
  MxFacts facts = good();
  facts.hosts.push_back({.name = "\x1b[2J" + std::string(5000, 'x'), .preference = 1});
  for (const Finding& finding : judge_mx(facts).findings) {
    CHECK(finding.message.size() <= 600);
    CHECK(std::ranges::all_of(finding.message, [](char c) { return c >= ' ' && c <= '~'; }));
    CHECK(finding.where.host.size() <= 253);
  }
}
