#include "diagnose/prediction.hpp"

#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/decide.hpp"
#include "core/reply.hpp"
#include "tests/unit/diagnose/dialogues.hpp"
#include "tests/unit/lists.hpp"

using namespace mtasts;
using namespace mtasts::test;

namespace {

const PredictedPostfix postfix37{.version = {.major = 3, .minor = 7, .patch = 11},
                                 .main_level = TlsLevel::dane};
const PredictedPostfix postfix310{.version = {.major = 3, .minor = 10, .patch = 13},
                                  .main_level = TlsLevel::dane};

// An MX host of the lab (tests/lab/rows.py): the kind says what is wrong with it.
struct LabHost {
  std::string name;
  std::string_view kind = "good";
  unsigned preference = 10;
  std::string_view tlsa = "";  // one word for each record; "failed": the lookup fails
  HostAddresses found = HostAddresses::known;
};

const Made& another_key() {
  static const Made made{Wanted{}};
  return made;
}

// The chain that a host of a kind shows, and the CA whose TLSA records it may have.
std::vector<Made> chain_of(const LabHost& host, std::string_view borrowed) {
  Wanted wanted{.common_name = host.name, .names = "DNS:" + host.name};
  auto named = [&](const std::string& name) {
    wanted.common_name = name;
    wanted.names = "DNS:" + name;
  };
  if (host.kind == "wrong-name" || host.kind == "dubious" || host.kind == "private-ca-name")
    named("elsewhere.example");
  if (host.kind == "borrowed") named(std::string(borrowed));
  if (host.kind == "expired" || host.kind == "dubious") wanted.ends = now - 24h;
  if (host.kind == "self-signed" || host.kind == "dubious") return {Made(wanted)};
  if (host.kind == "private-ca-only") return {Made(wanted, &private_ca())};
  if (host.kind.starts_with("private-ca")) return {Made(wanted, &private_ca()), private_ca()};
  return {Made(wanted, &trusted_ca())};
}

std::string tlsa_record(std::string_view word, const Made& leaf) {
  if (word == "match") return tlsa_of(3, 1, 1, leaf);
  if (word == "wrong") return tlsa_of(3, 1, 1, another_key());
  if (word == "sha512") return tlsa_of(3, 1, 2, leaf);
  if (word == "wrong-sha512") return tlsa_of(3, 1, 2, another_key());
  if (word == "spki") return tlsa_of(3, 1, 0, leaf);
  if (word == "ta") return tlsa_of(2, 1, 1, private_ca());
  if (word == "ta-full") return tlsa_of(2, 0, 0, private_ca());
  return tlsa_of(1, 1, 1, leaf);  // unusable
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find(' ', at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

SmtpDialogue dialogue_of(const LabHost& host, const std::vector<Made>& chain) {
  SmtpDialogue dialogue = good_dialogue(host.name);
  dialogue.tls = shown(chain);
  if (host.kind == "down")
    return ended(dialogue, SmtpStage::none, SmtpTrouble::refused, "Connection refused");
  if (host.kind == "silent")
    return ended(dialogue, SmtpStage::none, SmtpTrouble::timeout, "no answer in time");
  if (host.kind != "no-starttls") return dialogue;
  dialogue = ended(dialogue, SmtpStage::ehlo, SmtpTrouble::reply, "the server does not offer STARTTLS");
  dialogue.ehlo.lines.pop_back();
  return dialogue;
}

HostTlsa tlsa_state(std::string_view tlsa) {
  if (tlsa.empty()) return HostTlsa::none;
  if (tlsa == "failed") return HostTlsa::failed;
  return tlsa == "unusable" ? HostTlsa::unusable : HostTlsa::usable;
}

PredictedHost host_of(const LabHost& host, std::string_view domain, std::string_view borrowed) {
  PredictedHost made{
      .name = host.name, .preference = host.preference, .found = host.found, .tlsa = tlsa_state(host.tlsa)};
  if (host.found != HostAddresses::known) return made;
  auto chain = chain_of(host, borrowed);
  SmtpAddressFacts facts{.address = parse_address("203.0.113.1").value(),
                         .dialogue = dialogue_of(host, chain)};
  std::vector<std::string> records;
  for (const std::string& word : words_of(host.tlsa)) records.push_back(tlsa_record(word, chain.front()));
  if (made.tlsa == HostTlsa::usable && facts.dialogue.tls)
    facts.dane =
        verify_dane(facts.dialogue.tls->chain, records, std::vector{host.name, std::string(domain)}, now);
  made.addresses.push_back(std::move(facts));
  return made;
}

// The reply that mtastsd gives for a verdict. mx: of the policy, by '\n'; empty: the hosts' names.
std::string reply_for(Verdict verdict, std::string_view domain, const std::string& mx, Dialect dialect) {
  Policy policy{.mode = Mode::enforce, .max_age = 86'400, .mx = mx_list(mx), .lines = {}};
  PolicyView seen = view(policy);
  Decision decision;
  decision.verdict = verdict;
  decision.policy = &seen;
  std::string reply;
  append_reply(reply, dialect, DomainName::parse(domain).value(), decision);
  return reply;
}

struct Said {
  Outcome outcome;
  std::string_view reason;  // a part of the words
};

// What the lab's Postfixes did, as their logs say.
struct LabRow {
  std::string_view name;  // of the domain, below .example
  Verdict verdict;
  std::vector<LabHost> hosts;
  Said with37;
  Said with310{};  // no reason: as with37
  bool is_signed = true;
  std::string mx = "";
  MxAnswer answer = MxAnswer::found;
};

constexpr Outcome verified = Outcome::delivered_verified, unverified = Outcome::delivered_unverified,
                  deferred = Outcome::deferred, bounced = Outcome::bounced;
constexpr Verdict secure = Verdict::secure, none = Verdict::not_found, dane = Verdict::dane,
                  dane_only = Verdict::dane_only, temp = Verdict::temp;
constexpr bool without_dnssec = false;

const Said not_verified{deferred, "Server certificate not verified"};
const Said no_server{deferred, "server unavailable or unable to receive mail"};
const Said bad_reply{deferred, "client TLS configuration problem"};

std::vector<LabRow> policy_rows() {
  return {
      {"good",
       secure,
       {{"mx.good.example"}},
       {verified, "Verified TLS connection established to mx.good.example["}},
      {"wildcard-mx",
       secure,
       {{"mx.wildcard-mx.example"}},
       {verified, "Verified"},
       {},
       without_dnssec,
       "*.wildcard-mx.example"},
      {"no-mx",
       secure,
       {{"no-mx.example"}},
       {verified, "Verified TLS connection established to no-mx.example["},
       {},
       without_dnssec},
      {"backup-mx",
       secure,
       {{"mx1.backup-mx.example", "no-starttls", 10}, {"mx2.backup-mx.example", "good", 20}},
       {verified, "Verified TLS connection established to mx2.backup-mx.example["},
       {},
       without_dnssec},
      {"under_score",
       secure,
       {{"under_score.example"}},
       {verified, "Verified"},
       {},
       without_dnssec,
       "*.example"},
      {"mx-wrong-name",
       secure,
       {{"mx.mx-wrong-name.example", "wrong-name"}},
       not_verified,
       {},
       without_dnssec},
      {"mx-expired", secure, {{"mx.mx-expired.example", "expired"}}, not_verified, {}, without_dnssec},
      {"mx-self-signed",
       secure,
       {{"mx.mx-self-signed.example", "self-signed"}},
       not_verified,
       {},
       without_dnssec},
      {"no-starttls",
       secure,
       {{"mx.no-starttls.example", "no-starttls"}},
       {deferred, "TLS is required, but was not offered by host mx.no-starttls.example[203.0.113.1]"},
       {},
       without_dnssec},
      {"mx-not-in-policy",
       secure,
       {{"mx.mx-not-in-policy.example"}},
       not_verified,
       no_server,
       without_dnssec,
       "mail.mx-not-in-policy.example"},
      {"policy-mx-addresses", temp, {{"mx.policy-mx-addresses.example"}}, bad_reply, {}, without_dnssec},
      {"wildcard-deep",
       secure,
       {{"a.b.wildcard-deep.example"}},
       {verified, "Verified"},
       no_server,
       without_dnssec,
       "*.wildcard-deep.example"},
      {"mx-borrowed",
       secure,
       {{"mx.mx-borrowed.example", "borrowed"}},
       {verified, "Verified"},
       no_server,
       without_dnssec,
       "mail.mx-borrowed.example"},
      {"testing-bad-mx",
       none,
       {{"mx.testing-bad-mx.example", "self-signed"}},
       {unverified, "Untrusted TLS connection established to mx.testing-bad-mx.example["},
       {},
       without_dnssec},
      {"mode-none",
       none,
       {{"mx.mode-none.example", "no-starttls"}},
       {unverified, "without TLS"},
       {},
       without_dnssec},
      {"two-records",
       none,
       {{"mx.two-records.example"}},
       {unverified, "Trusted TLS connection"},
       {},
       without_dnssec},
      {"bogus",
       temp,
       {},
       {deferred, "Name service error for name=bogus.example type=MX: Host not found, try again"},
       {},
       without_dnssec,
       "",
       MxAnswer::failed},
      {"null-mx",
       none,
       {},
       {bounced, "Domain null-mx.example does not accept mail (nullMX)"},
       {},
       without_dnssec,
       "",
       MxAnswer::null_mx},
  };
}

std::vector<LabRow> dane_rows() {
  return {
      {"dane-all",
       dane_only,
       {{"mx1.dane-all.example", "dubious", 10, "match"}, {"mx2.dane-all.example", "dubious", 20, "match"}},
       {verified, "Verified TLS connection established to mx1.dane-all.example["}},
      {"dane-spki", dane_only, {{"mx.dane-spki.example", "dubious", 10, "spki"}}, {verified, "Verified"}},
      {"dane-sha512",
       dane_only,
       {{"mx.dane-sha512.example", "dubious", 10, "sha512"}},
       {verified, "Verified"}},
      {"dane-rollover",
       dane_only,
       {{"mx.dane-rollover.example", "dubious", 10, "wrong match"}},
       {verified, "Verified"}},
      {"dane-ta", dane_only, {{"mx.dane-ta.example", "private-ca", 10, "ta"}}, {verified, "Verified"}},
      {"dane-ta-full",
       dane_only,
       {{"mx.dane-ta-full.example", "private-ca-only", 10, "ta-full"}},
       {verified, "Verified"}},
      {"dane-wrong", dane_only, {{"mx.dane-wrong.example", "good", 10, "wrong"}}, not_verified},
      {"dane-no-starttls",
       dane_only,
       {{"mx.dane-no-starttls.example", "no-starttls", 10, "match"}},
       {deferred, "TLS is required, but was not offered by host mx.dane-no-starttls.example["}},
      {"dane-ta-name", dane_only, {{"mx.dane-ta-name.example", "private-ca-name", 10, "ta"}}, not_verified},
      {"dane-agility",
       dane_only,
       {{"mx.dane-agility.example", "dubious", 10, "match wrong-sha512"}},
       not_verified},
      {"dane-some",
       dane,
       {{"mx1.dane-some.example", "dubious", 10, "match"}, {"mx2.dane-some.example", "good", 20}},
       {verified, "Verified TLS connection established to mx1."}},
      {"dane-some-sts",
       secure,
       {{"mx1.dane-some-sts.example", "dubious", 10, "match"}, {"mx2.dane-some-sts.example", "good", 20}},
       {verified, "Verified TLS connection established to mx2."}},
      {"dane-some-down",
       dane,
       {{"mx1.dane-some-down.example", "down", 10, "match"},
        {"mx2.dane-some-down.example", "no-starttls", 20}},
       {unverified, "without TLS to mx2.dane-some-down.example["}},
      {"attack-partial",
       secure,
       {{"mx1.attack-partial.example", "down", 10, "match"},
        {"mx2.attack-partial.example", "self-signed", 20}},
       not_verified},
      {"attack-partial-strip",
       secure,
       {{"mx1.attack-partial-strip.example", "down", 10, "match"},
        {"mx2.attack-partial-strip.example", "no-starttls", 20}},
       {deferred, "TLS is required, but was not offered by host mx2.attack-partial-strip.example["}},
      {"dane-unusable",
       dane,
       {{"mx.dane-unusable.example", "dubious", 10, "unusable"}},
       {unverified, "Untrusted TLS connection established to mx.dane-unusable.example["}},
      {"dane-unusable-strip",
       dane,
       {{"mx.dane-unusable-strip.example", "no-starttls", 10, "unusable"}},
       {deferred, "TLS is required, but was not offered by host mx.dane-unusable-strip.example["}},
      {"dane-unusable-sts",
       secure,
       {{"mx.dane-unusable-sts.example", "good", 10, "unusable"}},
       {verified, "Verified"}},
      {"dane-none",
       none,
       {{"mx.dane-none.example", "self-signed"}},
       {unverified, "Untrusted TLS connection"}},
      {"dane-ed448", none, {{"mx.dane-ed448.example", "good", 10, "wrong"}}, not_verified},
      {"dane-unsigned-mx",
       none,
       {{"bare.signed-hosts.example", "dubious", 10, "match"}},
       {unverified, "Trusted TLS connection established to bare.signed-hosts.example["},
       {},
       without_dnssec},
      {"dane-unsigned-mx-wrong",
       none,
       {{"wrong.signed-hosts.example", "good", 10, "wrong"}},
       not_verified,
       {},
       without_dnssec},
      {"dane-unsigned-mx-sts",
       secure,
       {{"sts.signed-hosts.example", "good", 10, "wrong"}},
       {verified, "Verified"},
       {},
       without_dnssec},
      {"tlsa-servfail",
       dane,
       {{"mx.tlsa-servfail.example", "dubious", 10, "failed"}},
       {deferred, "TLSA lookup error for mx.tlsa-servfail.example:25"}},
      {"tlsa-servfail-sts", temp, {{"mx.tlsa-servfail-sts.example", "good", 10, "failed"}}, bad_reply},
      {"tlsa-servfail-one",
       dane_only,
       {{"mx1.tlsa-servfail-one.example", "dubious", 10, "failed"},
        {"mx2.tlsa-servfail-one.example", "dubious", 20, "match"}},
       {verified, "Verified TLS connection established to mx2."}},
      {"dane-expired",
       dane,
       {{"none.expired-hosts.example", "dubious", 10, "", HostAddresses::failed}},
       {deferred,
        "Host or domain name not found. Name service error for name=none.expired-hosts.example type=AAAA: "
        "Host not "
        "found, try again"}},
      {"dane-expired-sts",
       temp,
       {{"sts.expired-hosts.example", "good", 10, "", HostAddresses::failed}},
       {deferred, "name=sts.expired-hosts.example type=AAAA: Host not found, try again"}},
      {"dane-expired-one",
       dane_only,
       {{"one.expired-hosts.example", "dubious", 10, "", HostAddresses::failed},
        {"mx2.dane-expired-one.example", "dubious", 20, "match"}},
       {verified, "Verified TLS connection established to mx2."}},
      {"unsigned-host-servfail",
       secure,
       {{"mx.broken-hosts.example", "good", 10, "", HostAddresses::failed},
        {"mx2.unsigned-host-servfail.example", "good", 20}},
       {verified, "Verified TLS connection established to mx2."}},
      {"aaaa-servfail",
       none,
       {{"mx1.aaaa-servfail.example", "no-starttls", 10}, {"mx2.aaaa-servfail.example", "no-starttls", 20}},
       {unverified, "without TLS to mx1.aaaa-servfail.example["},
       {},
       without_dnssec},
  };
}

Prediction predict_row(const LabRow& row, const PredictedPostfix& postfix) {
  std::string domain = std::string(row.name) + ".example", mx = row.mx;
  PredictedRoute route{.domain = domain, .mx = row.answer, .mx_secure = row.is_signed};
  for (const LabHost& host : row.hosts) {
    route.hosts.push_back(host_of(host, domain, row.mx));
    if (row.mx.empty()) mx += (mx.empty() ? "" : "\n") + host.name;
  }
  Dialect dialect = postfix.version.minor < 10 ? Dialect::postfix : Dialect::postfix310;
  return predict(reply_for(row.verdict, domain, mx, dialect), route, postfix);
}

void check_rows(const std::vector<LabRow>& rows) {
  for (const LabRow& row : rows) {
    for (const auto& [postfix, said] :
         {std::pair(postfix37, row.with37),
          std::pair(postfix310, row.with310.reason.empty() ? row.with37 : row.with310)}) {
      INFO(row.name << " with 3." << postfix.version.minor);
      auto prediction = predict_row(row, postfix);
      INFO(prediction.reason);
      CHECK(words(prediction.outcome) == words(said.outcome));
      CHECK(prediction.reason.contains(said.reason));
      CHECK(prediction.certain);
    }
  }
}

// One host, at which a dialogue ends early, and a level for it.
struct EndRow {
  std::string_view why;
  SmtpStage reached;
  SmtpTrouble trouble;
  std::function<void(SmtpDialogue&)> change;
  Outcome at_may, at_secure;
  std::string_view reason;  // at secure
};

const std::vector<EndRow> ends{
    {"no greeting",
     SmtpStage::connected,
     SmtpTrouble::timeout,
     {},
     Outcome::unknown,
     Outcome::unknown,
     "conversation with mx.good.example[203.0.113.1] timed out while receiving the initial server greeting"},
    {"554", SmtpStage::connected, SmtpTrouble::reply,
     [](SmtpDialogue& d) { d.greeting = {554, {"5.7.1 no", "mail"}}; }, deferred, deferred,
     "host mx.good.example[203.0.113.1] refused to talk to me: 554-5.7.1 no 554 mail"},
    {"421", SmtpStage::connected, SmtpTrouble::reply, [](SmtpDialogue& d) { d.greeting = {421, {"busy"}}; },
     Outcome::unknown, Outcome::unknown, "refused to talk to me: 421 busy"},
    {"closes after EHLO",
     SmtpStage::greeted,
     SmtpTrouble::closed,
     {},
     deferred,
     deferred,
     "lost connection with mx.good.example[203.0.113.1] while performing the EHLO handshake"},
    {"HELO alone", SmtpStage::greeted, SmtpTrouble::reply,
     [](SmtpDialogue& d) {
       d.ehlo = {502, {"what?"}};
       d.helo = {250, {"hello"}};
     },
     unverified, deferred, "TLS is required, but was not offered by host mx.good.example[203.0.113.1]"},
    {"not even HELO", SmtpStage::greeted, SmtpTrouble::reply,
     [](SmtpDialogue& d) {
       d.ehlo = {500, {"what?"}};
       d.helo = {550, {"no"}};
     },
     bounced, bounced, "host mx.good.example[203.0.113.1] refused to talk to me: 550 no"},
    {"HELO later", SmtpStage::greeted, SmtpTrouble::reply,
     [](SmtpDialogue& d) {
       d.ehlo = {502, {"what?"}};
       d.helo = {450, {"4.5.1 later"}};
     },
     deferred, deferred, "host mx.good.example[203.0.113.1] refused to talk to me: 450 4.5.1 later"},
    {"EHLO refused", SmtpStage::greeted, SmtpTrouble::reply,
     [](SmtpDialogue& d) { d.ehlo = {550, {"not you"}}; }, Outcome::unknown, Outcome::unknown, "550 not you"},
    {"STARTTLS refused", SmtpStage::ehlo, SmtpTrouble::reply,
     [](SmtpDialogue& d) { d.starttls = {454, {"4.7.0 not now"}}; }, unverified, deferred,
     "TLS is required, but host mx.good.example[203.0.113.1] refused to start TLS: 454 4.7.0 not now"},
    {"STARTTLS refused for good", SmtpStage::ehlo, SmtpTrouble::reply,
     [](SmtpDialogue& d) { d.starttls = {502, {"5.5.1 no TLS"}}; }, unverified, bounced,
     "TLS is required, but host mx.good.example[203.0.113.1] refused to start TLS: 502 5.5.1 no TLS"},
    {"not SMTP",
     SmtpStage::connected,
     SmtpTrouble::garbage,
     {},
     deferred,
     deferred,
     "lost connection with mx.good.example[203.0.113.1] while receiving the initial server greeting"},
    {"too long",
     SmtpStage::greeted,
     SmtpTrouble::too_long,
     {},
     Outcome::unknown,
     Outcome::unknown,
     "breaks off"},
    {"silent after the handshake",
     SmtpStage::tls,
     SmtpTrouble::timeout,
     {},
     Outcome::unknown,
     Outcome::unknown,
     "conversation with mx.good.example[203.0.113.1] timed out while performing the EHLO handshake"},
    {"closes after STARTTLS",
     SmtpStage::ehlo,
     SmtpTrouble::closed,
     {},
     deferred,
     deferred,
     "lost connection with mx.good.example[203.0.113.1] while receiving the STARTTLS response"},
    {"handshake not done in time",
     SmtpStage::starttls,
     SmtpTrouble::timeout,
     {},
     Outcome::unknown,
     Outcome::unknown,
     "was not done in time"},
    {"handshake",
     SmtpStage::starttls,
     SmtpTrouble::tls,
     {},
     deferred,
     deferred,
     "Cannot start TLS: handshake failure"},
    {"a version of TLS before 1.2", SmtpStage::ehlo_in_tls, SmtpTrouble::none,
     [](SmtpDialogue& d) {
       d.detail.clear();
       d.tls->version = "TLSv1";
     },
     unverified, deferred, ""},
    {"injection", SmtpStage::starttls, SmtpTrouble::reply, [](SmtpDialogue& d) { d.surplus = 5; },
     Outcome::unknown, Outcome::unknown, "was not tried"},
    {"closes after the handshake",
     SmtpStage::tls,
     SmtpTrouble::closed,
     {},
     deferred,
     deferred,
     "lost connection with mx.good.example[203.0.113.1] while performing the EHLO handshake"},
    {"not dialled",
     SmtpStage::none,
     SmtpTrouble::not_allowed,
     {},
     Outcome::unknown,
     Outcome::unknown,
     "was not dialled"},
    {"down",
     SmtpStage::none,
     SmtpTrouble::timeout,
     {},
     Outcome::unknown,
     Outcome::unknown,
     "connect to mx.good.example[203.0.113.1]:25: Connection timed out"},
};

PredictedHost simple_host(const std::string& name, unsigned preference, SmtpDialogue dialogue) {
  return {.name = name,
          .preference = preference,
          .addresses = {{.address = parse_address("203.0.113.1").value(), .dialogue = std::move(dialogue)}}};
}

PredictedRoute route_to(std::vector<PredictedHost> hosts) {
  return {.domain = "good.example", .mx_secure = true, .hosts = std::move(hosts)};
}

const std::string mx = "mx.good.example";
constexpr std::string_view secure_reply = "OK secure match=mx.good.example:.good.example servername=hostname";

}  // namespace

TEST_CASE("the fate of a mail is predicted for the lab's domains with policies", "[prediction]") {
  check_rows(policy_rows());
}
TEST_CASE("the fate of a mail is predicted for the lab's domains with DANE", "[prediction]") {
  check_rows(dane_rows());
}

TEST_CASE("Postfix's words for each end of a dialogue are predicted", "[prediction]") {
  for (const EndRow& row : ends) {
    INFO(row.why);
    SmtpDialogue dialogue = ended(good_dialogue(mx), row.reached, row.trouble, "the detail");
    if (row.change) row.change(dialogue);
    auto route = route_to({simple_host(mx, 10, dialogue)});
    auto at_secure = predict(secure_reply, route, postfix310);
    INFO(at_secure.reason);
    CHECK(words(at_secure.outcome) == words(row.at_secure));
    CHECK(at_secure.reason.contains(row.reason));
    CHECK_FALSE(at_secure.later_in_clear);
    auto at_may = predict("OK may", route, postfix310);
    CHECK(words(at_may.outcome) == words(row.at_may));
    CHECK(at_may.later_in_clear == (row.why == "handshake"));
    CHECK(words(predict("OK none", route, postfix310).outcome) ==
          words(row.reached >= SmtpStage::ehlo ? unverified : row.at_may));
  }
}

TEST_CASE("PFX-46: Postfix has no old TLS where it must verify", "[prediction]") {
  SmtpDialogue dialogue = good_dialogue(mx);
  auto outcome = [&](std::string_view reply) {
    return predict(reply, route_to({simple_host(mx, 10, dialogue)}), postfix310);
  };
  for (const char* version : {"TLSv1", "TLSv1.1"}) {
    dialogue.tls->version = version;
    CHECK(outcome(secure_reply).reason == "Cannot start TLS: handshake failure");
    CHECK(words(outcome(secure_reply).outcome) == words(Outcome::deferred));
    CHECK(words(outcome("OK encrypt").outcome) == words(unverified));
    CHECK(outcome("OK may").reason.starts_with("TLS connection established to mx.good.example[203.0.113.1]"));
  }
  dialogue.tls->version = "TLSv1.2";
  CHECK(words(outcome(secure_reply).outcome) == words(Outcome::delivered_verified));
}

TEST_CASE("the level that holds is predicted from the reply and the version", "[prediction]") {
  struct Row {
    std::string_view why, reply;
    PredictedPostfix postfix;
    HostTlsa tlsa;
    bool mx_secure;
    Outcome outcome;
    std::string_view reason;
  };
  PredictedPostfix main_may = postfix37, later = postfix310, first310 = postfix310, no_dane = postfix310;
  main_may.main_level = TlsLevel::may;
  later.main_level = TlsLevel::may;
  first310.version.patch = 3;
  no_dane.does_dane = false;
  const std::vector<Row> rows{
      {"attributes of 3.10 for 3.7", "OK secure match=mx.good.example policy_type=sts", postfix37,
       HostTlsa::none, true, deferred, "client TLS configuration problem"},
      {"braces for 3.7", "OK secure { match = mx.good.example }", postfix37, HostTlsa::none, true, deferred,
       "client TLS configuration problem"},
      {"braces for 3.10", "OK secure { match = mx.good.example }", postfix310, HostTlsa::none, true, verified,
       "Verified"},
      {"no such level", "OK strict", postfix310, HostTlsa::none, true, deferred,
       "client TLS configuration problem"},
      {"no = in an attribute", "OK secure match", postfix310, HostTlsa::none, true, deferred,
       "client TLS configuration problem"},
      {"PERM", "PERM no", postfix310, HostTlsa::none, true, deferred, "client TLS configuration problem"},
      {"3.10.3 does not heed patterns",
       "OK secure match=mx.good.example policy_type=sts mx_host_pattern=b.example", first310, HostTlsa::none,
       true, verified, "Verified"},
      {"3.10.13 does", "OK secure match=mx.good.example policy_type=sts mx_host_pattern=b.example",
       postfix310, HostTlsa::none, true, deferred, "server unavailable"},
      {"secure alone", "OK secure", postfix310, HostTlsa::none, true, verified, "Verified"},
      {"another name", "OK secure match=other.example", postfix310, HostTlsa::none, true, deferred,
       "not verified"},
      {"a name below a dot", "OK secure match=.example", postfix310, HostTlsa::none, true, verified,
       "Verified"},
      {"encrypt", "OK encrypt", postfix310, HostTlsa::none, true, unverified, "Trusted TLS connection"},
      {"fingerprint", "OK fingerprint", postfix310, HostTlsa::none, true, Outcome::unknown, "fingerprints"},
      {"dane-only, no TLSA", "OK dane-only", postfix310, HostTlsa::none, true, deferred,
       "no TLSA records found"},
      {"dane-only, unusable", "OK dane-only", postfix310, HostTlsa::unusable, true, deferred,
       "TLSA records unusable"},
      {"dane-only, insecure MX", "OK dane-only", postfix310, HostTlsa::usable, false, deferred,
       "non DNSSEC destination"},
      {"dane-only without DANE in Postfix", "OK dane-only", no_dane, HostTlsa::usable, true, deferred,
       "client TLS configuration problem"},
      {"dane without DANE in Postfix", "OK dane", no_dane, HostTlsa::failed, true, unverified, "Trusted"},
      {"3.7.11, insecure MX, main.cf says may", "OK dane", main_may, HostTlsa::usable, false, unverified,
       "Trusted"},
      {"3.10, insecure MX, main.cf says may", "OK dane", later, HostTlsa::usable, false, deferred,
       "not verified"},
      {"not found, main.cf says may", "NOTFOUND ", later, HostTlsa::failed, true, unverified, "Trusted"},
      {"not found, main.cf says dane", "NOTFOUND ", postfix310, HostTlsa::failed, true, deferred,
       "TLSA lookup error"},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    auto route = route_to({simple_host(mx, 10, good_dialogue(mx))});
    route.mx_secure = row.mx_secure;
    route.hosts[0].tlsa = row.tlsa;
    auto prediction = predict(row.reply, route, row.postfix);
    INFO(prediction.reason);
    CHECK(words(prediction.outcome) == words(row.outcome));
    CHECK(prediction.reason.contains(row.reason));
  }
}

TEST_CASE("what the order among equal preferences decides is not certain", "[prediction]") {
  auto bad = ended(good_dialogue(mx), SmtpStage::starttls, SmtpTrouble::tls);
  auto stripped = dialogue_of({.name = mx, .kind = "no-starttls"}, {certificate_for(mx)});
  auto good = simple_host(mx, 10, good_dialogue(mx));
  SECTION("two failures with different words") {
    auto prediction = predict(
        secure_reply, route_to({simple_host(mx, 10, bad), simple_host("b.good.example", 10, stripped)}),
        postfix310);
    CHECK(prediction.outcome == Outcome::deferred);
    CHECK_FALSE(prediction.certain);
  }
  SECTION("the same at different preferences") {
    auto prediction = predict(
        secure_reply, route_to({simple_host(mx, 20, bad), simple_host("b.good.example", 10, stripped)}),
        postfix310);
    CHECK(prediction.certain);
    CHECK(prediction.reason == "Cannot start TLS: handshake failure");
    CHECK(prediction.host == mx);
  }
  SECTION("one good, one bad") {
    auto prediction =
        predict(secure_reply, route_to({simple_host("b.good.example", 10, bad), good}), postfix310);
    CHECK(prediction.outcome == Outcome::delivered_verified);
    CHECK(prediction.certain);
  }
  SECTION("one verified, the other not") {
    auto first = good;
    first.tlsa = HostTlsa::usable;
    first.addresses[0].dane.state = DaneVerdict::State::match;
    auto prediction = predict(
        "OK dane", route_to({first, simple_host("b.good.example", 10, good_dialogue(mx))}), postfix310);
    CHECK(prediction.outcome == Outcome::delivered_unverified);
    CHECK_FALSE(prediction.certain);
  }
  SECTION("PFX-47: a refusal for good ends it, though another host is left") {
    auto refusing = ended(good_dialogue(mx), SmtpStage::ehlo, SmtpTrouble::reply);
    refusing.starttls = {502, {"5.5.1 no TLS"}};
    auto first =
        predict(secure_reply, route_to({simple_host("b.good.example", 5, refusing), good}), postfix310);
    CHECK(first.outcome == Outcome::bounced);
    CHECK(first.certain);
    auto beside =
        predict(secure_reply, route_to({simple_host("b.good.example", 10, refusing), good}), postfix310);
    CHECK(beside.outcome == Outcome::bounced);
    CHECK_FALSE(beside.certain);
    auto after =
        predict(secure_reply, route_to({simple_host("b.good.example", 20, refusing), good}), postfix310);
    CHECK(after.outcome == Outcome::delivered_verified);
  }
  SECTION("what is not SMTP may keep Postfix waiting") {
    auto garbage = ended(good_dialogue(mx), SmtpStage::connected, SmtpTrouble::garbage);
    CHECK_FALSE(predict(secure_reply, route_to({simple_host(mx, 10, garbage)}), postfix310).certain);
  }
  SECTION("an address of which nothing is known comes first") {
    auto prediction =
        predict(secure_reply, route_to({{.name = "b.good.example", .preference = 5}, good}), postfix310);
    CHECK(prediction.outcome == Outcome::delivered_verified);
    CHECK_FALSE(prediction.certain);
  }
  SECTION("a short key, which Postfix may accept") {
    auto host = good;
    host.addresses[0].dialogue.tls->untrusted = X509_V_ERR_EE_KEY_TOO_SMALL;
    auto prediction = predict(secure_reply, route_to({host}), postfix310);
    CHECK(prediction.outcome == Outcome::delivered_verified);
    CHECK_FALSE(prediction.certain);
  }
  SECTION("no address after the fifth is tried") {
    std::vector<PredictedHost> hosts;
    for (unsigned n = 1; n <= 5; ++n)
      hosts.push_back(simple_host("b" + std::to_string(n) + ".good.example", n, bad));
    hosts.push_back(good);
    CHECK(predict(secure_reply, route_to(hosts), postfix310).outcome == Outcome::deferred);
    hosts.erase(hosts.begin());
    CHECK(predict(secure_reply, route_to(hosts), postfix310).outcome == Outcome::delivered_verified);
  }
}

TEST_CASE("names without addresses bounce, unless a lookup failed", "[prediction]") {
  PredictedHost gone{.name = mx, .found = HostAddresses::nxdomain};
  auto prediction = predict(secure_reply, route_to({gone}), postfix310);
  CHECK(prediction.outcome == Outcome::bounced);
  CHECK(prediction.reason.ends_with("name=mx.good.example type=AAAA: Host not found"));
  gone.found = HostAddresses::no_data;
  CHECK(predict(secure_reply, route_to({gone}), postfix310)
            .reason.ends_with("Host found but no data record of requested type"));
  PredictedHost failing{.name = "b.good.example", .found = HostAddresses::failed};
  CHECK(predict(secure_reply, route_to({failing, gone}), postfix310).outcome == Outcome::deferred);
}

TEST_CASE("Postfix's versions are read", "[prediction]") {
  CHECK(parse_postfix_version("3.10") == PostfixVersion{.major = 3, .minor = 10});
  CHECK(parse_postfix_version("3.7.11") == PostfixVersion{.major = 3, .minor = 7, .patch = 11});
  CHECK(parse_postfix_version("3.12-20260821") == PostfixVersion{.major = 3, .minor = 12});
  for (std::string_view text : {"", "3", "3.", "x.1", "3.x", "3.10.", "3.10.x", "99999999999.1"}) {
    INFO(text);
    CHECK_FALSE(parse_postfix_version(text));
  }
}
