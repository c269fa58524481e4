#include "diagnose/candidate.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/diagnose/live.hpp"
#include "tests/unit/lists.hpp"

using namespace mtasts;
using namespace mtasts::test;

namespace {

const std::string one = "mx1.a.example", two = "mx2.a.example";

PolicyFacts policy(std::string_view mx, Mode mode = Mode::enforce) { return {mode, mx_list(mx)}; }

LiveHost wrong_name(const std::string& name) {
  LiveHost host = good_host(name);
  host.dialogue.tls = shown({certificate_for("elsewhere.example")});
  return host;
}

LiveHost wants_certificate(const std::string& name) {
  LiveHost host = good_host(name);
  host.dialogue = ended(host.dialogue, SmtpStage::tls, SmtpTrouble::closed, "the server closed");
  host.dialogue.tls->asks_for_certificate = true;
  return host;
}

LiveHost ends(const std::string& name, SmtpStage reached, SmtpTrouble trouble) {
  return {name, ended(good_dialogue(name), reached, trouble)};
}

LiveHost busy(const std::string& name) {
  LiveHost host = ends(name, SmtpStage::connected, SmtpTrouble::reply);
  host.dialogue.greeting = {421, {"too many"}};
  return host;
}

bool has(const Findings& findings, std::string_view code, Severity severity) {
  return std::ranges::any_of(
      findings, [&](const Finding& each) { return each.code == code && each.severity == severity; });
}

struct Row {
  std::string_view why;
  LiveHost first;  // the second host is good
  std::optional<bool> passes;
  std::string_view says;
};

}  // namespace

TEST_CASE("a live MX host passes, fails, or is not known", "[diagnose]") {
  for (const Row& row : {
           Row{"good", good_host(one), true, ""},
           Row{"no STARTTLS", without_starttls(one), false,
               "mx1.a.example[203.0.113.1] does not offer STARTTLS"},
           Row{"certificate for another name", wrong_name(one), false, "has a certificate that "},
           Row{"wants a client certificate, which alone is a warning", wants_certificate(one), false,
               "wants a certificate from the client"},
           Row{"breaks off after the handshake", ends(one, SmtpStage::tls, SmtpTrouble::closed), false,
               "breaks the session"},
           Row{"can't be reached", unreachable(one), {}, "can't be reached: no answer in time"},
           Row{"says nothing", ends(one, SmtpStage::connected, SmtpTrouble::timeout), {}, "no greeting"},
           Row{"turned away", busy(one), {}, "says 421 too many"},
           Row{"not done in time", ends(one, SmtpStage::none, SmtpTrouble::local), {}, one},
       }) {
    INFO(row.why);
    auto all = judge_candidate(live_of({row.first, good_host(two)}), policy("mx1.a.example\nmx2.a.example"));
    REQUIRE(all.hosts.size() == 2);
    INFO(all.hosts[0].reason);
    CHECK(all.hosts[0].passes == row.passes);
    CHECK(all.hosts[0].reason.contains(row.says));
    CHECK(all.hosts[0].reason.empty() == (row.passes == true));
    CHECK(all.hosts[1].passes == true);
    CHECK(all_pass(all.hosts) == row.passes);
  }
}

TEST_CASE("a host that the policy does not cover fails, also a backup", "[diagnose]") {
  LiveHosts live = live_of({good_host(one), good_host(two)});
  live.mx.hosts[1].preference = 20;
  auto backup = judge_candidate(live, policy("mx1.a.example"));
  CHECK(backup.hosts[0].passes == true);
  CHECK(backup.hosts[1].passes == false);
  CHECK(backup.hosts[1].reason.contains("add \"mx: mx2.a.example\""));
  CHECK(has(backup.findings, "backup-mx-not-in-policy", Severity::warning));
  auto none = judge_candidate(live, policy("mx.b.example"));
  for (const HostVerdict& host : none.hosts) {
    CHECK(host.passes == false);
    CHECK(host.reason.contains("covers none of the MX hosts"));
  }
  auto unused = judge_candidate(live, policy("*.a.example\nold.a.example"));
  CHECK(all_pass(unused.hosts) == true);
  CHECK(has(unused.findings, "pattern-unused", Severity::info));
}

TEST_CASE("findings are about the policy's mode, verdicts about enforce", "[diagnose]") {
  LiveHosts live = live_of({without_starttls(one)});
  for (auto [mode, severity] :
       {std::pair(Mode::enforce, Severity::error), std::pair(Mode::testing, Severity::warning)}) {
    auto all = judge_candidate(live, policy(one, mode));
    CHECK(has(all.findings, "starttls-missing", severity));
    CHECK(all.hosts[0].passes == false);
  }
}

TEST_CASE("an IPv6 address that can't be reached from here leaves nothing open", "[diagnose]") {
  LiveHosts live = live_of({good_host(one)});
  auto& addresses = live.smtp.hosts[0].addresses;
  addresses.push_back(
      {.address = parse_address("2001:db8::1").value(), .dialogue = unreachable(one).dialogue});
  CHECK(all_pass(judge_candidate(live, policy(one)).hosts) == true);
  std::swap(addresses[0].dialogue, addresses[1].dialogue);
  CHECK(all_pass(judge_candidate(live, policy(one)).hosts) == std::nullopt);
}

TEST_CASE("a host without an address, or beyond the limit, is not known", "[diagnose]") {
  LiveHosts live = live_of({good_host(one), good_host(two)});
  live.mx.hosts[1].addresses.clear();
  live.smtp.hosts[1].addresses.clear();
  live.more = {"mx3.a.example"};
  auto all = judge_candidate(live, policy_for(live, Mode::enforce));
  REQUIRE(all.hosts.size() == 3);
  CHECK(all.hosts[0].passes == true);
  CHECK(all.hosts[1].passes == std::nullopt);
  CHECK(all.hosts[1].reason.contains("has no address"));
  CHECK(all.hosts[2].passes == std::nullopt);
  CHECK(all.hosts[2].reason.starts_with("mx3.a.example was not looked at"));
  CHECK(all_pass({}) == std::nullopt);
}

TEST_CASE("the policy for a domain lists its MX hosts, but no addresses", "[diagnose]") {
  LiveHosts live = live_of({good_host(one), good_host(two), good_host("192.0.2.1"), good_host(one)});
  live.more = {"mx3.a.example"};
  auto made = policy_for(live, Mode::testing);
  CHECK(made.mode == Mode::testing);
  CHECK(made.mx == mx_list("mx1.a.example\nmx2.a.example\nmx3.a.example"));
}
