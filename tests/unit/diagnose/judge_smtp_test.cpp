#include "diagnose/judge_smtp.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/catalogue.hpp"
#include "tests/unit/diagnose/dialogues.hpp"

using namespace mtasts;
using namespace mtasts::test;

namespace {

using Stage = SmtpStage;
using Trouble = SmtpTrouble;

const std::string mx = "mx.good.example";

// Made once: the addresses of a server show the same certificate.
const SmtpDialogue& good_one() {
  static const SmtpDialogue dialogue = good_dialogue(mx);
  return dialogue;
}

SmtpAddressFacts address(std::string_view text, SmtpDialogue dialogue) {
  return {.address = parse_address(text).value(), .dialogue = std::move(dialogue)};
}

// Nothing is wrong with it.
SmtpFacts good() {
  return {.domain = "good.example",
          .hosts = {{.name = mx,
                     .mode = Mode::enforce,
                     .addresses = {address("203.0.113.1", good_one()), address("2001:db8::1", good_one())}}}};
}

SmtpDialogue& first(SmtpFacts& facts) { return facts.hosts[0].addresses[0].dialogue; }

SmtpDialogue ends(Stage reached, Trouble trouble, std::string detail = {}) {
  return ended(good_one(), reached, trouble, std::move(detail));
}

// All addresses show this chain.
std::function<void(SmtpFacts&)> chain(std::vector<Made> certificates) {
  return [tls = shown(certificates)](SmtpFacts& facts) {
    for (auto& each : facts.hosts[0].addresses) each.dialogue.tls = tls;
  };
}

std::function<void(SmtpFacts&)> certificate(Wanted wanted) { return chain({Made(wanted, &trusted_ca())}); }

// The first address ends so, and another host is like the good one.
std::function<void(SmtpFacts&)> one_ends(SmtpDialogue dialogue) {
  return [dialogue](SmtpFacts& facts) { first(facts) = dialogue; };
}

std::function<void(SmtpFacts&)> reply(Stage reached, SmtpReply SmtpDialogue::* place, SmtpReply what) {
  SmtpDialogue dialogue = ends(reached, Trouble::reply, "the server's words");
  dialogue.*place = std::move(what);
  return one_ends(std::move(dialogue));
}

SmtpDialogue without_starttls() {
  SmtpDialogue dialogue = ends(Stage::ehlo, Trouble::reply, "the server does not offer STARTTLS");
  dialogue.ehlo.lines = {mx, "SIZE 1000"};
  return dialogue;
}

Made intermediate() { return new_authority("Intermediate CA", &trusted_ca()); }

struct Row {
  std::string_view why;
  std::function<void(SmtpFacts&)> change;
  std::vector<std::string> codes;
  Severity severity;      // of the first finding
  std::string_view says;  // part of its message
};

const Severity info = Severity::info, warning = Severity::warning, error = Severity::error;

// With mode enforce, a failure adds that the policy is not met.
std::vector<Row> connection_rows() {
  return {
      {"501 refused",
       one_ends(ends(Stage::none, Trouble::refused, "Connection refused")),
       {"mx-unreachable"},
       warning,
       "mx.good.example[203.0.113.1] can't be reached: Connection refused"},
      {"501 a private address",
       one_ends(ends(Stage::none, Trouble::not_allowed, "10.0.0.1 is special-use")),
       {"mx-private-address"},
       warning,
       "special-use"},
      {"502 greets with 554",
       reply(Stage::connected, &SmtpDialogue::greeting, {554, {"go away"}}),
       {"greeting-failed"},
       warning,
       "greets with 554 go away"},
      {"503 EHLO unknown",
       reply(Stage::greeted, &SmtpDialogue::ehlo, {502, {"what?"}}),
       {"ehlo-refused", "mx-in-policy-fails-tls"},
       error,
       "answers EHLO with 502 what?"},
      {"503 HELO alone",
       [](SmtpFacts& f) {
         first(f) = ends(Stage::greeted, Trouble::reply);
         first(f).ehlo = {500, {"what?"}};
         first(f).helo = {250, {"hello"}};
       },
       {"ehlo-refused", "mx-in-policy-fails-tls"},
       error,
       "accepts HELO alone"},
      {"504 nowhere STARTTLS",
       [](SmtpFacts& f) {
         f.hosts[0].addresses.pop_back();
         first(f) = without_starttls();
       },
       {"starttls-missing", "mx-in-policy-fails-tls"},
       error,
       "does not offer STARTTLS"},
      {"505 STARTTLS at one address",
       one_ends(without_starttls()),
       {"starttls-differs", "mx-in-policy-fails-tls"},
       error,
       "but at 2001:db8::1 it does"},
      {"506 STARTTLS refused",
       reply(Stage::ehlo, &SmtpDialogue::starttls, {454, {"TLS not available"}}),
       {"starttls-refused", "mx-in-policy-fails-tls"},
       error,
       "answers STARTTLS with 454 TLS not available"},
      {"507 an alert",
       one_ends(ends(Stage::starttls, Trouble::tls, "sslv3 alert handshake failure")),
       {"handshake-failed", "mx-in-policy-fails-tls"},
       error,
       "handshake failure"},
      {"507 closes",
       one_ends(ends(Stage::starttls, Trouble::closed, "the server closed the connection")),
       {"handshake-failed", "mx-in-policy-fails-tls"},
       error,
       "closed the connection"},
      {"508 an alert about the version",
       one_ends(ends(Stage::starttls, Trouble::tls, "tlsv1 alert protocol version")),
       {"tls-too-old", "mx-in-policy-fails-tls"},
       error,
       "no TLS 1.2 or 1.3"},
      {"508 an old version agreed on",
       [](SmtpFacts& f) { first(f).tls->version = "TLSv1.1"; },
       {"tls-too-old", "mx-in-policy-fails-tls"},
       error,
       "negotiates TLSv1.1"},
      {"522 text behind the reply to STARTTLS",
       [](SmtpFacts& f) {
         first(f) = ends(Stage::starttls, Trouble::reply);
         first(f).surplus = 17;
       },
       {"starttls-injection", "mx-in-policy-fails-tls"},
       error,
       "17 octets in the clear"},
      {"523 closes after the handshake",
       one_ends(ends(Stage::tls, Trouble::closed, "closed")),
       {"smtp-broken-after-tls", "mx-in-policy-fails-tls"},
       error,
       "after the handshake: closed"},
      {"523 refuses the second EHLO",
       reply(Stage::tls, &SmtpDialogue::ehlo_in_tls, {503, {"no"}}),
       {"smtp-broken-after-tls", "mx-in-policy-fails-tls"},
       error,
       "after the handshake"},
      {"524 IPv6 down",
       [](SmtpFacts& f) {
         f.hosts[0].addresses[1].dialogue = ends(Stage::none, Trouble::timeout, "no answer");
       },
       {"mx-ipv6-unreachable"},
       warning,
       "mx.good.example[2001:db8::1] can't be reached"},
      {"525 insists on a certificate",
       [](SmtpFacts& f) {
         first(f) = ends(Stage::tls, Trouble::tls, "alert certificate required");
         first(f).tls->asks_for_certificate = true;
       },
       {"client-certificate-required", "mx-in-policy-fails-tls"},
       warning,
       "ends the handshake without"},
      {"525 asks for one",
       [](SmtpFacts& f) { first(f).tls->asks_for_certificate = true; },
       {"client-certificate-required"},
       info,
       "goes on without one"},
      {"526 AUTH in the clear",
       [](SmtpFacts& f) { first(f).ehlo.lines.emplace_back("AUTH PLAIN LOGIN"); },
       {"auth-in-clear"},
       warning,
       "offers AUTH before STARTTLS"},
      {"527 not SMTP",
       one_ends(ends(Stage::connected, Trouble::garbage, "not an SMTP reply: \"HTTP/1.1\"")),
       {"smtp-broken"},
       warning,
       "before its greeting: not an SMTP reply"},
      {"527 too long",
       one_ends(ends(Stage::greeted, Trouble::too_long, "the server's replies exceed 64 KiB")),
       {"smtp-broken"},
       warning,
       "after EHLO"},
      {"527 closes",
       one_ends(ends(Stage::ehlo, Trouble::closed, "closed")),
       {"smtp-broken"},
       warning,
       "breaks off after STARTTLS: closed"},
  };
}

std::vector<Row> certificate_rows() {
  return {
      {"509 expired",
       certificate({.ends = now - 1h}),
       {"certificate-expired", "mx-in-policy-fails-tls"},
       error,
       "has a certificate that expired on 2027-03-10T11:00:00Z"},
      {"509 not yet valid",
       certificate({.begins = now + 1h}),
       {"certificate-not-yet-valid", "mx-in-policy-fails-tls"},
       error,
       "not valid before 2027-03-10T13:00:00Z"},
      {"510 another name",
       certificate({.names = "DNS:mx.other.example, DNS:b.example"}),
       {"certificate-name-mismatch", "mx-in-policy-fails-tls"},
       error,
       "names mx.other.example, b.example, but not"},
      {"511 the mail domain",
       certificate({.names = "DNS:good.example"}),
       {"certificate-names-domain-only", "mx-in-policy-fails-tls"},
       error,
       "names good.example, but not the MX host"},
      {"512 self-signed",
       chain({Made({.common_name = mx, .names = "DNS:mx.good.example"})}),
       {"certificate-self-signed", "mx-in-policy-fails-tls"},
       error,
       "is self-signed"},
      {"513 a private CA",
       chain({Made({}, &private_ca()), private_ca()}),
       {"certificate-untrusted", "mx-in-policy-fails-tls"},
       error,
       "CN=Private CA"},
      {"513 a private CA that is not sent",
       [] {
         Made below = new_authority("Below", &private_ca());
         return chain({Made({}, &below), below});
       }(),
       {"certificate-untrusted", "mx-in-policy-fails-tls"},
       error,
       "CN=Private CA"},
      {"514 no intermediate",
       [] {
         Made below = intermediate();
         return chain({Made({}, &below)});
       }(),
       {"certificate-chain-incomplete", "mx-in-policy-fails-tls"},
       error,
       "without that of its issuer"},
      {"515 no subjectAltName",
       certificate({.names = ""}),
       {"certificate-no-san", "mx-in-policy-fails-tls"},
       error,
       "common name \"mx.good.example\""},
      {"516 a wildcard too high",
       certificate({.names = "DNS:*.example"}),
       {"certificate-wildcard-mismatch", "mx-in-policy-fails-tls"},
       error,
       "names *.example"},
      {"516 a part of a label",
       certificate({.names = "DNS:m*.good.example"}),
       {"certificate-wildcard-mismatch", "mx-in-policy-fails-tls"},
       error,
       "names m*.good.example"},
      {"517 addresses",
       certificate({.names = "IP:203.0.113.1"}),
       {"certificate-address-only", "mx-in-policy-fails-tls"},
       error,
       "no DNS name"},
      {"518 five days left",
       certificate({.ends = now + std::chrono::days(5)}),
       {"certificate-expires-soon"},
       warning,
       "expires on 2027-03-15T12:00:00Z"},
      {"519 RSA 1024, which is refused",
       certificate({.key = "RSA 1024"}),
       {"certificate-weak", "mx-in-policy-fails-tls"},
       error,
       "is weak: CN=mx.good.example has the key RSA 1024"},
      {"519 RSA 1024, which is accepted",
       [](SmtpFacts& f) {
         certificate({.key = "RSA 1024"})(f);
         for (auto& each : f.hosts[0].addresses) each.dialogue.tls->untrusted = X509_V_OK;
       },
       {"certificate-weak"},
       warning,
       "RSA 1024"},
      {"519 SHA-1",
       [](SmtpFacts& f) {
         certificate({.digest = "SHA1"})(f);
         for (auto& each : f.hosts[0].addresses) each.dialogue.tls->untrusted = X509_V_OK;
       },
       {"certificate-weak"},
       warning,
       "has the signature"},
      {"520 another without SNI",
       [](SmtpFacts& f) {
         f.hosts[0].addresses[0].without_sni = good_one();
         f.hosts[0].addresses[0].without_sni->tls = shown({certificate_for("elsewhere.example")});
       },
       {"certificate-depends-on-sni"},
       warning,
       "names elsewhere.example, but not the MX host, to clients that do not send SNI"},
      {"520 one that has expired without SNI",
       [](SmtpFacts& f) {
         f.hosts[0].addresses[0].without_sni = good_one();
         f.hosts[0].addresses[0].without_sni->tls = shown({certificate_for(mx, {.ends = now - 1h})});
       },
       {"certificate-depends-on-sni"},
       warning,
       "expired on "},
      {"520 a good one only without SNI",
       [](SmtpFacts& f) {
         certificate({.ends = now - 1h})(f);
         for (auto& each : f.hosts[0].addresses) each.without_sni = good_one();
         f.hosts[0].addresses.resize(1);
       },
       {"certificate-expired", "certificate-depends-on-sni", "mx-in-policy-fails-tls"},
       error,
       ""},
      {"521 one was not renewed",
       [](SmtpFacts& f) { first(f).tls = shown({certificate_for(mx, {.ends = now + 24h})}); },
       {"certificate-expires-soon", "certificates-differ"},
       warning,
       "203.0.113.1"},
      {"521 both are good",
       [](SmtpFacts& f) { first(f).tls = shown({certificate_for(mx)}); },
       {"certificates-differ"},
       info,
       "another certificate than 203.0.113.1"},
      {"407 a fault in what DANE accepts, and a policy",
       [](SmtpFacts& f) {
         certificate({.ends = now - 1h})(f);
         f.hosts[0].dane = true;
         for (auto& each : f.hosts[0].addresses)
           each.dane = {.state = DaneVerdict::State::match, .matched = "3 1 1"};
       },
       {"mx-in-policy-fails-tls"},
       warning,
       "passes DANE, but senders that know only MTA-STS refuse it"},
      {"518 DANE-TA, whose dates count",
       [](SmtpFacts& f) {
         certificate({.ends = now + 24h})(f);
         f.hosts[0].dane = true;
         f.hosts[0].mode = Mode::none;
         for (auto& each : f.hosts[0].addresses)
           each.dane = {.state = DaneVerdict::State::match, .matched = "2 1 1"};
       },
       {"certificate-expires-soon"},
       warning,
       ""},
  };
}

std::vector<std::string> codes(const Judgement& judgement) {
  std::vector<std::string> found;
  for (const Finding& finding : judgement.findings) found.emplace_back(finding.code);
  return found;
}

void check_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.why);
    SmtpFacts facts = good();
    row.change(facts);
    auto judgement = judge_smtp(facts, now);
    CHECK(codes(judgement) == row.codes);
    REQUIRE_FALSE(judgement.findings.empty());
    const Finding& finding = judgement.findings.front();
    INFO(finding.message);
    CHECK(finding.severity == row.severity);
    CHECK(finding.message.contains(row.says));
    CHECK(finding.where.host == mx);
    CHECK(finding.where.port == 25);
    REQUIRE(judgement.steps.size() == 1);
    CHECK(judgement.steps[0].state == (any_fault(judgement.findings) ? StepState::found : StepState::ok));
  }
}

std::function<void(SmtpFacts&)> dane_ee(Wanted wanted) {
  return [wanted](SmtpFacts& facts) {
    chain({Made(wanted)})(facts);
    facts.hosts[0].mode = Mode::none;
    facts.hosts[0].dane = true;
    for (auto& each : facts.hosts[0].addresses)
      each.dane = {.state = DaneVerdict::State::match, .matched = "3 1 1 00"};
  };
}

struct Silent {
  std::string_view why;
  std::function<void(SmtpFacts&)> change;
  StepState state;
  std::string_view words;
};

const std::vector<Silent>& silent_rows() {
  static const std::vector<Silent> rows{
      {"all is well", [](SmtpFacts&) {}, StepState::ok, "203.0.113.1 TLSv1.3, certificate until 2027-05-29"},
      {"TLS 1.2", [](SmtpFacts& f) { first(f).tls->version = "TLSv1.2"; }, StepState::ok, "TLSv1.2"},
      {"no IPv6", [](SmtpFacts& f) { f.hosts[0].addresses.pop_back(); }, StepState::ok, ""},
      {"no IPv6 here",
       [](SmtpFacts& f) {
         f.hosts[0].addresses[1].dialogue = ends(Stage::none, Trouble::local, "Network is unreachable");
       },
       StepState::ok, "2001:db8::1 Network is unreachable"},
      {"self-signed, expired, for another name, and DANE-EE",
       dane_ee({.common_name = "x.example", .names = "DNS:x.example", .ends = now - 24h}), StepState::ok, ""},
      {"expires soon, and DANE-EE", dane_ee({.ends = now + 24h}), StepState::ok, ""},
      {"a wildcard that matches", certificate({.names = "DNS:*.good.example"}), StepState::ok, ""},
      {"an intermediate is sent",
       [] {
         Made below = intermediate();
         return chain({Made({}, &below), below});
       }(),
       StepState::ok, ""},
      {"without SNI another that is good too",
       [](SmtpFacts& f) {
         f.hosts[0].addresses[0].without_sni = good_one();
         f.hosts[0].addresses[0].without_sni->tls = shown({certificate_for(mx)});
       },
       StepState::ok, ""},
      {"without SNI another, where DANE decides",
       [](SmtpFacts& f) {
         f.hosts[0].addresses[0].without_sni = good_one();
         f.hosts[0].addresses[0].without_sni->tls = shown({certificate_for("elsewhere.example")});
         for (auto& each : f.hosts[0].addresses)
           each.dane = {.state = DaneVerdict::State::match, .matched = "3 1 1"};
       },
       StepState::ok, ""},
      {"without SNI no handshake",
       [](SmtpFacts& f) {
         f.hosts[0].addresses[0].without_sni = ends(Stage::starttls, Trouble::timeout, "no answer in time");
       },
       StepState::ok, ""},
      {"without SNI a chain that was cut away",
       [](SmtpFacts& f) {
         f.hosts[0].addresses[0].without_sni = good_one();
         f.hosts[0].addresses[0].without_sni->tls->chain.clear();
         f.hosts[0].addresses[0].without_sni->tls->chain_cut = true;
       },
       StepState::ok, ""},
      {"port 25 is blocked here",
       [](SmtpFacts& f) {
         for (auto& each : f.hosts[0].addresses) each.dialogue = ends(Stage::none, Trouble::timeout);
       },
       StepState::unknown, "port 25 may be blocked where you are"},
      {"421", reply(Stage::connected, &SmtpDialogue::greeting, {421, {"too many connections"}}),
       StepState::unknown, "says 421 too many connections"},
      {"no greeting in the time of a check", one_ends(ends(Stage::connected, Trouble::timeout)),
       StepState::unknown, "sends no greeting in time; senders wait for minutes"},
      {"no reply to EHLO", one_ends(ends(Stage::greeted, Trouble::timeout)), StepState::unknown,
       "breaks off after EHLO"},
      {"no reply to STARTTLS", one_ends(ends(Stage::ehlo, Trouble::timeout)), StepState::unknown,
       "breaks off after STARTTLS"},
      {"no handshake", one_ends(ends(Stage::starttls, Trouble::timeout)), StepState::unknown,
       "fails in the TLS handshake"},
      {"nothing after the handshake", one_ends(ends(Stage::tls, Trouble::timeout)), StepState::unknown,
       "breaks the session"},
      {"421 to EHLO", reply(Stage::greeted, &SmtpDialogue::ehlo, {421, {"busy"}}), StepState::unknown,
       "421 busy"},
      {"EHLO refused", reply(Stage::greeted, &SmtpDialogue::ehlo, {550, {"not from you"}}),
       StepState::unknown, "answers EHLO with 550 not from you"},
      {"421 to STARTTLS", reply(Stage::ehlo, &SmtpDialogue::starttls, {421, {"busy"}}), StepState::unknown,
       "421 busy"},
      {"421 within TLS", reply(Stage::tls, &SmtpDialogue::ehlo_in_tls, {421, {"busy"}}), StepState::unknown,
       "421 busy"},
      {"this host lacks something", one_ends(ends(Stage::none, Trouble::local, "Too many open files")),
       StepState::unknown, "Too many open files"},
      {"no address", [](SmtpFacts& f) { f.hosts[0].addresses.clear(); }, StepState::not_asked, "no address"},
  };
  return rows;
}

}  // namespace

TEST_CASE("faults in the dialogue with a mail server are found", "[judge]") { check_rows(connection_rows()); }
TEST_CASE("faults in the certificate of a mail server are found", "[judge]") {
  check_rows(certificate_rows());
}

TEST_CASE("no false alarm about mail servers", "[judge]") {
  for (const Silent& row : silent_rows()) {
    INFO(row.why);
    SmtpFacts facts = good();
    row.change(facts);
    auto judgement = judge_smtp(facts, now);
    CHECK(codes(judgement).empty());
    REQUIRE(judgement.steps.size() == 1);
    CHECK(judgement.steps[0].host == mx);
    CHECK(judgement.steps[0].state == row.state);
    INFO(judgement.steps[0].words);
    CHECK(judgement.steps[0].words.contains(row.words));
  }
}

TEST_CASE("each finding about mail servers has a row", "[judge]") {
  std::vector<std::string> triggered;
  for (const auto& rows : {connection_rows(), certificate_rows()})
    for (const Row& row : rows) triggered.insert(triggered.end(), row.codes.begin(), row.codes.end());
  for (const CatalogueEntry& entry : catalogue()) {
    if (entry.number / 100 != 5 && entry.number != 407) continue;
    INFO(entry.code);
    CHECK(std::ranges::find(triggered, entry.code) != triggered.end());
  }
}

// What nothing demands makes no delivery fail.
TEST_CASE("how bad a fault is depends on what demands TLS", "[judge]") {
  struct Demand {
    std::string_view why;
    std::optional<Mode> mode;
    bool dane;
    Severity no_starttls, wrong_name;
    bool fails_policy;
  };
  const std::vector<Demand> demands{
      {"enforce", Mode::enforce, false, error, error, true},
      {"testing", Mode::testing, false, warning, warning, true},
      {"none", Mode::none, false, warning, warning, false},
      {"nobody looked", std::nullopt, false, error, error, false},
      {"DANE alone", Mode::none, true, error, warning, false},
  };
  for (const Demand& demand : demands) {
    INFO(demand.why);
    SmtpFacts facts = good();
    facts.hosts[0].mode = demand.mode;
    facts.hosts[0].dane = demand.dane;
    SmtpFacts named = facts;
    facts.hosts[0].addresses.pop_back();
    first(facts) = without_starttls();
    certificate({.names = "DNS:x.example"})(named);
    for (auto [judged, severity] : {std::pair{judge_smtp(facts, now), demand.no_starttls},
                                    std::pair{judge_smtp(named, now), demand.wrong_name}}) {
      REQUIRE_FALSE(judged.findings.empty());
      CHECK(judged.findings[0].severity == severity);
      CHECK((judged.findings.size() == 2) == demand.fails_policy);
    }
  }
}

TEST_CASE("a host that is down beside one that is up is found, and not taken for a blocked port", "[judge]") {
  SmtpFacts facts = good();
  facts.hosts.push_back({.name = "mx2.good.example",
                         .mode = Mode::enforce,
                         .addresses = {address("203.0.113.2", ends(Stage::none, Trouble::timeout))}});
  auto judgement = judge_smtp(facts, now);
  CHECK(codes(judgement) == std::vector<std::string>{"mx-unreachable"});
  REQUIRE(judgement.steps.size() == 2);
  CHECK(judgement.steps[0].state == StepState::ok);
  CHECK(judgement.steps[1].state == StepState::found);
}

TEST_CASE("with implicit TLS the handshake comes first", "[judge]") {
  SmtpFacts facts = good();
  facts.hosts[0].port = 465;
  facts.hosts[0].implicit_tls = true;
  for (auto& each : facts.hosts[0].addresses) each.dialogue.ehlo = each.dialogue.starttls = {};
  CHECK(codes(judge_smtp(facts, now)).empty());
  SmtpFacts failing = facts;
  first(failing) = ended(first(facts), Stage::connected, Trouble::tls, "wrong version number");
  CHECK(codes(judge_smtp(failing, now)).front() == "handshake-failed");
  SmtpFacts greeting = facts;
  first(greeting) = ended(first(facts), Stage::tls, Trouble::reply, "554 no");
  first(greeting).greeting = {554, {"no"}};
  first(greeting).ehlo_in_tls = {};
  CHECK(codes(judge_smtp(greeting, now)) == std::vector<std::string>{"greeting-failed"});
}

TEST_CASE("text of a mail server in a finding is printable and short", "[judge]") {
  SmtpFacts facts = good();
  reply(Stage::connected, &SmtpDialogue::greeting, {554, {"\x1b[2J" + std::string(5000, 'x')}})(facts);
  auto judgement = judge_smtp(facts, now);
  REQUIRE(judgement.findings.size() == 1);
  const std::string& message = judgement.findings[0].message;
  CHECK(message.size() <= 600);
  CHECK(std::ranges::all_of(message, [](char c) { return c >= ' ' && c <= '~'; }));
}

TEST_CASE("dialogues that end before STARTTLS are errors if nobody takes mail", "[judge]") {
  SmtpFacts facts = good();
  auto end_all = [&](const SmtpDialogue& dialogue) {
    for (SmtpHostFacts& host : facts.hosts)
      for (SmtpAddressFacts& each : host.addresses) each.dialogue = dialogue;
  };
  auto severities = [&] {
    std::set<Severity> found;
    for (const Finding& each : judge_smtp(facts, now).findings) found.insert(each.severity);
    return found;
  };
  end_all(ends(Stage::connected, Trouble::garbage, "not an SMTP reply"));
  CHECK(severities() == std::set{error});
  first(facts) = ends(Stage::none, Trouble::refused, "Connection refused");
  CHECK(severities() == std::set{warning, error});
  first(facts) = without_starttls();  // takes mail, in the clear
  facts.hosts[0].mode = Mode::none;
  CHECK(severities() == std::set{warning});
  first(facts) = ends(Stage::connected, Trouble::reply);
  first(facts).greeting = {421, {"later"}};  // may take mail
  CHECK(severities() == std::set{warning});
}

TEST_CASE("a host that sends this client away may take mail from others", "[judge]") {
  SmtpFacts facts = good();
  reply(Stage::connected, &SmtpDialogue::greeting, {554, {"go away"}})(facts);
  for (SmtpAddressFacts& each : facts.hosts[0].addresses) each.dialogue = first(facts);
  Judgement judgement = judge_smtp(facts, now);
  CHECK(judgement.findings[0].severity == warning);
  CHECK(judgement.steps[0].state == StepState::unknown);
  CHECK(judgement.steps[0].words.contains("greets with 554 go away"));
  facts.hosts.push_back(good().hosts[0]);  // takes mail
  judgement = judge_smtp(facts, now);
  CHECK(judgement.findings[0].severity == warning);
  CHECK(judgement.steps[0].state == StepState::found);
}

TEST_CASE("a private address is an error if there is no other", "[judge]") {
  SmtpFacts facts = good();
  facts.hosts[0].addresses.resize(1);
  first(facts) = ends(Stage::none, Trouble::not_allowed, "10.0.0.1 is special-use");
  CHECK(judge_smtp(facts, now).findings.at(0).severity == error);
  facts.hosts[0].addresses.push_back(facts.hosts[0].addresses[0]);
  facts.hosts[0].addresses[1].dialogue = ends(Stage::none, Trouble::timeout);  // port 25 is blocked here
  Judgement judgement = judge_smtp(facts, now);
  CHECK(codes(judgement) == std::vector<std::string>{"mx-private-address"});
  CHECK(judgement.findings.at(0).severity == warning);
  CHECK(judgement.steps.at(0).state == StepState::unknown);
}
