#include "lookup/dane_plan.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "dane_fakes.hpp"
#include "tests/unit/lists.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

const Time now = Time(1'700'000'000s);
const DomainName domain = name("example.com");

std::string names(const MxFinding& found) {
  std::string text;
  for (const MxHost& host : found.hosts) {
    if (!text.empty()) text += host.first_of_group ? '|' : ' ';
    text += host.name.str();
  }
  return text;
}

struct Host {
  const char* host;
  bool first_of_group = true;
};

MxFinding secure_mx(const std::vector<Host>& hosts, std::uint32_t ttl = 300) {
  MxFinding mx;
  mx.state = MxState::secure;
  mx.ttl = ttl;
  for (const Host& each : hosts) mx.hosts.push_back({name(each.host), each.first_of_group});
  return mx;
}

}  // namespace

TEST_CASE("what an MX answer means", "[lookup]") {
  struct Row {
    const char* why;
    DnsAnswer answer;
    MxState state;
    MxTrouble trouble;
    std::string hosts;
  };
  auto row = GENERATE(values<Row>({
      {"secure", mx_answer({{10, "mx1.example"}, {10, "mx2.example"}}), MxState::secure, MxTrouble::none,
       "mx1.example mx2.example"},
      {"by preference, then by name", mx_answer({{20, "b.x"}, {10, "d.x"}, {10, "c.x"}, {5, "e.x"}}),
       MxState::secure, MxTrouble::none, "e.x|c.x d.x|b.x"},
      {"DANE-10: insecure", mx_answer({{10, "mx1.example"}}, insecure), MxState::insecure, MxTrouble::none,
       "mx1.example"},
      {"DANE-12: no MX, the domain is the host", no_data(secure), MxState::secure, MxTrouble::none,
       "example.com"},
      {"DANE-12: no MX in an unsigned zone", no_data(insecure), MxState::insecure, MxTrouble::none,
       "example.com"},
      {"DANE-2: NXDOMAIN", nxdomain(secure), MxState::secure, MxTrouble::none, ""},
      {"DANE-28: null MX", mx_answer({{0, ""}}), MxState::null_mx, MxTrouble::none, ""},
      {"an unsigned null MX may be forged", mx_answer({{0, ""}}, insecure), MxState::insecure,
       MxTrouble::none, ""},
      {"RFC 7505: a null MX stands alone", mx_answer({{0, ""}, {10, "mx.x"}}), MxState::secure,
       MxTrouble::none, "mx.x"},
      {"names twice count once", mx_answer({{10, "mx.x"}, {20, "mx.x"}, {20, "a.x"}}), MxState::secure,
       MxTrouble::none, "mx.x|a.x"},
      {"a name that is not a host name is left out",
       mx_answer({{10, "192.0.2.1"}, {10, "b.x"}, {10, "a_b.x"}, {10, "a b.x"}}), MxState::secure,
       MxTrouble::none, "a_b.x b.x"},
      {"DANE-1: bogus", dns_failure("DNSSEC bogus: signature expired", DnsAnswer::Security::bogus),
       MxState::unknown, MxTrouble::bogus, ""},
      {"UB-6: bogus comes with data", bogus(mx_answer({{10, "mx.x"}})), MxState::unknown, MxTrouble::bogus,
       ""},
      {"DANE-4: SERVFAIL", dns_failure("SERVFAIL"), MxState::unknown, MxTrouble::failed, ""},
      {"DANE-3: not validated is not insecure", unvalidated(mx_answer({{10, "mx.x"}}, insecure)),
       MxState::unknown, MxTrouble::failed, ""},
      {"malformed", raw_answer({std::string("\0", 1)}), MxState::unknown, MxTrouble::failed, ""},
  }));
  INFO(row.why);
  MxFinding found = judge_mx(domain, row.answer);
  CHECK(found.state == row.state);
  CHECK(found.trouble == row.trouble);
  CHECK(names(found) == row.hosts);
  CHECK(found.detail.empty() == (row.trouble == MxTrouble::none));
}

TEST_CASE("the words of a failure name type, name and cause", "[lookup]") {
  auto bogus_answer = dns_failure("DNSSEC bogus: signature expired", DnsAnswer::Security::bogus);
  CHECK(judge_mx(domain, bogus_answer).detail == "MX example.com: DNSSEC bogus: signature expired");
  CHECK(judge_mx(domain, unvalidated(no_data(insecure))).detail == "MX example.com: not validated by DNSSEC");
}

TEST_CASE("a thousand MX records are cut", "[lookup]") {
  std::vector<MxRecord> many;
  for (int i = 0; i < 1000; ++i) many.push_back({10, "mx" + std::to_string(i) + ".x"});
  CHECK(judge_mx(domain, mx_answer(many)).hosts.size() == max_mx_hosts);
}

TEST_CASE("DANE-26: how many hosts are looked up", "[lookup]") {
  auto found = judge_mx(domain, mx_answer({{1, "a.x"}, {2, "b.x"}, {2, "c.x"}, {2, "d.x"}, {3, "e.x"}}));
  CHECK(hosts_to_look_up(found.hosts, 1) == 1);
  CHECK(hosts_to_look_up(found.hosts, 2) == 4);
  CHECK(hosts_to_look_up(found.hosts, 4) == 4);
  CHECK(hosts_to_look_up(found.hosts, 5) == 5);
  CHECK(hosts_to_look_up(found.hosts, 100) == 5);
  CHECK(hosts_to_look_up({}, 10) == 0);
}

TEST_CASE("where TLSA records may be, from the address answers", "[lookup]") {
  using State = AddressFinding::State;
  struct Row {
    const char* why;
    DnsAnswer a, aaaa;
    State state;
    std::vector<std::string> bases;
  };
  const auto failure = dns_failure("SERVFAIL");
  const auto forged = dns_failure("DNSSEC bogus", DnsAnswer::Security::bogus);
  auto row = GENERATE_COPY(values<Row>({
      {"DANE-14: no alias, secure", address(secure), no_data(secure), State::secure, {"mx.x"}},
      {"IPv6 alone", no_data(secure), address(secure), State::secure, {"mx.x"}},
      {"DANE-13: not signed", address(insecure), address(insecure), State::insecure, {}},
      {"DANE-13: no address", no_data(secure), no_data(secure), State::none, {}},
      {"DANE-2: NXDOMAIN", nxdomain(insecure), nxdomain(insecure), State::none, {}},
      {"DANE-14: alias, secure to its end",
       address(secure, "end.y"),
       no_data(secure),
       State::secure,
       {"end.y", "mx.x"}},
      {"DANE-7: alias into an unsigned zone",
       address(insecure, "end.y"),
       no_data(insecure),
       State::alias,
       {"mx.x"}},
      {"AAAA fails, A is there and not signed", address(insecure), failure, State::insecure, {}},
      {"AAAA fails, A is there and signed", address(secure), failure, State::secure, {"mx.x"}},
      {"A is bogus, AAAA is there", forged, address(secure), State::secure, {"mx.x"}},
      {"DANE-5: both fail", failure, failure, State::failed, {}},
      {"DANE-5: one fails, the other has nothing", no_data(secure), failure, State::failed, {}},
      {"DANE-3: not validated",
       unvalidated(address(insecure)),
       unvalidated(no_data(insecure)),
       State::failed,
       {}},
      {"DANE-5: bogus and nothing", forged, no_data(secure), State::failed, {}},
  }));
  INFO(row.why);
  AddressFinding found = judge_addresses("mx.x", row.a, row.aaaa);
  CHECK(found.state == row.state);
  CHECK(found.bases == row.bases);
  CHECK(found.detail.empty() == (row.state != State::failed));
}

TEST_CASE("what TLSA answers mean", "[lookup]") {
  CHECK(judge_tlsa(tlsa({"3 1 1 " + digest})) == HostState::usable);
  CHECK(judge_tlsa(tlsa({"3 1 9 " + digest})) == HostState::unusable);
  CHECK(judge_tlsa(tlsa({"3 1 9 " + digest, "3 1 1 " + digest})) == HostState::usable);  // DANE-8
  CHECK(judge_tlsa(raw_answer({"\3"})) == HostState::unusable);  // DANE-9: there is one
  CHECK_FALSE(judge_tlsa(tlsa({"3 1 1 " + digest}, insecure)));
  CHECK_FALSE(judge_tlsa(no_data(secure)));
  CHECK_FALSE(judge_tlsa(nxdomain(secure)));
  CHECK(judge_tlsa(dns_failure("SERVFAIL")) == HostState::failed);  // DANE-5
  CHECK(judge_tlsa(bogus(tlsa({"3 1 1 " + digest}))) == HostState::failed);
}

TEST_CASE("DANE-27: a state is kept for the smallest TTL seen", "[lookup]") {
  auto mx = secure_mx({{"a.x"}, {"b.x", false}}, 600);
  DaneState state =
      after_dane_lookup(now, {}, {}, mx, {{HostState::usable, "", 500}, {HostState::none, "", 120}});
  CHECK(state.hosts.text() == "u+a.x\n0=b.x");
  CHECK(state.valid_until == now + 120s);
  CHECK(state.looked_up_at == now);
  CHECK(state.failures == 0);
  mx.ttl = 0;
  CHECK(after_dane_lookup(now, {}, {}, mx, {}).valid_until == now + 2s);  // serves its own flight
  mx.ttl = 4'000'000'000;
  CHECK(after_dane_lookup(now, {}, {}, mx, {}).valid_until == now + 86'400s);
  CHECK(after_dane_lookup(now, {}, {}, mx, {}).hosts.text() == "-+a.x\n-=b.x");  // not looked up
}

TEST_CASE("a failed host is rechecked after 30 s, doubling to 5 minutes", "[lookup]") {
  auto mx = secure_mx({{"a.x"}}, 3600);
  std::optional<DaneState> state;
  for (auto wait : {30s, 60s, 120s, 240s, 300s, 300s}) {
    state = after_dane_lookup(now, {}, state, mx, {{HostState::failed, "TLSA _25._tcp.a.x: SERVFAIL"}});
    CHECK(state->valid_until == now + wait);
    CHECK(state->detail == "TLSA _25._tcp.a.x: SERVFAIL");
  }
  state = after_dane_lookup(now, {}, state, mx, {{HostState::usable, "", 3600}});
  CHECK(state->failures == 0);
  CHECK(state->valid_until == now + 3600s);
}

TEST_CASE("an MX that can't be decided leaves the earlier state in force until its TTL is over", "[lookup]") {
  MxFinding trouble;
  trouble.trouble = MxTrouble::failed;
  trouble.detail = "MX example.com: SERVFAIL";
  DaneState before = after_dane_lookup(now, {}, {}, secure_mx({{"a.x"}}), {{HostState::usable, "", 300}});
  DaneState after = after_dane_lookup(now + 200s, {}, before, trouble, {});
  CHECK(after.mx == MxState::secure);
  CHECK(after.hosts.text() == "u+a.x");
  CHECK(after.valid_until == before.valid_until);
  CHECK(after.trouble == MxTrouble::failed);
  CHECK(after.next_try == now + 230s);
  DaneState later = after_dane_lookup(now + 300s, {}, after, trouble, {});
  CHECK_FALSE(state_in_force(view(later), now + 300s));
  CHECK(later.failures == 2);
  CHECK(later.next_try == now + 360s);
}

TEST_CASE("the last state stays as a proof for 30 days, not in force", "[lookup]") {
  MxFinding trouble;
  trouble.trouble = MxTrouble::bogus;
  DaneState state = after_dane_lookup(now, {}, {}, secure_mx({{"a.x"}}), {{HostState::usable, "", 300}});
  for (auto later : {std::chrono::seconds(1h), std::chrono::seconds(24h), std::chrono::seconds(30 * 24h)}) {
    state = after_dane_lookup(now + later, {}, state, trouble, {});
    CHECK(state.mx == MxState::secure);
    CHECK(state.hosts.text() == "u+a.x");
    CHECK(state.looked_up_at == now);  // when it was proved
    CHECK_FALSE(state_in_force(view(state), now + later));
    CHECK(proof_counts(view(state), now + later));
    CHECK(dane_freshness(view(state), state.next_try) == Freshness::wait);
  }
  CHECK_FALSE(proof_counts(view(state), now + 30 * 24h + 1s));
  state = after_dane_lookup(now + 30 * 24h + 1s, {}, state, trouble, {});
  CHECK(state.mx == MxState::unknown);
  CHECK(state.hosts.empty());
}

// An attacker who lets the MX through and spoils the TLSA records must not erase the proof.
TEST_CASE("a host that fails after it had TLSA records is remembered as such", "[lookup]") {
  auto mx = secure_mx({{"a.x"}, {"b.x", false}, {"c.x", false}});
  const std::vector<HostFinding> all_fail(3, HostFinding{HostState::failed, "SERVFAIL"});
  DaneState state = after_dane_lookup(
      now, {}, {}, mx,
      {{HostState::usable, "", 300}, {HostState::none, "", 300}, {HostState::failed, "SERVFAIL"}});
  CHECK(state.hosts.text() == "u+a.x\n0=b.x\nf=c.x");
  Time later = now + 600s;
  state = after_dane_lookup(later, {}, state, mx, all_fail);
  const std::string proved = ' ' + std::string("u") + std::to_string(now.time_since_epoch().count());
  const std::string denied = " 0" + std::to_string(now.time_since_epoch().count());
  CHECK(state.hosts.text() == "f+a.x" + proved + "\nf=b.x" + denied + "\nf=c.x");
  CHECK(state.looked_up_at == later);
  // However often it fails, the proof is as old as the answer that gave it, and ends after 30 days.
  for (auto day : {1, 10, 20, 30}) {
    state = after_dane_lookup(now + day * 24h, {}, state, mx, all_fail);
    CHECK(state.hosts.text() == "f+a.x" + proved + "\nf=b.x" + denied + "\nf=c.x");
  }
  CHECK(after_dane_lookup(now + 30 * 24h + 1s, {}, state, mx, all_fail).hosts.text() ==
        "f+a.x\nf=b.x\nf=c.x");
  // A state that fails within its TTL stays in force, but its proof does not become younger.
  DaneState again = after_dane_lookup(later, {}, {}, mx, {{HostState::usable, "", 3600}});
  again = after_dane_lookup(later + 200s, {}, again, mx, all_fail);
  CHECK(again.hosts.text().starts_with("u+a.x u" + std::to_string(later.time_since_epoch().count()) + '\n'));
  // An entry of an earlier build.
  DaneState old = state;
  old.hosts = test::host_list("F+a.x\nf=b.x\nf=c.x");
  old.looked_up_at = now;
  CHECK(after_dane_lookup(later, {}, old, mx, all_fail).hosts.text() == "f+a.x" + proved + "\nf=b.x\nf=c.x");
  state = after_dane_lookup(later + 1200s, {}, state, mx, {{HostState::none, "", 300}});
  CHECK(state.hosts.text().starts_with("0+a.x"));
}

TEST_CASE("of more than eight next hops those looked up last are stored", "[lookup]") {
  Record record;
  for (std::uint16_t port = 1; port <= 8; ++port) {
    DaneState state;
    state.route.port = port;
    state.looked_up_at = now + std::chrono::seconds(port == 3 ? 0 : port);
    keep_dane(record, state);
  }
  DaneState again;
  again.route.port = 5;
  again.detail = "again";
  again.looked_up_at = now + 50s;
  keep_dane(record, again);
  CHECK(record.dane.size() == 8);
  again.route = {true, 25};
  keep_dane(record, again);
  newest_first(record);
  const std::string bytes = encode(record);
  RecordView stored = decode(bytes).value();
  CHECK_FALSE(find_dane(stored, {false, 3}));
  CHECK(find_dane(stored, {false, 5})->detail == "again");
  CHECK(find_dane(stored, {true, 25}));
  CHECK(find_dane(stored, {false, 1}));
}
