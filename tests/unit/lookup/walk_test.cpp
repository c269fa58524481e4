// Every step of discovery is made to fail once, one after another: no answer is weaker than what the cached
// policy or the DANE state demands.
//
// Each scenario runs once without a fault, which gives the questions it asks; then once for each question and
// each kind of fault. The answer is what decide() makes of the outcome, as in the answer threads.
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <set>

#include "dane_fakes.hpp"
#include "lookup/freshness.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

using Zone = std::map<std::string, DnsAnswer>;

struct Scenario {
  const char* why;
  Zone zone;                     // about example.com
  std::optional<Record> stored;  // fetched a day before the walk
  Verdict clean;                 // without a fault
  std::set<Verdict> allowed;     // with one
  Route route{};
};

const FakeClock clock_of_walk;

Record cached(std::string_view mode = "enforce") {
  Record record = stored_policy(clock_of_walk.time - 86400s, mode, 604800);
  return record;
}

Zone hosts(DnsAnswer mx, const std::vector<std::pair<std::string, DnsAnswer>>& tlsa_of) {
  Zone zone{{"_mta-sts.example.com/TXT", txt({"v=STSv1; id=1;"})}, {"example.com/MX", std::move(mx)}};
  for (const auto& [host, records] : tlsa_of) {
    zone[host + "/A"] = address(secure);
    zone[host + "/AAAA"] = no_data(secure);
    zone["_25._tcp." + host + "/TLSA"] = records;
  }
  for (const char* above : {"tld", "x.tld", "y.tld"}) zone[std::string(above) + "/DS"] = raw_answer({"ds"});
  return zone;
}

const DnsAnswer good = tlsa({"3 1 1 " + digest});

Zone with_alias(Zone zone) {
  zone["a.x.tld/A"] = address(secure, "end.y.tld");
  zone["a.x.tld/AAAA"] = no_data(secure);
  zone["_25._tcp.end.y.tld/TLSA"] = good;
  zone["_25._tcp.a.x.tld/TLSA"] = nxdomain(secure);
  return zone;
}

Zone with_unsigned_end(Zone zone) {
  zone["a.x.tld/A"] = address(insecure, "end.z");
  zone["a.x.tld/AAAA"] = no_data(insecure);
  zone["a.x.tld/CNAME"] = raw_answer({wire_name("end.z")});
  return zone;
}

Zone bracketed(Zone zone) {
  zone["example.com/A"] = address(secure);
  zone["example.com/AAAA"] = no_data(secure);
  zone["_587._tcp.example.com/TLSA"] = good;
  zone["com/DS"] = raw_answer({"ds"});
  return zone;
}

std::vector<Scenario> scenarios() {
  using enum Verdict;
  const auto two = mx_answer({{10, "a.x.tld"}, {20, "b.x.tld"}});
  const auto one = mx_answer({{10, "a.x.tld"}});
  const auto unsigned_mx = mx_answer({{10, "a.x.tld"}}, insecure);
  const auto none = nxdomain(fake::secure);
  const Verdict secured = Verdict::secure;
  return {
      {"STS-30: unsigned, enforce cached", hosts(unsigned_mx, {}), cached(), secured, {secured, temp}},
      {"STS-30: signed without TLSA, enforce cached",
       hosts(two, {{"a.x.tld", none}, {"b.x.tld", none}}),
       cached(),
       secured,
       {secured, temp}},
      {"STS-47: usable everywhere, enforce cached",
       hosts(two, {{"a.x.tld", good}, {"b.x.tld", good}}),
       cached(),
       dane_only,
       {dane_only, temp}},
      {"STS-48: usable on one, enforce cached",
       hosts(two, {{"a.x.tld", good}, {"b.x.tld", none}}),
       cached(),
       secured,
       {secured, dane_only, temp}},
      {"DANE-8: usable everywhere, no policy",
       hosts(two, {{"a.x.tld", good}, {"b.x.tld", good}}),
       {},
       dane_only,
       {dane_only, dane, temp}},
      {"DANE-8: usable on one, no policy",
       hosts(two, {{"a.x.tld", good}, {"b.x.tld", none}}),
       {},
       dane,
       {dane_only, dane, temp}},
      {"DANE-9: unusable, no policy",
       hosts(one, {{"a.x.tld", tlsa({"3 1 9 " + digest})}}),
       {},
       dane,
       {dane, temp}},
      {"DANE-14: through an alias, no policy",
       with_alias(hosts(one, {})),
       {},
       dane_only,
       {dane_only, dane, temp}},
      {"DANE-14: through an alias, enforce cached",
       with_alias(hosts(one, {})),
       cached(),
       dane_only,
       {dane_only, temp}},
      {"DANE-7: an alias with an unsigned end",
       with_unsigned_end(hosts(one, {{"a.x.tld", good}})),
       {},
       dane_only,
       {dane_only, dane, temp}},
      {"DANE-7: an alias with an unsigned end, enforce",
       with_unsigned_end(hosts(one, {{"a.x.tld", good}})),
       cached(),
       dane_only,
       {dane_only, temp}},
      {"DANE-15: brackets and a port",
       bracketed(hosts(none, {})),
       {},
       dane_only,
       {dane_only, dane, temp},
       {true, 587}},
      {"DANE-15: brackets and a port, enforce",
       bracketed(hosts(none, {})),
       cached(),
       dane_only,
       {dane_only, temp},
       {true, 587}},
  };
}

struct Flown {
  Decision decision;
  std::vector<std::string> asked;
  LookupOutcomePtr outcome;  // keeps what decision refers to
};

Flown fly(const Scenario& scenario, const std::string& failing, const DnsAnswer& fault,
          const HttpResult& http) {
  boost::asio::io_context loop;
  auto* dns = new FakeDns;
  auto* fetch = new FakeFetch;
  auto network = std::make_shared<Network>(std::unique_ptr<Dns>(dns), std::unique_ptr<Fetch>(fetch));
  FakeStore store;
  FakeClock clock;
  dns->answers = scenario.zone;
  if (!failing.empty()) dns->answers[failing] = fault;
  fetch->answer = http;
  if (scenario.stored) store.records.emplace(name("example.com"), *scenario.stored);
  Flights flights(loop.get_executor(), network, store, clock, [](const FlightReport&) {});
  Flown flown;
  flights.ask({name("example.com"), scenario.route, 5s, 8s},
              [&](LookupOutcomePtr o) { flown.outcome = std::move(o); });
  loop.run();
  REQUIRE(flown.outcome);
  flown.asked = dns->asked_names;
  static RecordView record;  // what the decision views
  record = view(flown.outcome->record);
  flown.decision = decide(clock.moment(), &record, std::nullopt, scenario.route, {});
  return flown;
}

const HttpResult no_policy_host = http_failure(FetchStep::connect, "refused");

std::vector<DnsAnswer> faults(const Zone& zone, const std::string& question) {
  auto known = zone.find(question);
  DnsAnswer forged = known == zone.end() ? no_data() : known->second;
  return {dns_failure("SERVFAIL"), dns_failure("timeout after 5 s"),
          dns_failure("DNSSEC bogus: signature expired", DnsAnswer::Security::bogus), bogus(forged)};
}

}  // namespace

TEST_CASE("each step of discovery fails once: never a weaker answer", "[lookup]") {
  for (const Scenario& scenario : scenarios()) {
    INFO(scenario.why);
    Flown clean = fly(scenario, "", {}, no_policy_host);
    REQUIRE(words(clean.decision.verdict) == words(scenario.clean));
    REQUIRE(clean.asked.size() >= 2);
    std::set<std::string> failing(clean.asked.begin(), clean.asked.end());
    for (const std::string& question : failing) {
      for (const DnsAnswer& fault : faults(scenario.zone, question)) {
        INFO(question << " " << words(fault.security) << " " << fault.reason);
        Flown flown = fly(scenario, question, fault, no_policy_host);
        INFO(words(flown.decision.verdict) << " by rule " << flown.decision.rule);
        CHECK(scenario.allowed.contains(flown.decision.verdict));
        // STS-49, DANE-5: after an error in the DANE lookup, the policy alone never decides.
        bool about_dane =
            question.ends_with("/MX") || question.ends_with("/TLSA") || question.ends_with("/CNAME");
        if (about_dane) CHECK(flown.decision.verdict != Verdict::secure);
        if (flown.decision.verdict == Verdict::temp) CHECK_FALSE(flown.decision.detail.empty());
      }
    }
  }
}

TEST_CASE("each step of the policy fetch fails once: the cached policy and DANE hold", "[lookup]") {
  const HttpResult answers[] = {http_failure(FetchStep::address, "NXDOMAIN"),
                                http_failure(FetchStep::connect, "refused"),
                                http_failure(FetchStep::tls, "certificate has expired"),
                                http_failure(FetchStep::response, "stream truncated"),
                                http_failure(FetchStep::deadline, "30 s"),
                                HttpAnswer{404, "text/plain", ""},
                                HttpAnswer{200, "text/html", body("none", 86400)},
                                ok("version: STSv1\nmode: no"),
                                ok("")};
  for (Scenario scenario : scenarios()) {
    INFO(scenario.why);
    scenario.zone["_mta-sts.example.com/TXT"] = txt({"v=STSv1; id=2;"});
    for (const HttpResult& http : answers)
      CHECK(words(fly(scenario, "", {}, http).decision.verdict) == words(scenario.clean));
  }
}

// The earlier state counts until its TTL is over, whatever fails meanwhile; only a bogus MX makes mail wait.
TEST_CASE("each step fails while the earlier state is in force: the answer stays", "[lookup]") {
  for (Scenario scenario : scenarios()) {
    INFO(scenario.why);
    Flown first = fly(scenario, "", {}, no_policy_host);
    scenario.stored = first.outcome->record;
    for (DaneState& state : scenario.stored->dane) {  // looked up 250 s ago: in its last quarter
      state.looked_up_at -= 250s;
      state.valid_until -= 250s;
    }
    std::set<std::string> failing(first.asked.begin(), first.asked.end());
    for (const std::string& question : failing) {
      INFO(question);
      Flown flown = fly(scenario, question, dns_failure("SERVFAIL"), no_policy_host);
      auto allowed = scenario.allowed;
      if (question.ends_with("/MX")) allowed = {scenario.clean};
      INFO(words(flown.decision.verdict) << " by rule " << flown.decision.rule);
      CHECK(allowed.contains(flown.decision.verdict));
    }
  }
}
