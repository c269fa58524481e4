#include "diagnose/judge_policy_host.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/diagnose/dialogues.hpp"
#include "tests/unit/lookup/fakes.hpp"

using namespace mtasts;
using namespace mtasts::test;

namespace {

using Change = std::function<void(PolicyHostFacts&)>;

const std::string host = "mta-sts.good.example";
const std::string url = "https://mta-sts.good.example/.well-known/mta-sts.txt";
constexpr std::string_view v4_text = "203.0.113.1", v6_text = "2001:db8::1";

DnsAnswer addresses(std::string_view text) {
  Address address = parse_address(text).value();
  DnsAnswer answer;
  answer.kind = DnsAnswer::Kind::data;
  answer.security = DnsAnswer::Security::secure;
  answer.rdata.emplace_back(address.octets.begin(), address.octets.begin() + (address.v6 ? 16 : 4));
  return answer;
}

// What a policy host with this chain shows. The name is judged before the dates, as OpenSSL does.
PolicyHostSeen shown_by(const std::vector<Made>& chain) {
  SmtpTlsFacts tls = shown(chain);
  PolicyHostSeen seen;
  seen.chain = tls.chain;
  seen.untrusted = tls.untrusted;
  seen.untrusted_depth = tls.untrusted_depth;
  seen.untrusted_words = tls.untrusted_words;
  bool trusted = tls.untrusted == X509_V_OK || tls.untrusted == X509_V_ERR_CERT_HAS_EXPIRED;
  if (trusted && !names_host(read_certificate(seen.chain.front()).value(), host)) {
    seen.untrusted = X509_V_ERR_HOSTNAME_MISMATCH;
    seen.untrusted_depth = 0;
    seen.untrusted_words = "hostname mismatch";
  }
  if (seen.untrusted != 0) seen.tls = TlsTrouble::certificate;
  return seen;
}

Made certificate(Wanted wanted = {}) { return certificate_for(host, std::move(wanted)); }

PolicyHostAnswer good_answer() {
  static const PolicyHostSeen seen = shown_by({certificate()});
  PolicyHostAnswer answer{.answer = HttpAnswer{200, "text/plain", fake::body("enforce", 604800)},
                          .seen = seen};
  answer.seen.status = 200;
  return answer;
}

// Nothing is wrong with it.
PolicyHostFacts good() {
  PolicyHostFacts facts;
  facts.domain = "good.example";
  facts.v4 = addresses(v4_text);
  facts.v6 = addresses(v6_text);
  for (std::string_view each : {v4_text, v6_text})
    facts.addresses.push_back({parse_address(each).value(), good_answer()});
  return facts;
}

// The first address answers so.
Change first(std::function<void(PolicyHostAnswer&)> change) {
  return [change](PolicyHostFacts& f) { change(f.addresses[0].answer); };
}

// The first address fails so.
Change fails(FetchStep step, std::string detail, std::function<void(PolicyHostAnswer&)> more = {}) {
  return first([=](PolicyHostAnswer& answer) {
    answer.answer = std::unexpected(FetchError{step, detail});
    if (step < FetchStep::response) answer.seen = {};
    if (more) more(answer);
  });
}

Change all_fail(FetchStep step, std::string detail) {
  return [=](PolicyHostFacts& f) {
    for (auto& each : f.addresses) {
      each.answer.answer = std::unexpected(FetchError{step, detail});
      each.answer.seen = {};
    }
  };
}

Change tls_fails(TlsTrouble trouble) {
  return fails(FetchStep::tls, "OpenSSL's words",
               [trouble](PolicyHostAnswer& answer) { answer.seen.tls = trouble; });
}

// The first address shows this chain.
Change chain(std::vector<Made> certificates) {
  return [seen = shown_by(certificates)](PolicyHostFacts& f) {
    PolicyHostAnswer& answer = f.addresses[0].answer;
    answer.seen = seen;
    if (seen.untrusted != 0)
      answer.answer = std::unexpected(FetchError{FetchStep::tls, "certificate verify failed"});
  };
}

Change status(unsigned code, std::string location = {}) {
  return first([=](PolicyHostAnswer& answer) {
    answer.answer = HttpAnswer{code, "text/html", ""};
    answer.seen.status = code;
    answer.seen.location = location;
  });
}

Change http(std::string type, std::string body) {
  return first([=](PolicyHostAnswer& answer) { answer.answer = HttpAnswer{200, type, body}; });
}

// The A and AAAA lookups end so, and nothing is asked.
Change lookups(const DnsAnswer& answer) {
  return [answer](PolicyHostFacts& f) {
    f.v4 = f.v6 = answer;
    f.addresses.clear();
  };
}

DnsAnswer nxdomain(std::string canonical = {}) {
  DnsAnswer answer = fake::no_data();
  answer.kind = DnsAnswer::Kind::nxdomain;
  answer.canonical = std::move(canonical);
  return answer;
}

// Its addresses can't be chosen, and the one fetch ended so.
Change through_proxy(std::expected<HttpAnswer, FetchError> fetched) {
  return [fetched](PolicyHostFacts& f) {
    f.v4 = addresses("1.2.3.4");  // not one of special use
    f.v6 = fake::no_data();
    f.addresses = {{parse_address("1.2.3.4").value(), not_asked(FetchStep::proxy, "through a proxy")}};
    f.fetched = fetched;
  };
}

std::vector<std::string> codes(const Judgement& judgement) {
  std::vector<std::string> found;
  for (const Finding& finding : judgement.findings) found.emplace_back(finding.code);
  return found;
}

Made intermediate() { return new_authority("Intermediate CA", &trusted_ca()); }

Wanted for_names(std::string names) { return {.common_name = "x", .names = std::move(names)}; }

struct Row {
  std::string_view why;
  Change change;
  std::vector<std::string> codes;
  std::string_view says;          // part of the first message
  std::string_view at = v4_text;  // the address; empty: of no address
  Severity severity = Severity::error;
};

using enum Severity;

const std::vector<Row> rows{
    {"201 NXDOMAIN", lookups(nxdomain()), {"policy-host-no-address"}, "has no address (NXDOMAIN)", ""},
    {"201 neither A nor AAAA",
     lookups(fake::no_data()),
     {"policy-host-no-address"},
     "has no address (no data)",
     ""},
    {"201 the lookup fails",
     lookups(fake::dns_failure("SERVFAIL")),
     {"policy-host-no-address"},
     "the addresses of mta-sts.good.example can't be looked up: SERVFAIL",
     ""},
    {"202 an alias of nothing",
     lookups(nxdomain("gone.github.io")),
     {"policy-host-cname-dangling"},
     "is an alias of gone.github.io, which has no address",
     ""},
    {"203 a private address",
     [](PolicyHostFacts& f) {
       f.v4 = addresses("10.0.0.1");
       f.addresses[0].address = parse_address("10.0.0.1").value();
       f.addresses[0].answer = not_asked(FetchStep::address, "private use");
     },
     {"policy-host-private-address"},
     "has the address 10.0.0.1 (private use)",
     "10.0.0.1"},
    {"203 IPv6 loopback",
     [](PolicyHostFacts& f) {
       f.v6 = addresses("::1");
       f.addresses.pop_back();
     },
     {"policy-host-private-address"},
     "has the address ::1 (loopback)",
     "::1"},
    {"204 refused everywhere",
     all_fail(FetchStep::connect, "Connection refused"),
     {"policy-host-unreachable", "policy-host-unreachable"},
     "mta-sts.good.example can't be reached at 203.0.113.1: Connection refused"},
    {"204 plain HTTP on port 443",
     tls_fails(TlsTrouble::not_tls),
     {"policy-host-plain-http"},
     "does not speak TLS on port 443: OpenSSL's words"},
    {"205 one address is refused",
     fails(FetchStep::connect, "Connection refused"),
     {"policy-host-address-fails"},
     "can't be reached at 203.0.113.1, but at another address: Connection refused",
     v4_text,
     warning},
    {"206 two files",
     http("text/plain", fake::body("testing", 604800)),
     {"policies-differ"},
     "serve 2 different policies",
     "",
     warning},
    {"207 an alert", tls_fails(TlsTrouble::other), {"policy-host-tls-failed"}, "ends the TLS handshake"},
    {"207 only HTTP/2", tls_fails(TlsTrouble::no_http1), {"policy-host-tls-failed"}, "OpenSSL's words"},
    {"207 a client certificate is missed after the handshake",
     fails(FetchStep::response, "tlsv13 alert certificate required"),
     {"policy-host-tls-failed"},
     "certificate required"},
    {"207 TLS 1.1", tls_fails(TlsTrouble::old_version), {"policy-host-tls-too-old"}, "no TLS 1.2 or later"},
    {"208 expired",
     chain({certificate({.ends = now - std::chrono::days(1)})}),
     {"policy-cert-expired"},
     "it ended on 2027-03-09"},
    {"208 an intermediate certificate that has expired",
     [](PolicyHostFacts& f) {
       Made above({.common_name = "Intermediate CA", .ends = now - std::chrono::days(1), .authority = true},
                  &trusted_ca());
       Made leaf({.names = "DNS:" + host}, &above);
       chain({leaf, above})(f);
     },
     {"policy-cert-expired"},
     "that is certificate 1 of the chain"},
    {"208 not yet valid",
     chain({certificate({.begins = now + std::chrono::days(1)})}),
     {"policy-cert-not-yet-valid"},
     "it begins on 2027-03-11"},
    {"209 another name",
     chain({Made(for_names("DNS:good.example,DNS:www.good.example"), &trusted_ca())}),
     {"policy-cert-name-mismatch"},
     "it is for good.example, www.good.example, and must be for mta-sts.good.example"},
    {"209 a wildcard of another depth",
     chain({Made(for_names("DNS:*.example"), &trusted_ca())}),
     {"policy-cert-name-mismatch"},
     "it is for *.example"},
    {"209 an address alone",
     chain({Made(for_names("IP:203.0.113.1"), &trusted_ca())}),
     {"policy-cert-name-mismatch"},
     "it is for no DNS name"},
    {"210 a common name alone",
     chain({Made({.common_name = host, .names = ""}, &trusted_ca())}),
     {"policy-cert-no-san"},
     "must be for mta-sts.good.example"},
    {"211 self-signed",
     chain({Made({.common_name = host, .names = "DNS:" + host})}),
     {"policy-cert-untrusted"},
     "its issuer is CN=mta-sts.good.example"},
    {"211 a private CA, with its chain",
     [](PolicyHostFacts& f) {
       Made above = new_authority("Private Intermediate", &private_ca());
       chain({Made({.names = "DNS:" + host}, &above), above})(f);
     },
     {"policy-cert-untrusted"},
     "its issuer is CN=Private Intermediate"},
    {"211 a weak key",
     chain({certificate({.key = "RSA 1024"})}),
     {"policy-cert-untrusted"},
     "the certificate of mta-sts.good.example at 203.0.113.1 is refused"},
    {"212 the leaf alone",
     [](PolicyHostFacts& f) {
       Made above = intermediate();
       chain({Made({.names = "DNS:" + host}, &above)})(f);
     },
     {"policy-cert-chain-incomplete"},
     "its issuer is CN=Intermediate CA"},
    {"213 five days left",
     chain({certificate({.ends = now + std::chrono::days(5) + 1h})}),
     {"policy-cert-expires-soon"},
     "ends on 2027-03-15, in 5 days",
     v4_text,
     warning},
    {"214 404", status(404), {"http-not-found"}, "HTTP status 404"},
    {"214 410", status(410), {"http-not-found"}, "HTTP status 410"},
    {"215 a redirect",
     status(301, "https://www.good.example/\x1b"),
     {"http-redirect"},
     "it leads to https://www.good.example/\\x1b"},
    {"216 401", status(401), {"http-forbidden"}, "HTTP status 401"},
    {"216 403", status(403), {"http-forbidden"}, "HTTP status 403"},
    {"217 503", status(503), {"http-server-error"}, "HTTP status 503"},
    {"218 204", status(204), {"http-status"}, "HTTP status 204"},
    {"218 206", status(206), {"http-status"}, "HTTP status 206"},
    {"218 something else than HTTP",
     fails(FetchStep::response, "bad version"),
     {"http-status"},
     "gives an answer that can't be read: bad version"},
    {"219 octets",
     http("application/octet-stream", fake::body("enforce", 604800)),
     {"content-type"},
     "must be text/plain"},
    {"219 no type", http("", fake::body("enforce", 604800)), {"content-type-missing"}, "no Content-Type"},
    {"220 gzip",
     fails(FetchStep::response, "the policy is sent in the content coding \"gzip\"",
           [](PolicyHostAnswer& answer) { answer.seen.content_encoding = "gzip"; }),
     {"http-compressed"},
     "is compressed, although nobody asked for that",
     v4_text},
    {"221 65537 octets",
     fails(FetchStep::response, "the policy is larger than 64 KiB",
           [](PolicyHostAnswer& answer) { answer.seen.too_large = true; }),
     {"too-large"},
     "sends more than 64 KiB"},
    {"222 never ends",
     fails(FetchStep::response, "timeout", [](PolicyHostAnswer& answer) { answer.timed_out = true; }),
     {"policy-too-slow"},
     "https://mta-sts.good.example/.well-known/mta-sts.txt at 203.0.113.1 did not answer in time"},
    {"222 stalls in the handshake",
     fails(FetchStep::tls, "timeout",
           [](PolicyHostAnswer& answer) {
             answer.timed_out = true;
             answer.seen.tls = TlsTrouble::other;
           }),
     {"policy-too-slow"},
     "did not answer in time"},
    {"222 ten seconds",
     [](PolicyHostFacts& f) { f.addresses[0].took = slow_policy; },
     {"policy-too-slow"},
     "took 10 s to answer",
     v4_text,
     warning},
    {"223 cut",
     fails(FetchStep::response, "partial message",
           [](PolicyHostAnswer& answer) { answer.seen.cut_short = true; }),
     {"policy-truncated"},
     "ends before all of the policy has come: partial message"},
    {"224 a start page",
     http("text/plain", " \n<!DOCTYPE html><title>\x1b"),
     {"policy-is-web-page"},
     "serves a web page or JSON"},
    {"224 a start page with its type",
     http("text/html", "<html>"),
     {"content-type", "policy-is-web-page"},
     "must be text/plain"},
    {"224 JSON", http("text/plain", "{\"error\":404}"), {"policy-is-web-page"}, "serves a web page or JSON"},
    {"behind a proxy, 404",
     through_proxy(HttpAnswer{404, "text/html", ""}),
     {"http-not-found"},
     "https://mta-sts.good.example/.well-known/mta-sts.txt: HTTP status 404",
     ""},
    {"behind a proxy, a failed handshake",
     through_proxy(std::unexpected(FetchError{FetchStep::tls, "certificate verify failed"})),
     {"policy-host-tls-failed"},
     "fails: certificate verify failed",
     ""},
};

struct Silent {
  std::string_view why;
  Change change;
  StepState state;
  std::string_view words;
};

// Only the address of this index fails, and it is this host that lacks something.
Change not_our_reach(std::size_t index) {
  return [index](PolicyHostFacts& f) {
    FetchError error{FetchStep::connect, "Network is unreachable"};
    error.local = true;
    f.addresses[index].answer.answer = std::unexpected(error);
    f.addresses[index].answer.seen = {};
  };
}

constexpr StepState ok = StepState::ok, unknown = StepState::unknown, not_asked_for = StepState::not_asked;

const std::vector<Silent> silent{
    {"all is well", [](PolicyHostFacts&) {}, ok, "mta-sts.good.example at 203.0.113.1, 2001:db8::1"},
    {"a charset", http("text/plain; charset=utf-8", fake::body("enforce", 604800)), ok, ""},
    {"a type in upper case", http("Text/Plain", fake::body("enforce", 604800)), ok, ""},
    {"line ends of CRLF",
     [](PolicyHostFacts& f) {
       std::string body = fake::body("enforce", 604800);
       for (std::size_t at = 0; (at = body.find('\n', at)) != body.npos; at += 2) body.insert(at, "\r");
       http("text/plain", body)(f);
     },
     ok, ""},
    {"a chain with its intermediate certificate",
     [](PolicyHostFacts& f) {
       Made above = intermediate();
       chain({Made({.names = "DNS:" + host}, &above), above})(f);
     },
     ok, ""},
    {"a wildcard certificate", chain({Made(for_names("DNS:*.good.example"), &trusted_ca())}), ok, ""},
    {"a name in upper case", chain({Made(for_names("DNS:MTA-STS.good.example"), &trusted_ca())}), ok, ""},
    {"fifteen days left", chain({certificate({.ends = now + std::chrono::days(15)})}), ok, ""},
    {"no IPv6 address",
     [](PolicyHostFacts& f) {
       f.v6 = fake::no_data();
       f.addresses.pop_back();
     },
     ok, "mta-sts.good.example at 203.0.113.1"},
    {"the AAAA lookup fails, and IPv4 is fine",
     [](PolicyHostFacts& f) {
       f.v6 = fake::dns_failure("SERVFAIL");
       f.addresses.pop_back();
     },
     ok, ""},
    {"no IPv6 here", not_our_reach(1), ok, "Network is unreachable"},
    {"no IPv4 here", not_our_reach(0), unknown, "Network is unreachable"},
    {"the check's time was over", fails(FetchStep::deadline, "no answer in time"), unknown,
     "no answer in time"},
    {"DNS does not answer here",
     [](PolicyHostFacts& f) {
       DnsAnswer failed = fake::dns_failure("no answer in time");
       failed.local = true;
       lookups(failed)(f);
     },
     unknown, "mta-sts.good.example: no answer in time"},
    {"behind a proxy, all well", through_proxy(HttpAnswer{200, "text/plain", "x"}), ok,
     "not asked one by one"},
    {"behind a proxy that fails",
     through_proxy(std::unexpected(FetchError{FetchStep::proxy, "Connection refused"})), unknown,
     "Connection refused"},
    {"behind a proxy, and nothing was fetched",
     [](PolicyHostFacts& f) {
       through_proxy({})(f);
       f.fetched.reset();
     },
     not_asked_for, ""},
    {"no policy is announced",
     [](PolicyHostFacts& f) {
       f.wanted = false;
       f.addresses.clear();
     },
     not_asked_for, "no record announces a policy"},
};

}  // namespace

TEST_CASE("the policy host is judged at each of its addresses", "[judge]") {
  for (const Row& row : rows) {
    INFO(row.why);
    PolicyHostFacts facts = good();
    row.change(facts);
    auto judgement = judge_policy_host(facts, now);
    CHECK(codes(judgement) == row.codes);
    REQUIRE_FALSE(judgement.findings.empty());
    const Finding& first = judgement.findings.front();
    INFO(first.message);
    CHECK(first.severity == row.severity);
    CHECK(first.message.contains(row.says));
    CHECK(first.where ==
          Where{.step = "policy-host", .host = host, .address = std::string(row.at), .port = 443});
    REQUIRE(judgement.steps.size() == 1);
    CHECK(judgement.steps[0].state == (any_fault(judgement.findings) ? StepState::found : StepState::ok));
  }
}

TEST_CASE("225: a policy at another place is a hint, which changes no state", "[judge]") {
  PolicyHostFacts facts = good();
  facts.places = {PolicyPlace::domain, PolicyPlace::plain_http};
  auto judgement = judge_policy_host(facts, now);
  REQUIRE(codes(judgement) == std::vector<std::string>{"policy-misplaced"});
  CHECK(judgement.findings[0].severity == Severity::info);
  CHECK(judgement.findings[0].message ==
        "a policy is at https://good.example/.well-known/mta-sts.txt and "
        "http://mta-sts.good.example/.well-known/mta-sts.txt, where no sender looks; it belongs at " +
            url);
  CHECK(judgement.steps[0].state == StepState::ok);
}

TEST_CASE("no false alarm about the policy host", "[judge]") {
  for (const Silent& row : silent) {
    INFO(row.why);
    PolicyHostFacts facts = good();
    row.change(facts);
    auto judgement = judge_policy_host(facts, now);
    CHECK(codes(judgement).empty());
    REQUIRE(judgement.steps.size() == 1);
    CHECK(judgement.steps[0].step == "policy-host");
    CHECK(judgement.steps[0].host == host);
    CHECK(judgement.steps[0].state == row.state);
    CHECK(judgement.steps[0].words.contains(row.words));
  }
}

TEST_CASE("text of a peer in a finding about the policy host is printable and short", "[judge]") {
  PolicyHostFacts facts = good();
  std::string text = "\x1b[2J" + std::string(5000, 'x');
  all_fail(FetchStep::response, text)(facts);
  facts.addresses[1].answer = good_answer();
  facts.addresses[1].answer.answer = HttpAnswer{301, text, text};
  facts.addresses[1].answer.seen.location = text;
  auto judgement = judge_policy_host(facts, now);
  CHECK(judgement.findings.size() == 2);
  for (const Finding& finding : judgement.findings) {
    CHECK(finding.message.size() <= 600);
    CHECK(std::ranges::all_of(finding.message, [](char c) { return c >= ' ' && c <= '~'; }));
  }
}
