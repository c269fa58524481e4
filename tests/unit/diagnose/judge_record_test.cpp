#include "diagnose/judge_record.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/lookup/fakes.hpp"

using namespace mtasts;

namespace {

using Change = std::function<void(RecordFacts&)>;
using Security = DnsAnswer::Security;

const std::string name = "_mta-sts.good.example";

DnsAnswer txt(const std::vector<std::string>& records) {
  DnsAnswer answer = fake::txt(records);
  answer.security = Security::secure;
  return answer;
}

DnsAnswer alias_of(DnsAnswer answer, std::string canonical) {
  answer.canonical = std::move(canonical);
  return answer;
}

DnsAnswer nxdomain() {
  DnsAnswer answer = fake::no_data(Security::secure);
  answer.kind = DnsAnswer::Kind::nxdomain;
  return answer;
}

DnsAnswer address() {
  DnsAnswer answer = fake::no_data(Security::secure);
  answer.kind = DnsAnswer::Kind::data;
  answer.rdata = {"\xcb" + std::string(1, '\0') + "q\x01"};
  return answer;
}

// Nothing is wrong with it.
RecordFacts good() {
  RecordFacts facts;
  facts.domain = "good.example";
  facts.record = txt({"v=STSv1; id=20270310T1200"});
  facts.policy_host = address();
  facts.policy_served = true;
  return facts;
}

Change records(std::vector<std::string> texts) {
  return [texts](RecordFacts& f) { f.record = txt(texts); };
}

// Without a record and without a policy host, as of a domain that does not use MTA-STS.
void without(RecordFacts& f) {
  f.record = nxdomain();
  f.policy_host.reset();
  f.policy_served.reset();
}

Change elsewhere(std::string at) {
  return [at](RecordFacts& f) {
    without(f);
    f.elsewhere = {{at, txt({"v=STSv1; id=1"})}};
  };
}

Change servers(std::vector<NameServerFacts> all) {
  return [all](RecordFacts& f) { f.name_servers = all; };
}

std::vector<std::string> codes(const Judgement& judgement) {
  std::vector<std::string> found;
  for (const Finding& finding : judgement.findings) found.emplace_back(finding.code);
  return found;
}

struct Row {
  std::string_view why;
  Change change;
  std::vector<std::string> codes;
  Severity severity;  // of the first finding
  StepState state;
  std::string_view says;  // part of its message
};

using enum Severity;
constexpr StepState ok = StepState::ok, found = StepState::found;

const std::vector<Row> rows{
    {"101 NXDOMAIN", without, {"record-missing"}, warning, found, "has no TXT record (NXDOMAIN)"},
    {"101 no TXT record",
     [](RecordFacts& f) {
       without(f);
       f.record = fake::no_data(Security::secure);
     },
     {"record-missing"},
     warning,
     found,
     "has no TXT record (no data)"},
    {"101 with DANE on all MX hosts",
     [](RecordFacts& f) {
       without(f);
       f.all_mx_have_dane = true;
     },
     {"record-missing"},
     info,
     ok,
     ""},
    {"101 and the policy host serves something else",
     [](RecordFacts& f) {
       f.record = nxdomain();
       f.policy_served = false;
     },
     {"record-missing"},
     warning,
     found,
     ""},
    {"101 a wildcard alias of the domain",
     [](RecordFacts& f) {
       without(f);
       f.record = alias_of(f.record, "www.good.example");
       f.elsewhere = {{"_mta-sts._mta-sts.good.example", f.record}};
     },
     {"record-missing"},
     warning,
     found,
     ""},
    {"102 SERVFAIL",
     [](RecordFacts& f) { f.record = fake::dns_failure("SERVFAIL"); },
     {"record-lookup-failed"},
     error,
     found,
     "the TXT record at _mta-sts.good.example can't be looked up: SERVFAIL"},
    {"102 bogus",
     [](RecordFacts& f) { f.record = fake::dns_failure("DNSSEC bogus: expired", Security::bogus); },
     {"record-lookup-failed"},
     error,
     found,
     "DNSSEC bogus: expired"},
    {"103 two records",
     records({"v=STSv1; id=1", "v=STSv1; id=2"}),
     {"multiple-records"},
     error,
     found,
     "\"v=STSv1; id=1\", \"v=STSv1; id=2\""},
    {"104 a wildcard SPF record",
     records({"v=spf1 -all"}),
     {"unrelated-record", "only-unrelated-records"},
     info,
     found,
     ""},
    {"104 with DANE on all MX hosts",
     [](RecordFacts& f) {
       f.record = txt({"v=spf1 -all"});
       f.all_mx_have_dane = true;
     },
     {"unrelated-record", "only-unrelated-records"},
     info,
     ok,
     ""},
    {"105 an unrelated record beside the right one",
     records({"v=STSv1; id=1", "v=spf1 -all"}),
     {"unrelated-record"},
     info,
     ok,
     "\"v=spf1 -all\" is not an MTA-STS record and is ignored"},
    {"106 at the domain",
     elsewhere("good.example"),
     {"record-missing", "record-misplaced"},
     warning,
     found,
     ""},
    {"106 at mta-sts",
     elsewhere("mta-sts.good.example"),
     {"record-missing", "record-misplaced"},
     warning,
     found,
     ""},
    {"106 at _mta-sts twice",
     elsewhere("_mta-sts._mta-sts.good.example"),
     {"record-missing", "record-misplaced"},
     warning,
     found,
     ""},
    {"106 the domain appended twice",
     elsewhere("_mta-sts.good.example.good.example"),
     {"record-missing", "record-misplaced"},
     warning,
     found,
     ""},
    {"107 lower case", records({"v=stsv1; id=1"}), {"wrong-version"}, warning, found, "in this case"},
    {"107 blanks", records({"v = STSv1; id=1"}), {"wrong-version"}, warning, found, "without blanks"},
    {"107 version 2", records({"v=STSv2; id=1"}), {"wrong-version"}, warning, found, "must begin v=STSv1"},
    {"107 a comma", records({"v=STSv1, id=1"}), {"wrong-version"}, warning, found, "not \",\""},
    {"107 with DANE on all MX hosts",
     [](RecordFacts& f) {
       f.record = txt({"v=stsv1; id=1"});
       f.all_mx_have_dane = true;
     },
     {"wrong-version"},
     warning,
     found,
     ""},
    {"108 no id", records({"v=STSv1;"}), {"id-missing"}, error, found, "has no id"},
    {"109 an empty id", records({"v=STSv1; id="}), {"id-syntax"}, error, found, "is empty"},
    {"109 hyphens", records({"v=STSv1; id=2024-01-01"}), {"id-syntax"}, error, found, "\"-\" at position 5"},
    {"109 33 digits",
     records({"v=STSv1; id=" + std::string(33, '1')}),
     {"id-syntax"},
     error,
     found,
     "at most 32"},
    {"110 quotes", records({"\"v=STSv1; id=1;\""}), {"stray-characters"}, warning, found, "quotes stand"},
    {"111 a field without value", records({"v=STSv1; id"}), {"field-syntax"}, error, found, "name=value"},
    {"111 no delimiter", records({"v=STSv1"}), {"no-delimiter"}, warning, found, "must follow v=STSv1"},
    {"112 the id first",
     records({"id=1; v=STSv1"}),
     {"version-not-first"},
     warning,
     found,
     "must stand first"},
    {"113 a second id",
     records({"v=STSv1; id=1; id=2"}),
     {"duplicate-field"},
     warning,
     found,
     "the first counts"},
    {"114 an unknown field", records({"v=STSv1; id=1; x=y"}), {"unknown-field"}, info, ok, "\"x\""},
    {"115 two semicolons", records({"v=STSv1;; id=1"}), {"empty-field"}, warning, found, ""},
    {"115 a blank at the end", records({"v=STSv1; id=1 "}), {"trailing-blank"}, warning, found, ""},
    {"116 an alias of nothing",
     [](RecordFacts& f) { f.record = alias_of(nxdomain(), "gone.provider.example"); },
     {"record-cname-broken"},
     error,
     found,
     "_mta-sts.good.example is an alias of gone.provider.example, which has no TXT record (NXDOMAIN)"},
    {"116 and other names are not aliases of it",
     [](RecordFacts& f) {
       without(f);
       f.record = alias_of(f.record, "gone.provider.example");
       f.elsewhere = {{"_mta-sts._mta-sts.good.example", nxdomain()}};
     },
     {"record-cname-broken"},
     error,
     found,
     ""},
    {"117 the record alone is delegated",
     [](RecordFacts& f) { f.record = alias_of(f.record, "x.provider.example"); },
     {"half-delegated"},
     warning,
     found,
     "_mta-sts.good.example is an alias of x.provider.example, but mta-sts.good.example stays in the domain"},
    {"117 the policy host alone is delegated",
     [](RecordFacts& f) { f.policy_host = alias_of(address(), "pages.provider.example"); },
     {"half-delegated"},
     info,
     ok,
     "mta-sts.good.example is an alias of pages.provider.example, but _mta-sts.good.example stays"},
    {"117 a name that only ends like the domain",
     [](RecordFacts& f) { f.record = alias_of(f.record, "x.notgood.example"); },
     {"half-delegated"},
     warning,
     found,
     ""},
    {"118 an old id",
     servers({{"ns1.good.example", txt({"v=STSv1; id=2"})}, {"ns2.good.example", txt({"v=STSv1; id=1"})}}),
     {"name-servers-differ"},
     warning,
     found,
     "different records at _mta-sts.good.example: ns2.good.example: id 1; ns1.good.example: id 2"},
    {"118 one of three lacks the record",
     servers({{"ns1.a", txt({"v=STSv1; id=2"})}, {"ns2.a", txt({"v=STSv1; id=2"})}, {"ns3.a", nxdomain()}}),
     {"name-servers-differ"},
     warning,
     found,
     "ns3.a: no record; ns1.a and ns2.a: id 2"},
    {"118 the same id in other records",
     servers({{"ns1.a", txt({"v=STSv1; id=2;"})}, {"ns2.a", txt({"v=STSv1; id=2; x=y;"})}}),
     {"name-servers-differ"},
     warning,
     found,
     "ns1.a: \"v=STSv1; id=2;\"; ns2.a: \"v=STSv1; id=2; x=y;\""},
    {"118 an alias at one of them",
     servers({{"ns1.a", txt({"v=STSv1; id=2"})}, {"ns2.a", alias_of(nxdomain(), "x.provider.example")}}),
     {"name-servers-differ"},
     warning,
     found,
     "ns2.a: an alias; ns1.a: id 2"},
    {"119 not signed",
     [](RecordFacts& f) { f.record.security = Security::insecure; },
     {"zone-unsigned"},
     info,
     ok,
     "_mta-sts.good.example is not signed by DNSSEC"},
    {"120 a policy and no record",
     [](RecordFacts& f) { f.record = nxdomain(); },
     {"policy-without-record"},
     warning,
     found,
     "mta-sts.good.example serves a policy, but _mta-sts.good.example has no TXT record"},
};

struct Silent {
  std::string_view why;
  Change change;
  StepState state;
  std::string_view words;
};

const std::vector<Silent> silent{
    {"all is well", [](RecordFacts&) {}, ok, "_mta-sts.good.example: v=STSv1; id=20270310T1200"},
    {"a blank before the semicolon", records({"v=STSv1 ; id=1"}), ok, ""},
    {"a semicolon at the end", records({"v=STSv1; id=1;"}), ok, ""},
    {"no blanks", records({"v=STSv1;id=1"}), ok, ""},
    {"a second record elsewhere, beside the right one",
     [](RecordFacts& f) { f.elsewhere = {{"good.example", txt({"v=STSv1; id=1"})}}; }, ok, ""},
    {"other texts, in another order, and another TTL",
     [](RecordFacts& f) {
       f.name_servers = {{"ns1.a", txt({"v=STSv1; id=1", "v=spf1 -all"})},
                         {"ns2.a", txt({"x", "v=STSv1; id=1"})}};
       f.name_servers[1].answer.ttl = 9;
     },
     ok, ""},
    {"a name server that does not answer, or is not responsible",
     servers({{"ns1.a", txt({"v=STSv1; id=1"})}, {"ns2.a", fake::dns_failure("REFUSED")}}), ok, ""},
    {"no name server answers",
     servers({{"ns1.a", fake::dns_failure("timeout")}, {"ns2.a", fake::dns_failure("REFUSED")}}), ok, ""},
    {"aliases, wherever they lead",
     servers({{"ns1.a", alias_of(txt({"v=STSv1; id=1"}), "x.provider.example")},
              {"ns2.a", alias_of(nxdomain(), "y.provider.example")}}),
     ok, ""},
    {"both names are delegated",
     [](RecordFacts& f) {
       f.record = alias_of(f.record, "_mta-sts.good.example.provider.example");
       f.policy_host = alias_of(address(), "mta-sts.provider.example");
     },
     ok, ""},
    {"aliases within the domain",
     [](RecordFacts& f) { f.record = alias_of(f.record, "_mta-sts.mail.GOOD.example"); }, ok, ""},
    {"an alias of the domain itself",
     [](RecordFacts& f) { f.policy_host = alias_of(address(), "good.example"); }, ok, ""},
    {"the policy host was not found, which is another step's matter",
     [](RecordFacts& f) {
       f.record = alias_of(f.record, "x.provider.example");
       f.policy_host.reset();
     },
     ok, ""},
    {"nobody checked whether it is signed",
     [](RecordFacts& f) {
       f.record.security = Security::insecure;
       f.record.validated = false;
     },
     ok, ""},
    {"this host lacked something",
     [](RecordFacts& f) {
       f.record = fake::dns_failure("no answer in time");
       f.record.local = true;
     },
     StepState::unknown, "_mta-sts.good.example: no answer in time"},
};

}  // namespace

TEST_CASE("the record is judged, with what DNS says about it", "[judge]") {
  for (const Row& row : rows) {
    INFO(row.why);
    RecordFacts facts = good();
    row.change(facts);
    auto judgement = judge_record(facts);
    CHECK(codes(judgement) == row.codes);
    REQUIRE_FALSE(judgement.findings.empty());
    const Finding& first = judgement.findings.front();
    INFO(first.message);
    CHECK(first.severity == row.severity);
    CHECK(first.message.contains(row.says));
    CHECK(first.where == Where{.step = "record"});
    REQUIRE(judgement.steps.size() == 1);
    CHECK(judgement.steps[0].state == row.state);
    CHECK(judgement.steps[0].words.starts_with(name + ": "));
  }
}

TEST_CASE("no false alarm about the record", "[judge]") {
  for (const Silent& row : silent) {
    INFO(row.why);
    RecordFacts facts = good();
    row.change(facts);
    auto judgement = judge_record(facts);
    CHECK(codes(judgement).empty());
    REQUIRE(judgement.steps.size() == 1);
    CHECK(judgement.steps[0].step == "record");
    CHECK(judgement.steps[0].state == row.state);
    CHECK(judgement.steps[0].words.contains(row.words));
  }
}

TEST_CASE("a record at a wrong place is named", "[judge]") {
  RecordFacts facts = good();
  elsewhere("mta-sts.good.example")(facts);
  auto judgement = judge_record(facts);
  CHECK(judgement.findings.back().severity == Severity::error);
  CHECK(judgement.findings.back().message ==
        "an MTA-STS record is at mta-sts.good.example, where no sender looks; it belongs at "
        "_mta-sts.good.example");
}

TEST_CASE("the names at which a record may stand by mistake", "[judge]") {
  CHECK(misplaced_record_names("good.example") ==
        std::vector<std::string>{"good.example", "mta-sts.good.example", "_mta-sts._mta-sts.good.example",
                                 "_mta-sts.good.example.good.example"});
}

TEST_CASE("text of a peer in a finding about the record is printable and short", "[judge]") {
  RecordFacts facts = good();
  std::string text = "v=STSv1; \x1b[2J" + std::string(200, 'x');
  facts.record = alias_of(txt(std::vector<std::string>(30, text)), "\x1b" + std::string(500, 'y'));
  for (int i = 0; i < 8; ++i)
    facts.name_servers.push_back({"\x1b" + std::string(250, 'z'), txt({text + std::to_string(i)})});
  auto judgement = judge_record(facts);
  CHECK(judgement.findings.size() > 1);
  auto plain = [](const std::string& shown) {
    return shown.size() <= 700 && std::ranges::all_of(shown, [](char c) { return c >= ' ' && c <= '~'; });
  };
  CHECK(plain(judgement.steps[0].words));
  for (const Finding& finding : judgement.findings)
    CHECK((plain(finding.message) && plain(finding.evidence)));
}
