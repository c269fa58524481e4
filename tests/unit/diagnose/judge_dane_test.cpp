#include "diagnose/judge_dane.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <functional>

#include "core/catalogue.hpp"
#include "core/text.hpp"
#include "tests/unit/x509/made.hpp"

using namespace mtasts;
using std::chrono::days;
using test::Made;
using test::now;
using test::tlsa_of;
using test::Wanted;

namespace {

using Kind = DnsAnswer::Kind;
using Security = DnsAnswer::Security;
using Change = std::function<void(DaneFacts&)>;

constexpr const char* first_host = "mx1.good.example";

// Everything that the rows need, made once.
struct World {
  Made root = test::new_authority("Root CA");
  Made authority = test::new_authority("Issuing CA", &root);
  Made leaf = issued({.names = "DNS:mx1.good.example,DNS:mx2.good.example"});
  Made next = issued({});
  Made self_signed{Wanted{.names = "DNS:mx1.good.example"}};
  Made expired = issued({.names = "DNS:mx1.good.example", .begins = now - days(90), .ends = now - days(1)});
  Made early = issued({.names = "DNS:mx1.good.example", .begins = now + days(1)});
  Made misnamed = issued({.names = "DNS:mail.good.example"});
  Made unnamed = issued({.common_name = "mx9.good.example", .names = ""});

  Made issued(const Wanted& wanted) const { return Made(wanted, &authority); }
};

const World& world() {
  static const World all;
  return all;
}

DnsAnswer records(std::vector<std::string> rdata, Security security = Security::secure) {
  return {.kind = Kind::data, .security = security, .reason = {}, .canonical = {}, .rdata = std::move(rdata)};
}

DnsAnswer denial(Kind kind = Kind::no_data, Security security = Security::secure) {
  return {.kind = kind, .security = security, .reason = {}, .canonical = {}, .rdata = {}};
}

DnsAnswer failure(std::string reason, Security security = Security::insecure) {
  return {
      .kind = Kind::failed, .security = security, .reason = std::move(reason), .canonical = {}, .rdata = {}};
}

SeenChain shown(const char* address, const std::vector<Made>& chain, bool cut = false) {
  SeenChain seen{.address = address, .chain = {}, .cut = cut};
  for (const Made& made : chain) seen.chain.push_back(made.der());
  return seen;
}

DaneHostFacts good_host(const char* name, const char* address) {
  const World& w = world();
  DaneHostFacts host{
      .host = name, .addresses = {}, .base = name, .tlsa = {}, .chains = {}, .sts_accepts = true};
  host.addresses.state = AddressFinding::State::secure;
  host.addresses.bases = {name};
  host.tlsa = records({tlsa_of(3, 1, 1, w.leaf), tlsa_of(3, 1, 1, w.next)});
  host.chains = {shown(address, {w.leaf, w.authority})};
  return host;
}

// Two hosts with the record of the key in use and of the next one.
DaneFacts good() {
  DaneFacts facts{.domain = "good.example", .mx = {}, .mx_alias = {}, .hosts = {}, .strays = {}};
  facts.mx.state = MxState::secure;
  facts.hosts = {good_host(first_host, "192.0.2.1"), good_host("mx2.good.example", "192.0.2.2")};
  return facts;
}

Change tlsa(DnsAnswer answer) {
  return [=](DaneFacts& facts) { facts.hosts.front().tlsa = answer; };
}

Change presents(const std::vector<Made>& chain, const std::vector<std::string>& rdata) {
  return [=](DaneFacts& facts) {
    facts.hosts.front().chains = {shown("192.0.2.1", chain)};
    facts.hosts.front().tlsa = records(rdata);
  };
}

Change stray(const char* name, const char* host) {
  return [=](DaneFacts& facts) {
    facts.strays = {{.name = name, .host = host, .rdata = {tlsa_of(3, 1, 1, world().leaf)}}};
  };
}

// No host has TLSA records at the right name.
void no_tlsa(DaneFacts& facts) {
  for (DaneHostFacts& host : facts.hosts) host.tlsa = denial(Kind::nxdomain);
}

Change both(const Change& first, const Change& second) {
  return [=](DaneFacts& facts) {
    first(facts);
    second(facts);
  };
}

Judgement judged(const Change& change) {
  DaneFacts facts = good();
  change(facts);
  return judge_dane(facts, now);
}

std::vector<std::string> codes(const Judgement& judgement) {
  std::vector<std::string> all;
  for (const Finding& finding : judgement.findings) all.emplace_back(finding.code);
  std::ranges::sort(all);
  return all;
}

const CheckStep& step_of(const Judgement& judgement, std::string_view host) {
  return *std::ranges::find(judgement.steps, host, &CheckStep::host);
}

std::string sha256_record(const Made& made) { return tlsa_of(3, 1, 1, made); }

}  // namespace

TEST_CASE("a good domain has no findings", "[diagnose]") {
  Judgement judgement = judged([](DaneFacts&) {});
  CHECK(codes(judgement).empty());
  REQUIRE(judgement.steps.size() == 2);
  for (const CheckStep& step : judgement.steps) {
    CHECK(step.step == "dane");
    CHECK(step.state == StepState::ok);
    CHECK(step.words.starts_with("2 TLSA records; the certificate matches 3 1 1 "));
  }
}

TEST_CASE("each fault of DANE is found, and nothing else", "[diagnose]") {
  struct Row {
    const char* why;
    Change change;
    std::vector<std::string> codes;
    StepState state;     // of the first host, or of the only step
    std::string says{};  // a part of the first finding's message
    std::string host = first_host;
  };
  const World& w = world();
  const std::string anchor = tlsa_of(2, 1, 1, w.authority), other = tlsa_of(2, 1, 1, w.root);
  const std::vector<std::string> current{sha256_record(w.leaf), sha256_record(w.next)};
  using std::vector;
  auto row = GENERATE_COPY(Catch::Generators::values<Row>({
      {"701: the host's zone is not signed, the records are there",
       [](DaneFacts& f) {
         for (DaneHostFacts& host : f.hosts) {
           host.addresses.state = AddressFinding::State::insecure;
           host.tlsa->security = Security::insecure;
         }
       },
       {"tlsa-unsigned", "tlsa-unsigned"}, StepState::found, "mx1.good.example has 2 TLSA records"},
      {"701: the records are behind an alias to an unsigned zone",
       [](DaneFacts& f) {
         for (DaneHostFacts& host : f.hosts) host.tlsa->security = Security::insecure;
       },
       {"tlsa-unsigned", "tlsa-unsigned"}, StepState::found},
      {"701: the MX records are not signed", [](DaneFacts& f) { f.mx.state = MxState::insecure; },
       {"tlsa-unsigned"}, StepState::ok, "the MX records of good.example are not signed", ""},
      {"702: the MX is bogus",
       [](DaneFacts& f) {
         f.mx = {.trouble = MxTrouble::bogus, .detail = "MX good.example: DNSSEC bogus", .hosts = {}};
         f.hosts.clear();
       },
       {"dnssec-bogus"}, StepState::found, "the MX records of good.example fail", ""},
      {"702: the addresses are bogus",
       [](DaneFacts& f) {
         f.hosts.front().addresses = {.state = AddressFinding::State::failed, .detail = "A mx1.good.example: DNSSEC bogus", .bogus = true, .bases = {}};
         f.hosts.front().tlsa.reset();
       },
       {"dnssec-bogus"}, StepState::found, "the addresses of mx1.good.example"},
      {"702: the TLSA answer is bogus", tlsa(failure("DNSSEC bogus: no keys", Security::bogus)), {"dnssec-bogus"}, StepState::found,
       "the answer about TLSA records of mx1.good.example"},
      {"702: a bogus answer comes with data", tlsa(records(current, Security::bogus)), {"dnssec-bogus"}, StepState::found},
      {"703: TLSA questions fail", tlsa(failure("SERVFAIL")), {"tlsa-lookup-failed"}, StepState::found, "even if it has none"},
      {"703: TLSA questions are not answered", tlsa(failure("timeout after 5 s")), {"tlsa-lookup-failed"}, StepState::found},
      {"704: the record of an earlier key", tlsa(records({sha256_record(w.next), sha256_record(w.misnamed)})),
       {"dane-contradicts-sts", "tlsa-mismatch"}, StepState::found, "no TLSA record of mx1.good.example matches"},
      {"704: so it is without a policy",
       both(tlsa(records({sha256_record(w.next)})), [](DaneFacts& f) { f.hosts.front().sts_accepts.reset(); }),
       {"tlsa-mismatch"}, StepState::found},
      {"704: at the second address only",
       [](DaneFacts& f) {
         f.hosts.front().sts_accepts = false;
         f.hosts.front().chains.push_back(shown("192.0.2.9", {world().misnamed}));
       },
       {"tlsa-mismatch"}, StepState::found, "at 192.0.2.9"},
      {"704: the trust anchor of another CA",
       both(presents({w.leaf, w.authority}, {other}), [](DaneFacts& f) { f.hosts.front().sts_accepts = false; }),
       {"tlsa-mismatch"}, StepState::found, "send that CA's certificate too"},
      {"704: by a trust anchor, but expired",
       both(presents({w.expired, w.authority}, {anchor}), [](DaneFacts& f) { f.hosts.front().sts_accepts = false; }),
       {"tlsa-mismatch"}, StepState::found, "certificate has expired"},
      {"705: PKIX-EE", tlsa(records({tlsa_of(1, 1, 1, w.leaf)})), {"tlsa-unusable", "usage-pkix"}, StepState::found},
      {"705: usage 4", tlsa(records({tlsa_of(4, 1, 1, w.leaf)})), {"tlsa-unusable", "usage-unknown"}, StepState::found},
      {"705: selector 2", tlsa(records({tlsa_of(3, 2, 1, w.leaf)})), {"selector-unknown", "tlsa-unusable"}, StepState::found},
      {"705: matching type 3", tlsa(records({"\3\1\3 abc"})), {"matching-unknown", "tlsa-unusable"}, StepState::found},
      {"705: a short digest", tlsa(records({"\3\1\1\xAB\xCD"})), {"digest-length", "tlsa-unusable"}, StepState::found},
      {"705: not a certificate", tlsa(records({std::string("\3\1\0\xAB\xCD", 5)})), {"data-not-der", "tlsa-unusable"}, StepState::found},
      {"705: of the shape of a certificate, but not one",
       tlsa(records({std::string("\3\0\0\x30\x16\x30\x07\0\0\0\0\0\0\0\x30\x05\x06\x03\x2a\x03\x04\x03\x04\0\x11\x22\x33", 27)})),
       {"full-data", "tlsa-unusable", "whole-certificate"}, StepState::found},
      {"705: cut short", tlsa(records({"\3\1\1"})), {"syntax", "tlsa-unusable"}, StepState::found},
      {"705: an unusable record beside good ones", tlsa(records({current[0], current[1], tlsa_of(1, 1, 1, w.leaf)})),
       {"usage-pkix"}, StepState::found},
      {"705: a longer digest", tlsa(records({tlsa_of(3, 1, 2, w.leaf), tlsa_of(3, 1, 2, w.next)})), {"sha512", "sha512"}, StepState::ok},
      {"705: a whole key", tlsa(records({tlsa_of(3, 1, 0, w.leaf), current[1]})), {"full-data"}, StepState::ok},
      {"706: whole certificates", tlsa(records({tlsa_of(3, 0, 1, w.leaf), tlsa_of(3, 0, 1, w.next)})),
       {"whole-certificate", "whole-certificate"}, StepState::ok},
      {"706: beside a record that lasts it does no harm", tlsa(records({tlsa_of(3, 0, 1, w.leaf), current[0]})), {}, StepState::ok},
      {"707: the CA is not sent",
       both(presents({w.leaf}, {anchor}), [](DaneFacts& f) { f.hosts.front().sts_accepts = false; }),
       {"ta-not-sent"}, StepState::found, "sends only its own certificate, issued by \"CN=Issuing CA\""},
      {"707: a whole CA certificate in the record need not be sent", presents({w.leaf}, {tlsa_of(2, 0, 0, w.authority)}), {"full-data"}, StepState::ok},
      {"708: the name is wrong",
       both(presents({w.misnamed, w.authority}, {anchor}), [](DaneFacts& f) { f.hosts.front().sts_accepts = false; }),
       {"ta-name-mismatch"}, StepState::found, "is for mail.good.example"},
      {"708: there is no name",
       both(presents({w.unnamed, w.authority}, {anchor}), [](DaneFacts& f) { f.hosts.front().sts_accepts = false; }),
       {"ta-name-mismatch"}, StepState::found, "is for no DNS name"},
      {"708: the name of the domain will do if the MX is signed",
       presents({w.issued({.names = "DNS:good.example"}), w.authority}, {anchor}), {}, StepState::ok},
      {"708: and where the domain is an alias, what it leads to",
       both(presents({w.issued({.names = "DNS:real.example"}), w.authority}, {anchor}), [](DaneFacts& f) { f.mx_alias = "real.example"; }), {}, StepState::ok},
      {"709: one host has none", [](DaneFacts& f) { f.hosts.back().tlsa = denial(); }, {"tlsa-on-some-mx"}, StepState::ok,
       "mx2.good.example has no usable, signed TLSA records, while other MX hosts have them", ""},
      {"709: one host's zone is not signed",
       [](DaneFacts& f) {
         f.hosts.back().addresses.state = AddressFinding::State::insecure;
         f.hosts.back().tlsa.reset();
       },
       {"tlsa-on-some-mx"}, StepState::ok, "", ""},
      {"710: at the domain", both(no_tlsa, stray("_25._tcp.good.example", "")), {"tlsa-misplaced"}, StepState::ok,
       "belong at _25._tcp.mx1.good.example", ""},
      {"710: for the wrong port", both(no_tlsa, stray("_443._tcp.mx1.good.example", first_host)), {"tlsa-misplaced"}, StepState::ok},
      {"711: one record", tlsa(records({current[0]})), {"tlsa-no-rollover"}, StepState::ok},
      {"711: a trust anchor needs no second", presents({w.leaf, w.authority}, {anchor}), {}, StepState::ok},
      {"713: the resolver does not validate", [](DaneFacts& f) { f.resolver_validates = false; },
       {"resolver-not-validating"}, StepState::unknown, "", ""},
      {"714: expired", presents({w.expired}, {sha256_record(w.expired), current[1]}), {"certificate-for-dane-only"}, StepState::ok, "expired on 2027-03-09T12:00:00Z"},
      {"714: not yet valid", presents({w.early}, {sha256_record(w.early), current[1]}), {"certificate-for-dane-only"}, StepState::ok, "is valid only from 2027-03-11"},
      {"714: another name", presents({w.misnamed}, {sha256_record(w.misnamed), current[1]}), {"certificate-for-dane-only"}, StepState::ok, "does not name the host"},
  }));
  INFO(row.why);
  Judgement judgement = judged(row.change);
  CHECK(codes(judgement) == row.codes);
  CHECK(judgement.steps.front().state == row.state);
  for (const Finding& finding : judgement.findings) {
    CHECK(find_code(finding.code) != nullptr);
    CHECK(finding.where.step == "dane");
    CHECK(std::ranges::all_of(finding.message + finding.evidence, is_printable));
  }
  if (row.codes.empty()) return;
  const Finding& first = judgement.findings.front();
  CHECK(first.where.host == row.host);
  INFO(first.message);
  CHECK(first.message.find(row.says) != std::string::npos);
}

TEST_CASE("710: records for HTTPS may be right where they are, so that is a remark", "[diagnose]") {
  auto severity = [](const char* at, const char* host) {
    Judgement judgement = judged(both(no_tlsa, stray(at, host)));
    REQUIRE(codes(judgement) == std::vector<std::string>{"tlsa-misplaced"});
    return judgement.findings.front().severity;
  };
  CHECK(severity("_443._tcp.mx1.good.example", "mx1.good.example") == Severity::info);
  CHECK(severity("_25._tcp.good.example", "") == Severity::error);
}

TEST_CASE("what is not a fault of DANE is silent", "[diagnose]") {
  struct Row {
    const char* why;
    Change change;
    StepState state;
  };
  const World& w = world();
  auto row = GENERATE_COPY(Catch::Generators::values<Row>({
      {"false alarm 13: self-signed under DANE-EE",
       presents({w.self_signed}, {sha256_record(w.self_signed), sha256_record(w.next)}), StepState::ok},
      {"no TLSA records", no_tlsa, StepState::ok},
      {"no TLSA records, and no such name",
       [](DaneFacts& f) {
         for (DaneHostFacts& host : f.hosts) host.tlsa = denial(Kind::nxdomain, Security::insecure);
       },
       StepState::ok},
      {"DANE-13: TLSA questions fail in an unsigned zone",
       [](DaneFacts& f) {
         for (DaneHostFacts& host : f.hosts) {
           host.addresses.state = AddressFinding::State::insecure;
           host.tlsa = failure("SERVFAIL");
         }
       },
       StepState::ok},
      {"the MX lookup failed",
       [](DaneFacts& f) {
         f.mx = {.trouble = MxTrouble::failed, .detail = "MX good.example: SERVFAIL", .hosts = {}};
         f.hosts.clear();
       },
       StepState::unknown},
      {"a null MX",
       [](DaneFacts& f) {
         f.mx.state = MxState::null_mx;
         f.hosts.clear();
       },
       StepState::not_asked},
      {"the addresses can't be looked up",
       [](DaneFacts& f) {
         f.hosts.front().addresses = {
             .state = AddressFinding::State::failed, .detail = "A: timeout", .bases = {}};
       },
       StepState::unknown},
      {"the host has no address",
       [](DaneFacts& f) {
         f.hosts.front().addresses = {.state = AddressFinding::State::none, .detail = {}, .bases = {}};
       },
       StepState::not_asked},
      {"this host lacked something",
       [](DaneFacts& f) {
         f.hosts.front().tlsa = failure("no descriptor");
         f.hosts.front().tlsa->local = true;
       },
       StepState::unknown},
      {"nobody validated the answer", [](DaneFacts& f) { f.hosts.front().tlsa->validated = false; },
       StepState::unknown},
      {"nobody asked", [](DaneFacts& f) { f.hosts.front().tlsa.reset(); }, StepState::not_asked},
      {"no certificate was seen", [](DaneFacts& f) { f.hosts.front().chains.clear(); }, StepState::unknown},
      {"the chain was cut before the trust anchor",
       both(presents({w.leaf}, {tlsa_of(2, 1, 1, w.authority)}),
            [](DaneFacts& f) { f.hosts.front().chains.front().cut = true; }),
       StepState::unknown},
      {"a certificate that can't be read",
       [](DaneFacts& f) { f.hosts.front().chains.front().chain = {"junk"}; }, StepState::unknown},
      {"records of a web server beside those of mail", stray("_443._tcp.mx1.good.example", first_host),
       StepState::ok},
      {"records of the domain's own server beside those of the MX hosts", stray("_25._tcp.good.example", ""),
       StepState::ok},
      {"records of a web server with another certificate",
       both(no_tlsa,
            [](DaneFacts& f) {
              f.strays = {{.name = "_443._tcp.mx1.good.example",
                           .host = first_host,
                           .rdata = {sha256_record(world().next)}}};
            }),
       StepState::ok},
      {"DANE fails, and the policy refuses the host anyway",
       [](DaneFacts& f) { f.hosts.front().sts_accepts = false; }, StepState::ok},
  }));
  INFO(row.why);
  Judgement judgement = judged(row.change);
  CHECK(codes(judgement).empty());
  CHECK(judgement.steps.front().state == row.state);
}

TEST_CASE("704 gives the record in DNS and the one that the certificate would match", "[diagnose]") {
  const World& w = world();
  Judgement judgement = judged(tlsa(records({sha256_record(w.next)})));
  REQUIRE(codes(judgement) == std::vector<std::string>{"dane-contradicts-sts", "tlsa-mismatch"});
  const Finding& finding = judgement.findings.front();
  std::string published = tlsa_text(*decode_tlsa(sha256_record(w.next)));
  CHECK(finding.message.find(published) != std::string::npos);
  CHECK(finding.message.find(tlsa_text(*decode_tlsa(sha256_record(w.leaf)))) != std::string::npos);
  CHECK(finding.evidence == "_25._tcp.mx1.good.example TLSA " + published);
  CHECK(finding.where.address == "192.0.2.1");
  CHECK(finding.severity == Severity::error);
}

TEST_CASE("an unusable record is an error alone, and a warning beside one that is usable", "[diagnose]") {
  const World& w = world();
  std::string unusable = tlsa_of(1, 1, 1, w.leaf);
  auto severity = [](const Judgement& judgement) {
    return std::ranges::find(judgement.findings, "usage-pkix", &Finding::code)->severity;
  };
  CHECK(severity(judged(tlsa(records({unusable})))) == Severity::error);
  CHECK(severity(judged(tlsa(records({unusable, sha256_record(w.leaf)})))) == Severity::warning);
}

TEST_CASE("addresses with the same chain are judged together", "[diagnose]") {
  Judgement judgement = judged([](DaneFacts& f) {
    auto& host = f.hosts.front();
    host.tlsa = records({sha256_record(world().misnamed)});
    host.sts_accepts.reset();
    host.chains.push_back(host.chains.front());
    host.chains.back().address = "2001:db8::1";
  });
  REQUIRE(codes(judgement) == std::vector<std::string>{"tlsa-mismatch"});
  CHECK(judgement.findings.front().message.find("at 192.0.2.1 and 2001:db8::1:") != std::string::npos);
}

TEST_CASE("a match at one address does not hide what is unknown at another", "[diagnose]") {
  Judgement judgement = judged(
      [](DaneFacts& f) { f.hosts.front().chains.push_back({.address = "192.0.2.9", .chain = {"junk"}}); });
  CHECK(step_of(judgement, first_host).state == StepState::unknown);
  CHECK(step_of(judgement, "mx2.good.example").state == StepState::ok);
}

TEST_CASE("a failed host does not count as one without TLSA records", "[diagnose]") {
  CHECK(codes(judged([](DaneFacts& f) { f.hosts.back().tlsa = failure("SERVFAIL"); })) ==
        std::vector<std::string>{"tlsa-lookup-failed"});
  CHECK(codes(judged(both(no_tlsa, both(stray("_25._tcp.good.example", ""), tlsa(failure("SERVFAIL")))))) ==
        std::vector<std::string>{"tlsa-lookup-failed"});
}

TEST_CASE("a thousand records and names of any octets give a bounded, printable judgement", "[diagnose]") {
  Judgement judgement = judged([](DaneFacts& f) {
    auto& host = f.hosts.front();
    host.host = host.base = "evil\x1B[31m.example";
    host.tlsa = records(std::vector<std::string>(1000, "\1\1\1\xFF"));
    f.domain = "\n";
    f.mx_alias = std::string(5000, '\xFF');
  });
  CHECK(judgement.findings.size() < 60);
  for (const Finding& finding : judgement.findings) {
    CHECK(finding.message.size() < 1500);
    CHECK(std::ranges::all_of(finding.message + finding.evidence + finding.where.host, is_printable));
  }
}
