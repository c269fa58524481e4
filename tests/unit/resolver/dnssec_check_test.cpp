#include "resolver/dnssec_check.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "core/dnskey.hpp"
#include "tests/unit/lookup/fakes.hpp"
#include "tests/unit/net/run.hpp"

namespace mtasts {
namespace {

using Kind = DnsAnswer::Kind;
using Security = DnsAnswer::Security;
using Tested = DnssecCheck::Outcome;

const std::string old_key("\1\1\3\10old", 7), new_key("\1\1\3\10new", 7), zone_key("\1\0\3\10zsk", 7),
    revoked_key("\1\x81\3\10gon", 7);

DnsAnswer keys(Security security, std::vector<std::string> rdata) {
  DnsAnswer answer;
  answer.kind = security == Security::bogus ? Kind::failed : Kind::data;
  answer.security = security;
  answer.rdata = std::move(rdata);
  return answer;
}

DnsAnswer bogus(std::string reason, std::vector<std::string> rdata = {}) {
  DnsAnswer answer = keys(Security::bogus, std::move(rdata));
  answer.reason = "DNSSEC bogus: " + std::move(reason);
  return answer;
}

DnsAnswer other(Kind kind, Security security, std::string reason = {}) {
  DnsAnswer answer;
  answer.kind = kind;
  answer.security = security;
  answer.reason = std::move(reason);
  return answer;
}

const TrustAnchor anchor{"/etc/anchor.key", {key_tag(old_key)}};
constexpr Time now{std::chrono::seconds(1'800'000'000)};

}  // namespace

TEST_CASE("UB-3: what the answer to the root's DNSKEY means", "[lookup]") {
  using enum DnssecCheck::Outcome;
  struct Row {
    const char* why;
    DnsAnswer answer;
    Tested want;
    const char* words;  // "": no detail
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"validated", keys(Security::secure, {old_key, zone_key}), works, ""},
      {"a revoked key is not missed", keys(Security::secure, {old_key, revoked_key}), works, ""},
      {"a rollover is announced", keys(Security::secure, {old_key, new_key, zone_key}), works,
       "update dns-root-data"},
      {"expired", bogus("signature expired", {old_key}), broken, "2027-01-15T08:00:00Z (UTC)"},
      {"not yet valid", bogus("signature before inception date"), broken, "is the clock right?"},
      {"an old anchor", bogus("no keys have a DS", {new_key, zone_key}), broken,
       "/etc/anchor.key is older than the root's keys"},
      {"no signatures", bogus("no signatures", {old_key}), broken, "the resolver strips DNSSEC"},
      {"bogus, no keys at all", bogus("no signatures"), broken, "the resolver strips DNSSEC"},
      {"bogus, only noise for keys", bogus("no signatures", {"", "x"}), broken, "the resolver strips DNSSEC"},
      {"timeout", other(Kind::failed, Security::insecure, "timeout after 3 s"), no_answer,
       "timeout after 3 s"},
      {"SERVFAIL", other(Kind::failed, Security::insecure, "SERVFAIL"), no_answer, "SERVFAIL"},
      {"insecure keys", keys(Security::insecure, {old_key}), broken,
       "strips DNSSEC: the root's DNSKEY is answered by insecure data"},
      {"no keys", other(Kind::no_data, Security::insecure), broken, "strips DNSSEC"},
      {"the root does not exist", other(Kind::nxdomain, Security::insecure), broken, "strips DNSSEC"},
      {"secure, but no keys", other(Kind::no_data, Security::secure), broken, "strips DNSSEC"},
  }));
  INFO(row.why);
  auto result = judge_root_keys(row.answer, anchor, now);
  INFO(result.detail);
  CHECK(result.outcome == row.want);
  if (*row.words == 0) CHECK(result.detail.empty());
  CHECK(result.detail.contains(row.words));
  if (!row.answer.reason.empty())
    CHECK((result.detail.contains(row.answer.reason) || result.detail.contains("older")));
}

// A resolver that strips the proofs of absence makes every unsigned domain bogus.
TEST_CASE("what the answer to the DS of an absent name means", "[lookup]") {
  using enum DnssecCheck::Outcome;
  struct Row {
    const char* why;
    DnsAnswer answer;
    Tested want;
    const char* words;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"proved absent", other(Kind::nxdomain, Security::secure), works, ""},
      {"proved to have no DS", other(Kind::no_data, Security::secure), works, ""},
      {"the proof's signatures are stripped", bogus("no signatures over NSECs"), broken,
       "strips DNSSEC from answers without data"},
      {"no proof", other(Kind::nxdomain, Security::insecure), broken, "strips DNSSEC"},
      {"a wildcard's lie", other(Kind::data, Security::insecure), broken, "strips DNSSEC"},
      {"timeout", other(Kind::failed, Security::insecure, "timeout after 3 s"), no_answer,
       "timeout after 3 s"},
      {"SERVFAIL", other(Kind::failed, Security::insecure, "SERVFAIL"), no_answer, "SERVFAIL"},
  }));
  INFO(row.why);
  auto result = judge_absence(row.answer);
  INFO(result.detail);
  CHECK(result.outcome == row.want);
  CHECK(result.detail.contains(row.words));
  CHECK(result.detail.contains(row.answer.reason));
}

TEST_CASE("the absent name is another one each time, and a single label", "[lookup]") {
  CHECK(absent_name() != absent_name());
  CHECK(absent_name().size() == 16);
  CHECK(!absent_name().contains('.'));
}

TEST_CASE("a resolver that passes on what exists but no proof of absence is broken", "[lookup]") {
  auto dns = std::make_shared<fake::FakeDns>();
  dns->answer = keys(Security::secure, {old_key});
  fake::FakeClock clock;
  boost::asio::io_context loop{1};
  CHECK(run(loop, check_dnssec(dns, anchor, clock)).works());
  dns->ds = bogus("no signatures over NSECs");
  DnssecCheck test = run(loop, check_dnssec(dns, anchor, clock));
  CHECK(test.outcome == Tested::broken);
  CHECK(test.detail.contains("no signatures over NSECs"));
  REQUIRE(dns->asked_names.size() == 4);
  CHECK(dns->asked_names[0] == "./DNSKEY");
  CHECK(dns->asked_names[1].ends_with("/DS"));
  CHECK(dns->asked_names[1] != dns->asked_names[3]);
}

TEST_CASE("however many keys a hostile answer names, the words stay short", "[lookup]") {
  DnsAnswer many = keys(Security::bogus, {});
  for (char c = 0; c < 127; ++c) many.rdata.push_back(std::string("\1\1\3\10", 4) + c);
  CHECK(judge_root_keys(many, anchor, now).detail.size() < 300);
}

}  // namespace mtasts
