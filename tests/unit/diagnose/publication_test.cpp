#include "diagnose/publication.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>

#include "core/sts_record.hpp"
#include "core/tlsrpt.hpp"
#include "tests/unit/lists.hpp"

using namespace mtasts;

namespace {

DomainName name(std::string_view text) { return DomainName::parse(text).value(); }

PublicationFacts facts_for(Mode mode) {
  return {.domain = name("a.example"),
          .policy_host = name("mta-sts.a.example"),
          .mode = mode,
          .mx = test::mx_list("mx1.a.example\n*.mail.example"),
          .report_uri = "mailto:t@b.example",
          .now = Time(std::chrono::seconds(1769860800))};
}

Publication made(Mode mode) { return publication(facts_for(mode)); }

std::string joined(const std::vector<std::string>& plan) {
  std::string text;
  for (const std::string& step : plan) text += step + '\n';
  return text;
}

}  // namespace

TEST_CASE("what a domain should publish is valid, and says what was asked", "[diagnose]") {
  for (Mode mode : {Mode::testing, Mode::enforce}) {
    Publication done = made(mode);
    CHECK(done.sts.name == "_mta-sts.a.example");
    RecordLint sts = lint_records(std::vector{done.sts.text});
    CHECK(sts.verdict == TxtVerdict::valid);
    CHECK(sts.id == "20260131120000Z");
    CHECK(sts.findings.empty());
    CHECK(done.tlsrpt.name == "_smtp._tls.a.example");
    TlsRptLint tlsrpt = lint_tlsrpt(std::vector{done.tlsrpt.text});
    CHECK(tlsrpt.uris == std::vector<std::string>{"mailto:t@b.example"});
    CHECK(tlsrpt.findings.empty());
    PolicyLint policy = lint_policy(done.policy);
    REQUIRE(policy.policy);
    CHECK(policy.policy->mode == mode);
    CHECK(policy.policy->mx == test::mx_list("mx1.a.example\n*.mail.example"));
    for (const Finding& finding : policy.findings) CHECK(finding.code == "mode-testing");
  }
  CHECK(made(Mode::testing).policy ==
        "version: STSv1\nmode: testing\nmx: mx1.a.example\nmx: *.mail.example\nmax_age: 86400\n");
}

TEST_CASE("each web server's part serves the policy at its host, as text/plain", "[diagnose]") {
  Publication done = made(Mode::testing);
  CHECK(done.policy_url == "https://mta-sts.a.example/.well-known/mta-sts.txt");
  REQUIRE(done.snippets.size() == 3);
  for (const WebServerSnippet& snippet : done.snippets) {
    INFO(snippet.server);
    CHECK(snippet.text.contains("mta-sts.a.example"));
    CHECK(snippet.text.contains("mta-sts.txt"));
    CHECK(snippet.text.contains("text/plain"));
    CHECK_FALSE(snippet.text.contains("HOST"));
    CHECK(snippet.text.ends_with("}\n") != snippet.text.ends_with("</VirtualHost>\n"));
  }
}

TEST_CASE("the plan leads from testing to enforce, and warns of beginning there", "[diagnose]") {
  std::string careful = joined(made(Mode::testing).plan), bold = joined(made(Mode::enforce).plan);
  CHECK(careful.contains("change the policy to \"mode: enforce\""));
  CHECK(careful.contains("mailto:t@b.example"));
  CHECK_FALSE(bold.contains("change the policy to \"mode: enforce\""));
  CHECK(bold.contains("begin with mode testing"));
}

TEST_CASE("while something stands in the way, no mode enforce is printed, and the plan says what",
          "[diagnose]") {
  PublicationFacts facts = facts_for(Mode::testing);
  facts.hindrances = {"mx1.a.example does not offer STARTTLS"};
  Publication done = publication(facts);
  std::string plan = joined(done.plan);
  CHECK(plan.contains("mx1.a.example does not offer STARTTLS"));
  CHECK(plan.contains("mtastsctl generate --mode enforce a.example"));
  for (const std::string& text : {plan, done.policy, done.snippets[0].text, done.snippets[1].text,
                                  done.snippets[2].text, zone_line(done.sts), zone_line(done.tlsrpt)})
    CHECK_FALSE(text.contains("mode: enforce"));
}

TEST_CASE("a domain that has a policy replaces it, and changes the id after it", "[diagnose]") {
  PublicationFacts facts = facts_for(Mode::testing);
  facts.published = PublishedPolicy{"old1", Mode::enforce};
  auto plan = publication(facts).plan;
  CHECK(plan[0].contains("of mode enforce and with the id old1"));
  CHECK(plan[0].contains("Do so only if mail should go out"));
  CHECK(plan[1].contains("write the new id into the record at _mta-sts.a.example"));
  CHECK(weakens(facts));
  facts.published = PublishedPolicy{"old1", {}};
  CHECK_FALSE(publication(facts).plan[0].contains("Do so only"));
  CHECK_FALSE(weakens(facts));
  facts.published = PublishedPolicy{"old1", Mode::enforce};
  facts.mode = Mode::enforce;
  CHECK_FALSE(publication(facts).plan[0].contains("Do so only"));
  CHECK_FALSE(weakens(facts));
}

TEST_CASE("a domain that enforces keeps a longer max_age", "[diagnose]") {
  PublicationFacts facts = facts_for(Mode::enforce);
  for (auto [published, wanted] :
       {std::pair(0U, 1'209'600U), std::pair(86'400U, 1'209'600U), std::pair(31'557'600U, 31'557'600U)}) {
    facts.published = PublishedPolicy{"old1", Mode::enforce, published};
    CHECK(lint_policy(publication(facts).policy).policy.value().max_age == wanted);
  }
}

TEST_CASE("a TLSRPT record that is there is kept", "[diagnose]") {
  PublicationFacts facts = facts_for(Mode::testing);
  facts.tlsrpt = "v=TLSRPTv1; rua=https://reports.example/";
  CHECK(publication(facts).tlsrpt.text == *facts.tlsrpt);
  for (const std::string& step : publication(facts).plan) CHECK_FALSE(step.contains(facts.report_uri));
}

TEST_CASE("RFC 1035 §3.3: a long record becomes several strings of a zone file", "[diagnose]") {
  CHECK(zone_line({"_mta-sts.a.example", "v=STSv1; id=1;"}) ==
        "_mta-sts.a.example. IN TXT \"v=STSv1; id=1;\"");
  std::string line = zone_line({"a", std::string(255, 'x') + "\"\\"});
  CHECK(line == "a. IN TXT \"" + std::string(255, 'x') + "\" \"\\\"\\\\\"");
}
