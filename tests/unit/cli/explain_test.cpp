// explain over fakes: the decision is decide()'s, and a saved trace is replayed to the same text.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/explain_print.hpp"
#include "cli/explain_words.hpp"
#include "cli/new_file.hpp"
#include "diagnose/trace_file.hpp"
#include "tests/unit/cli/support.hpp"
#include "tests/unit/lists.hpp"
#include "tests/unit/lookup/dane_fakes.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;
using namespace fake;
using test::Caught;
using test::noon;

// What the network says, and the other inputs.
struct World {
  FakeDns dns;
  FakeFetch fetch;
  ExplainInputs inputs;

  World() {
    inputs.now = noon;
    inputs.next_hop = "example.com";
    inputs.way = "recursion, as configured";
    inputs.postfix = "does DANE itself (postfix_dane = \"yes\")";
    inputs.cache = "nothing is stored about this domain";
    dns.answers["_mta-sts.example.com/TXT"] = txt({"v=STSv1; id=1;"});
    fetch.answer = ok(body("enforce", 86400));
    dns.answers["example.com/MX"] = mx_answer({{10, "mx.example.com"}});
    dns.answers["mx.example.com/A"] = address(secure);
    dns.answers["mx.example.com/AAAA"] = no_data(secure);
    dns.answers["_25._tcp.mx.example.com/TLSA"] = no_data(secure);
  }

  Explanation explain() {
    boost::asio::io_context loop;
    Trace trace;
    TracingDns tracing_dns(dns, trace);
    TracingFetch tracing_fetch(fetch, trace);
    return explain_over(loop, tracing_dns, tracing_fetch, trace, inputs);
  }
};

std::string text_of(const Explanation& all, bool replies = false) {
  Caught caught;
  print_explanation(all, replies, caught.text());
  return caught.out.str();
}

Explanation saved_and_replayed(const Explanation& all) {
  auto text = write_trace(all.inputs, all.trace);
  auto saved = read_trace(text);
  if (!saved) FAIL(saved.error().detail);
  CHECK(write_trace(saved->inputs, saved->trace) == text);
  return replay(saved->inputs, saved->trace);
}

// Words separated by one blank, as before they were wrapped.
std::string one_line(const std::string& text) {
  std::istringstream words(text);
  std::string line;
  for (std::string word; words >> word;) line += (line.empty() ? "" : " ") + word;
  return line;
}

struct Case {
  const char* why;
  void (*change)(World&);
  const char *rule, *reply;
};

const std::string usable = "3 1 1 " + digest;

void with_tlsa(World& world) { world.dns.answers["_25._tcp.mx.example.com/TLSA"] = tlsa({usable}); }

void override_with(World& world, OverrideAction action, std::string answer = {}) {
  Override over;
  over.action = action;
  over.answer = std::move(answer);
  over.reason = "ticket 4711";
  world.inputs.over = over;
}

const std::vector<Case> cases{
    {"a policy", [](World&) {}, "6", "OK secure match=mx.example.com servername=hostname"},
    {"DANE before a policy", with_tlsa, "4a", "OK dane-only"},
    {"MX bogus", [](World& w) { w.dns.answers["example.com/MX"] = bogus(dns_failure("x")); }, "3",
     "TEMP DANE undecided: MX example.com: DNSSEC bogus"},
    {"TLSA fails beside a policy",
     [](World& w) { w.dns.answers["_25._tcp.mx.example.com/TLSA"] = dns_failure("SERVFAIL"); }, "4b",
     "TEMP DANE undecided: TLSA _25._tcp.mx.example.com: SERVFAIL"},
    {"no record", [](World& w) { w.dns.answers["_mta-sts.example.com/TXT"] = nxdomain(secure); }, "7",
     "NOTFOUND "},
    {"the fetch fails",
     [](World& w) { w.fetch.answer = http_failure(FetchStep::tls, "certificate has expired"); }, "7",
     "NOTFOUND "},
    {"a private zone", [](World& w) { w.inputs.without_policy = "in a zone of [dns] private"; }, "1",
     "NOTFOUND "},
    {"an address", [](World& w) { w.inputs.next_hop = "[192.0.2.1]"; }, "1", "NOTFOUND "},
    {"odd octets", [](World& w) { w.inputs.next_hop = std::string("\x1b[31m\xff\0x", 8); }, "1", "NOTFOUND "},
    {"an override settles it",
     [](World& w) { override_with(w, OverrideAction::answer, "secure match=mx.partner.example"); }, "2",
     "OK secure match=mx.partner.example"},
    {"an override leaves DANE out",
     [](World& w) {
       with_tlsa(w);
       override_with(w, OverrideAction::ignore_dane);
     },
     "6", "OK secure match=mx.example.com servername=hostname"},
    {"DNSSEC is down",
     [](World& w) {
       w.inputs.rules.dnssec = Dnssec::temp;
       w.inputs.dnssec_detail = "no answer to the root's DNSKEY";
       w.dns.answers["example.com/MX"] = bogus(no_data());
     },
     "3", "TEMP DNSSEC validation is down: no answer to the root's DNSKEY"},
    {"DNSSEC is down, but the domain's answers validate",
     [](World& w) {
       with_tlsa(w);
       w.inputs.rules.dnssec = Dnssec::last_proof_or_sts;
     },
     "4a", "OK dane-only"},
    {"sendmail, and postfix_dane = \"no\" in the file",
     [](World& w) {
       with_tlsa(w);
       w.inputs.map = "sts";
       w.inputs.rules.postfix_dane = PostfixDane::no;
       w.inputs.rules.settings.postfix_dane = PostfixDaneSetting::no;
     },
     "6", "OK secure match=mx.example.com servername=hostname"},
    {"Postfix does not do DANE",
     [](World& w) {
       with_tlsa(w);
       w.inputs.rules.postfix_dane = PostfixDane::no;
     },
     "6", "OK secure match=mx.example.com servername=hostname"},
    {"sendmail does DANE, whatever Postfix does",
     [](World& w) {
       with_tlsa(w);
       w.inputs.map = "sts";
       w.inputs.rules.postfix_dane = PostfixDane::no;
     },
     "4a", "NOTFOUND "},
    {"a cached policy, and no network",
     [](World& w) {
       w.dns.answers["_mta-sts.example.com/TXT"] = dns_failure("timeout after 5 s");
       w.inputs.stored = stored_policy(noon - 1h, "enforce", 86400);
       w.inputs.cache = "a policy is stored";
     },
     "6", "OK secure match=mx.example.com servername=hostname"},
    {"a cached DANE state, and no MX",
     [](World& w) {
       w.dns.answers["example.com/MX"] = dns_failure("timeout after 5 s");
       w.inputs.stored = stored_policy(noon - 1h, "enforce", 86400);
       DaneState& state = w.inputs.stored->dane.emplace_back();
       state.mx = MxState::secure;
       state.hosts = test::host_list("u+mx.example.com");
       state.looked_up_at = noon - 10s;
       state.valid_until = noon + 10s;
     },
     "4a", "OK dane-only"},
};

}  // namespace

TEST_CASE("explain: the rule, the reply, and the same from a saved trace", "[explain]") {
  for (const Case& each : cases) {
    INFO(each.why);
    World world;
    each.change(world);
    Explanation all = world.explain();
    CHECK(all.rule == each.rule);
    CHECK(all.reply() == each.reply);
    Explanation again = saved_and_replayed(all);
    CHECK(text_of(again) == text_of(all));
    CHECK(explanation_object(again) == explanation_object(all));
  }
}

TEST_CASE("explain: the text", "[explain]") {
  World world;
  world.dns.answers["_25._tcp.mx.example.com/TLSA"] = tlsa({usable, "0 1 1 " + digest});
  world.dns.answers["example.com/MX"] = mx_answer({{10, "mx.example.com"}, {20, "mx2.example.com"}});
  world.dns.answers["mx2.example.com/A"] = dns_failure("SERVFAIL");
  world.dns.answers["com/DS"] = no_data(secure);
  world.dns.answers["com/DS"].unsigned_delegation = true;
  override_with(world, OverrideAction::enforce);
  world.inputs.over->until = noon + 24h;
  Explanation all = world.explain();
  auto set_time = [](auto& each) {
    if constexpr (requires { each.took; }) each.took = 7ms;
  };
  for (Step& step : all.trace) std::visit(set_time, step);
  CHECK(text_of(all) ==
        "next hop     example.com\n"
        "             policy domain example.com\n"
        "             port 25; no brackets: to the MX hosts\n"
        "override     enforce, until 2026-01-31: ticket 4711\n"
        "DNS          TXT _mta-sts.example.com: insecure, TTL 300, 7ms\n"
        "               \"v=STSv1; id=1;\"\n"
        "             MX example.com: secure, TTL 300, 7ms\n"
        "               10 mx.example.com.\n"
        "               20 mx2.example.com.\n"
        "             A mx.example.com: secure, TTL 300, 7ms\n"
        "               192.0.2.1\n"
        "             AAAA mx.example.com: secure, no data, TTL 300, 7ms\n"
        "             A mx2.example.com: failed, 7ms\n"
        "               SERVFAIL\n"
        "             AAAA mx2.example.com: insecure, no data, TTL 300, 7ms\n"
        "             TLSA _25._tcp.mx.example.com: secure, TTL 300, 7ms\n"
        "               3 1 1 aaaaaaaaaaaaaaaaaaaa...\n"
        "               0 1 1 aaaaaaaaaaaaaaaaaaaa... (unusable: usage PKIX-TA(0) and\n"
        "               PKIX-EE(1) are not for SMTP (RFC 7672 section 3.1.3))\n"
        "             DS com: secure, no data: everything below is unsigned, TTL 300, 7ms\n"
        "record       valid, id 1\n"
        "HTTPS        https://mta-sts.example.com/.well-known/mta-sts.txt\n"
        "             status 200, text/plain, 63 octets, 7ms\n"
        "policy       enforce, fetched now, id 1, max_age 86400\n"
        "             until 2026-02-01 12:00:00 UTC, in 24 hours\n"
        "             mx mx.example.com\n"
        "cache        nothing is stored about this domain\n"
        "MX hosts     MX secure, until 2026-01-31 12:05:00 UTC, in 5 minutes\n"
        "             mx.example.com: usable TLSA records\n"
        "             mx2.example.com: not signed: its address or TLSA records don't\n"
        "               count for DANE\n"
        "DNSSEC       works: recursion, as configured\n"
        "Postfix      does DANE itself (postfix_dane = \"yes\")\n"
        "postfix      OK secure match=mx.example.com servername=hostname\n"
        "what to do   nothing here; if mail waits all the same, \"mtastsctl check\n"
        "             example.com\" examines the domain's MX hosts\n"
        "verdict      verified TLS, names by the MTA-STS policy (rule 6: enforce policy)\n");
}

TEST_CASE("explain: --replies adds the reply in every dialect, before the verdict", "[explain]") {
  World world;
  Explanation all = world.explain();
  std::string short_text = text_of(all), text = text_of(all, true);
  const std::string postfix = "postfix      OK secure match=mx.example.com servername=hostname\n";
  const std::string others =
      "postfix310   OK secure match=mx.example.com servername=hostname policy_type=sts "
      "policy_domain=example.com mx_host_pattern=mx.example.com { policy_string = version: STSv1 } "
      "{ policy_string = mode: enforce } { policy_string = mx: mx.example.com } "
      "{ policy_string = max_age: 86400 }\n"
      "sts          OK secure match=mx.example.com servername=hostname\n";
  REQUIRE(text.contains(postfix + others + "what to do   "));
  CHECK(short_text == text.erase(text.find(others), others.size()));
  world.inputs.map = "sts";
  all = world.explain();
  CHECK(text_of(all).contains("\nsts          OK secure match=mx.example.com servername=hostname\n"));
  CHECK_FALSE(text_of(all).contains("\npostfix"));
}

TEST_CASE("explain: the last line is the verdict, and the line before it says what to do", "[explain]") {
  struct Row {
    const char* why;
    void (*change)(World&);
    const char *verdict, *to_do;  // how they begin
  };
  static const std::vector<Row> rows{
      {"a policy", [](World&) {}, "verified TLS, names by the MTA-STS policy (rule 6: enforce policy)",
       "nothing here; if mail waits all the same, \"mtastsctl check example.com\" examines the domain's MX "
       "hosts"},
      {"DANE", with_tlsa, "DANE or nothing (rule 4a: usable TLSA records for every MX host)",
       "nothing here; if"},
      {"a host in brackets",
       [](World& w) {
         w.inputs.next_hop = "[mx.example.com]";
         w.dns.answers["_mta-sts.mx.example.com/TXT"] = nxdomain(secure);
       },
       "as without a policy (rule 7: ", "nothing: the domain demands no protection of its mail"},
      {"a host in brackets with DANE",
       [](World& w) {
         w.inputs.next_hop = "[mx.example.com]";
         with_tlsa(w);
       },
       "DANE or nothing (rule 4a: ",
       "nothing here; if mail waits all the same, \"mtastsctl smtp mx.example.com\""},
      {"no MX host fits the policy",
       [](World& w) { w.fetch.answer = ok(body("enforce", 86400, "other.example.net")); },
       "WARNING: the mail must wait (rule 6: enforce policy: no MX host fits the policy, so mail waits until",
       "tell the domain's owner: the policy must list the MX hosts, for example \"mx: mx.example.com\", and "
       "then "
       "the record needs a new id; until then only an override (ignore-sts) lets mail go, unprotected"},
      {"MX bogus", [](World& w) { w.dns.answers["example.com/MX"] = bogus(dns_failure("x")); },
       "the mail must wait (rule 3: DANE undecided: MX example.com: DNSSEC bogus",
       "tell the domain's owner: the domain's DNSSEC is broken"},
      {"MX fails", [](World& w) { w.dns.answers["example.com/MX"] = dns_failure("SERVFAIL"); },
       "the mail must wait (rule 3: DANE undecided: MX example.com: SERVFAIL)",
       "mtastsd asks again; if it stays so while other domains work, tell the domain's owner: MX "
       "example.com: "
       "SERVFAIL"},
      {"TLSA fails beside a policy",
       [](World& w) { w.dns.answers["_25._tcp.mx.example.com/TLSA"] = dns_failure("SERVFAIL"); },
       "the mail must wait (rule 4b: ",
       "mtastsd asks again; if it stays so while other domains work, tell the domain's owner: TLSA "
       "_25._tcp.mx.example.com: SERVFAIL"},
      {"it is not known whether Postfix does DANE",
       [](World& w) {
         with_tlsa(w);
         w.inputs.rules.postfix_dane = PostfixDane::unknown;
       },
       "the mail must wait (rule 4a: not known yet whether Postfix does DANE itself)",
       "find out why Postfix's resolvers do not answer"},
      {"a policy of addresses alone",
       [](World& w) { w.fetch.answer = ok(body("enforce", 86400, "192.0.2.1")); },
       "the mail must wait (rule 6: the policy lists no host name)",
       "tell the domain's owner: no host can match the policy's mx"},
      {"no record", [](World& w) { w.dns.answers["_mta-sts.example.com/TXT"] = nxdomain(secure); },
       "as without a policy (rule 7: no MTA-STS record",
       "nothing: the domain demands no protection of its mail"},
      {"a bad record", [](World& w) { w.dns.answers["_mta-sts.example.com/TXT"] = txt({"v=STSv1;"}); },
       "as without a policy (rule 7: invalid MTA-STS record",
       "tell the domain's owner: the MTA-STS record is invalid, so mail is sent without a policy"},
      {"the record's lookup fails",
       [](World& w) { w.dns.answers["_mta-sts.example.com/TXT"] = dns_failure("SERVFAIL"); },
       "as without a policy (rule 7: MTA-STS record lookup failed",
       "mtastsd asks again; if it stays so while other domains work, tell the domain's owner: the DNS lookup "
       "of"},
      {"the fetch fails",
       [](World& w) { w.fetch.answer = http_failure(FetchStep::tls, "certificate has expired"); },
       "as without a policy (rule 7: policy fetch failed",
       "mtastsd tries again; if the policies of other domains can be fetched, tell the domain's owner: the "
       "policy "
       "could not be fetched: "},
      {"testing", [](World& w) { w.fetch.answer = ok(body("testing", 86400)); },
       "as without a policy (rule 7: testing policy)", "nothing: the policy does not demand to be enforced"},
      {"the record is gone, and the cached policy holds",
       [](World& w) {
         w.dns.answers["_mta-sts.example.com/TXT"] = nxdomain(secure);
         w.inputs.stored = stored_policy(noon - 1h, "enforce", 86400);
       },
       "verified TLS, names by the MTA-STS policy (rule 6: enforce policy)",
       "nothing at once: the cached policy holds until 2026-02-01 11:00:00 UTC, in 23 hours; if it stays so, "
       "tell "
       "the domain's owner: no MTA-STS record"},
      {"a null MX", [](World& w) { w.dns.answers["example.com/MX"] = mx_answer({{0, ""}}); },
       "as without a policy (rule 3: null MX", "nothing: the domain takes no mail"},
      {"a private zone", [](World& w) { w.inputs.without_policy = "in a zone of [dns] private"; },
       "as without a policy (rule 1: in a zone of [dns] private)",
       "nothing: mail goes as Postfix's main.cf says"},
      {"an override's answer",
       [](World& w) { override_with(w, OverrideAction::answer, "secure match=mx.partner.example"); },
       "the override's own answer (rule 2: override: answer: ticket 4711)",
       "nothing, as long as the override in mtastsd.toml is wanted"},
      {"an override against a policy", [](World& w) { override_with(w, OverrideAction::ignore_sts); },
       "as without a policy (rule 7: override: ignore-sts: ticket 4711)",
       "nothing, as long as the override in mtastsd.toml is wanted"},
      {"DNSSEC is down", [](World& w) { w.inputs.rules.dnssec = Dnssec::last_proof_or_sts; },
       "verified TLS, ", "mend DNSSEC on this host; \"mtastsctl status\" says what is wrong"},
      {"no network",
       [](World& w) {
         w.dns.answers["_mta-sts.example.com/TXT"] = w.dns.answers["example.com/MX"] =
             dns_failure("SERVFAIL");
         w.inputs.dnssec_known = false;
       },
       "the mail must wait (rule 3: ", "check that the network and the resolvers are up, and that port 53"},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    World world;
    row.change(world);
    std::string text = text_of(world.explain());
    INFO(text);
    auto to_do = text.find("\nwhat to do   "), verdict = text.find("\nverdict      ");
    REQUIRE(to_do < verdict);
    REQUIRE(verdict != std::string::npos);
    CHECK(one_line(text.substr(to_do + 14, verdict - to_do - 14)).starts_with(row.to_do));
    CHECK(one_line(text.substr(verdict + 14)).starts_with(row.verdict));
    for (auto end = text.find('\n', verdict + 1); end + 1 < text.size(); end = text.find('\n', end + 1))
      CHECK(text[end + 1] == ' ');  // a line of the verdict
  }
}

TEST_CASE("explain: without an answer nothing is said about DNSSEC", "[explain]") {
  World world;
  world.inputs.way = "recursion, though it fails: the resolvers do not answer either";
  world.inputs.dnssec_detail = "recursion fails: timeout";
  world.inputs.dnssec_known = false;
  Explanation all = world.explain();
  CHECK(
      text_of(all).contains("DNSSEC       NOT KNOWN, because no test of it was answered: recursion fails:\n"
                            "             timeout\n"));
  CHECK_FALSE(text_of(all).contains("works: recursion"));
  CHECK(explanation_object(all)["dns"].at("dnssec") == false);
  CHECK(explanation_object(all)["dns"].at("known") == false);
  CHECK(text_of(saved_and_replayed(all)) == text_of(all));
  world.inputs.dnssec_known = true;
  CHECK(explanation_object(world.explain())["dns"].at("dnssec") == true);
  CHECK(explanation_object(world.explain())["dns"].at("known") == true);
}

TEST_CASE("explain: MX records are sorted, and a repeated question is shown once", "[explain]") {
  World world;
  world.dns.answers["example.com/MX"] =
      mx_answer({{300, "c.example.com"}, {20, "b.example.com"}, {5, "a.example.com"}});
  for (const char* each : {"a", "b", "c"})
    world.dns.answers[std::string(each) + ".example.com/A"] = dns_failure("SERVFAIL");
  auto text = text_of(world.explain());
  CHECK(text.contains(
      "5 a.example.com.\n               20 b.example.com.\n               300 c.example.com.\n"));
  CHECK(text.contains("DS com: secure, no data, TTL 300, "));
  CHECK(text.contains(", asked 3 times\n"));
  CHECK(text.find("DS com") == text.rfind("DS com"));
}

TEST_CASE("explain: an unvalidated answer and an insecure one look different", "[explain]") {
  World world;
  world.dns.answers["_mta-sts.example.com/TXT"].validated = false;
  world.inputs.rules.dnssec = Dnssec::ignore_dane;
  Explanation all = world.explain();
  CHECK(all.reply() == "OK secure match=mx.example.com servername=hostname");
  CHECK(text_of(all).contains("TXT _mta-sts.example.com: not validated, TTL 300, "));
  CHECK(text_of(all).contains("record       valid, id 1\n"));
  CHECK(explanation_object(all)["trace"].at(0).at("validated") == false);
  CHECK(text_of(saved_and_replayed(all)) == text_of(all));
}

TEST_CASE("explain: the JSON form", "[explain]") {
  World world;
  world.inputs.stored = stored_policy(noon - 1h, "enforce", 86400);
  world.dns.answers["_25._tcp.mx.example.com/TLSA"] = dns_failure("SERVFAIL");
  auto object = explanation_object(world.explain());
  CHECK(object["next_hop"].at("domain") == "example.com");
  CHECK(object["override"].is_null());
  CHECK(object["stored"].at("policy").at("id") == "1");
  CHECK(object["trace"].at(0).at("data").at(0) == "\"v=STSv1; id=1;\"");
  CHECK(object["trace"].at(0).at("security") == "insecure");
  CHECK(object["trace"].at(1).at("result") == "data");
  CHECK(object["record"].at("verdict") == "valid");
  CHECK(object["policy"].at("source") == "cached");
  CHECK(object["dane"].at("hosts").at(0).at("detail") == "TLSA _25._tcp.mx.example.com: SERVFAIL");
  CHECK(object["decision"].at("rule") == "4b");
  CHECK(object["decision"].at("verdict") == "temp");
  CHECK(object["replies"].as_object().size() == 3);
}

TEST_CASE("explain: a cached policy of the same id is not fetched, and the text says so", "[explain]") {
  World world;
  world.inputs.stored = stored_policy(noon - 1h, "enforce", 86400);
  Explanation all = world.explain();
  CHECK(world.fetch.asked == 0);
  CHECK(text_of(all).contains("HTTPS        not asked: the cached policy has the record's id\n"));
  CHECK(text_of(all).contains("policy       enforce, from the cache, fetched 60 minutes ago, id 1"));
}

TEST_CASE("explain: peers can't write controls to the terminal", "[explain]") {
  World world;
  world.dns.answers["_mta-sts.example.com/TXT"] = txt({"\x1b[31m\xff"});
  world.dns.answers["mx.example.com/A"] = dns_failure("\x1b[31m");
  world.fetch.answer = HttpAnswer{200, "\x1b[31m", "\x1b[31m"};
  CHECK_FALSE(text_of(world.explain()).contains('\x1b'));
  CHECK_FALSE(ascii_json(explanation_object(world.explain())).contains('\x1b'));
  world.dns.answers["_mta-sts.example.com/TXT"] = txt({"v=STSv1; id=1;"});
  CHECK_FALSE(text_of(world.explain()).contains('\x1b'));
}

TEST_CASE("explain --offline: exit codes and the first line", "[explain]") {
  test::Folder folder;
  World world;
  auto file = folder / "trace";
  CHECK_FALSE(write_new_file(file, write_trace(world.inputs, world.explain().trace)).value());
  Caught text, other, bad, missing;
  CHECK(explain_offline(file, {}, text.text()) == exit_ok);
  CHECK(text.out.str().contains(", saved at 2026-01-31T12:00:00Z\nnext hop     example.com\n"));
  CHECK(explain_offline(file, {.next_hop = {"example.com", {}}, .map = {}}, text.text()) == exit_ok);
  CHECK(explain_offline(file, {.next_hop = {"example.org", {}}, .map = {}}, other.text()) == exit_trouble);
  CHECK(other.err.str().contains("is about example.com and map postfix"));
  world.dns.answers["example.com/MX"] = bogus(dns_failure("x"));
  CHECK(write_new_file(file, write_trace(world.inputs, world.explain().trace)).value());
  CHECK(explain_offline(file, {}, text.text()) == exit_no);
  world.dns.answers["example.com/MX"] = mx_answer({{10, "mx.elsewhere.example"}});
  world.inputs.next_hop = "Example.com.";  // as earlier builds saved it
  CHECK(write_new_file(file, write_trace(world.inputs, world.explain().trace)).value());
  CHECK(explain_offline(file, {}, text.text()) == exit_no);  // no MX host fits the policy
  Caught json;
  CHECK(explain_offline(file, {.next_hop = {"example.com", "note"}, .map = {}}, json.json()) == exit_no);
  CHECK(boost::json::parse(json.out.str()).at("understood_as") == "example.com");
  std::ofstream(file) << "{}";
  CHECK(explain_offline(file, {}, bad.text()) == exit_trouble);
  CHECK(bad.err.str().contains("can't be replayed: mtastsd_trace is missing"));
  CHECK(explain_offline(folder / "none", {}, missing.text()) == exit_trouble);
  CHECK(explain_offline(folder / "", {}, missing.text()) == exit_trouble);
}

TEST_CASE("a new file is readable for this user only, and whole or not there", "[explain]") {
  test::Folder folder;
  auto file = folder / "trace";
  CHECK(write_new_file(file, "one") == false);
  CHECK(write_new_file(file, "two") == true);
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  CHECK(text.str() == "two");
  CHECK(std::filesystem::status(file).permissions() == std::filesystem::perms(0600));
  CHECK_FALSE(write_new_file(folder / "none/trace", "x"));
  CHECK_FALSE(write_new_file(folder / "", "x"));
  std::filesystem::create_symlink(file, folder / "link");
  CHECK_FALSE(write_new_file(folder / "link", "x"));
  CHECK(try_new_file(file));
  CHECK(try_new_file(folder / "new"));
  CHECK_FALSE(try_new_file(folder / "none/trace"));
  CHECK_FALSE(try_new_file(folder / "link"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder / ""), {}) == 2);
}

TEST_CASE("explain names the algorithm if libunbound does not know it", "[cli]") {
  World world;
  world.dns.answers["example.com/MX"] = mx_answer({{10, "mx.example.com"}}, insecure);
  DnsAnswer ds;
  ds.kind = DnsAnswer::Kind::data;
  ds.security = secure;
  struct Row {
    std::vector<std::string> rdata;
    const char* words;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {{"\x30\x39\x10\x02yy", "\x30\x3a\x10\x02other"},
       "can't validate its algorithm: ED448 (16); the zone counts as"},
      {{"\x30\x39\x0c\x03yy", "\x30\x39\x10\x02yy"}, "its algorithm: 12, ED448 (16); the zone counts as"},
  }));
  ds.rdata = row.rdata;
  world.dns.answers["example.com/DS"] = ds;
  Explanation all = world.explain();
  CHECK(why_unsigned(all).contains(row.words));
  CHECK(text_of(all).contains("the zone is signed"));
  CHECK(text_of(saved_and_replayed(all)) == text_of(all));
  world.dns.answers["example.com/DS"] = no_data(insecure);
  CHECK(why_unsigned(world.explain()).empty());
  world.dns.answers["example.com/MX"] = mx_answer({{10, "mx.example.com"}});
  CHECK(why_unsigned(world.explain()).empty());
}

}  // namespace mtasts
