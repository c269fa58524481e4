#include "core/decide.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "core/policy_life.hpp"
#include "tests/unit/core/decide_facts.hpp"
#include "tests/unit/lists.hpp"

using namespace mtasts;
using namespace std::chrono_literals;

namespace {

const Time now = Time(1'700'000'000s);

RecordView cached(Mode mode, std::uint32_t max_age, std::chrono::seconds since_fetch) {
  return facts::with_policy({mode, max_age, test::mx_view("mx.example"), "version: STSv1"},
                            now - since_fetch);
}

}  // namespace

TEST_CASE("decisions on MTA-STS (rules 6 and 7)", "[core]") {
  struct Row {
    const char* why;
    bool any;  // a policy is cached
    Mode mode;
    std::uint32_t max_age;
    std::chrono::seconds since_fetch;
    StsState state;
    bool testing_as_enforce;
    Verdict want;
    const char* reason;
  };
  using enum StsState;
  using enum Verdict;
  auto row = GENERATE(values<Row>({
      {"ANS-1: nothing known", false, {}, 0, 0s, no_record, false, not_found, "no MTA-STS record"},
      {"ANS-1: not asked, nothing cached", false, {}, 0, 0s, not_asked, false, not_found, "no policy known"},
      {"ANS-2: enforce", true, Mode::enforce, 86400, 1s, current, false, secure, "enforce policy"},
      {"STS-26: fetched this second", true, Mode::enforce, 86400, 0s, current, false, secure,
       "enforce policy"},
      {"STS-26: a second before its end", true, Mode::enforce, 86400, 86399s, current, false, secure,
       "enforce policy"},
      {"STS-26: at its end", true, Mode::enforce, 86400, 86400s, current, false, not_found,
       "cached policy expired"},
      {"STS-26: long after its end", true, Mode::enforce, 86400, 999999s, no_record, false, not_found,
       "no MTA-STS record"},
      {"STS-30: record gone, policy holds", true, Mode::enforce, 86400, 99s, no_record, false, secure,
       "enforce policy"},
      {"STS-3: two records, policy holds", true, Mode::enforce, 86400, 99s, bad_record, false, secure,
       "enforce policy"},
      {"STS-7: DNS fails, policy holds", true, Mode::enforce, 86400, 99s, dns_failed, false, secure,
       "enforce policy"},
      {"STS-25, STS-31: fetch fails, policy holds", true, Mode::enforce, 86400, 99s, fetch_failed, false,
       secure, "enforce policy"},
      {"ANS-7: pending, policy holds", true, Mode::enforce, 86400, 99s, pending, false, secure,
       "enforce policy"},
      {"STS-38, ANS-7: fetch failed, nothing cached",
       false,
       {},
       0,
       0s,
       fetch_failed,
       false,
       not_found,
       "policy fetch failed"},
      {"ANS-7: first fetch pending", false, {}, 0, 0s, pending, false, not_found, "discovery not done yet"},
      {"STS-7: DNS failed, nothing cached",
       false,
       {},
       0,
       0s,
       dns_failed,
       false,
       not_found,
       "MTA-STS record lookup failed"},
      {"STS-3: bad record, nothing cached",
       false,
       {},
       0,
       0s,
       bad_record,
       false,
       not_found,
       "invalid MTA-STS record"},
      {"expired and the fetch fails", true, Mode::enforce, 60, 61s, fetch_failed, false, not_found,
       "policy fetch failed"},
      {"STS-41, ANS-4: testing", true, Mode::testing, 86400, 1s, current, false, not_found, "testing policy"},
      {"testing taken as enforce", true, Mode::testing, 86400, 1s, fetch_failed, true, secure,
       "testing policy taken as enforce"},
      {"testing taken as enforce, expired", true, Mode::testing, 60, 60s, current, true, not_found,
       "cached policy expired"},
      {"ANS-4: none", true, Mode::none, 86400, 1s, current, false, not_found, "policy with mode none"},
      {"none is never taken as enforce", true, Mode::none, 86400, 1s, current, true, not_found,
       "policy with mode none"},
      {"STS-22: max_age 0 holds for a minute", true, Mode::enforce, 0, 59s, current, false, secure,
       "enforce policy"},
      {"STS-22: max_age 0 after a minute", true, Mode::enforce, 0, 60s, current, false, not_found,
       "cached policy expired"},
      {"max_age 1 is one second", true, Mode::enforce, 1, 1s, current, false, not_found,
       "cached policy expired"},
      {"STS-33: fetched in the future", true, Mode::enforce, 86400, -999999s, current, false, secure,
       "enforce policy"},
  }));
  INFO(row.why);
  RecordView record = row.any ? cached(row.mode, row.max_age, row.since_fetch) : RecordView{};
  record.state = row.state;
  record.detail = "a cause";
  Decision decision = decide(certain(now), &record, std::nullopt, {},
                             {.settings = {.dane = false, .testing_as_enforce = row.testing_as_enforce}});
  CHECK(decision.verdict == row.want);
  CHECK(decision.reason == row.reason);
  CHECK(decision.policy == (row.want == secure ? &record.policy : nullptr));
  if (row.want == secure) CHECK(decision.detail.empty());  // what went wrong later did not matter
  if (!row.any) CHECK(decision.detail == "a cause");
}

TEST_CASE("when a policy expires", "[core]") {
  PolicyView policy{Mode::enforce, 86400, {}, {}};
  CHECK(expires_at(policy, now - 100s, certain(now)) == now + 86300s);
  CHECK(expires_at(policy, now + 100s, certain(now)) ==
        now + 86400s);  // STS-33: a future fetch counts as now
  policy.max_age = 0;
  CHECK(expires_at(policy, now, certain(now)) == now + 60s);
  policy.max_age = 0xFFFFFFFF;
  CHECK(expires_at(policy, Time::max(), certain(Time::max())) == Time::max());  // no overflow
  CHECK(expires_at(policy, Time::min(), certain(now)) == Time::min() + 4'294'967'295s);
}

TEST_CASE("words for verdicts", "[core]") {
  CHECK(words(Verdict::not_found) == "none");
  CHECK(words(Verdict::secure) == "secure");
  CHECK(words(Verdict::dane) == "dane");
  CHECK(words(Verdict::dane_only) == "dane-only");
  CHECK(words(Verdict::temp) == "temp");
}

TEST_CASE("STS-23: an enforce policy of addresses alone makes mail wait", "[core]") {
  const Time when = Time(1'700'000'000s);
  Policy policy{Mode::enforce, 86400, {}, "version: STSv1"};
  RecordView cached = facts::with_policy(view(policy), when);
  Decision decision = decide(certain(when), &cached, std::nullopt, {}, {.settings = {.dane = false}});
  CHECK(decision.verdict == Verdict::temp);
  CHECK(decision.rule == "6");
  CHECK(decision.reason == "the policy lists no host name");
  policy.mode = Mode::testing;
  cached.policy = view(policy);
  CHECK(decide(certain(when), &cached, std::nullopt, {}, {.settings = {.dane = false}}).verdict ==
        Verdict::not_found);
}

TEST_CASE("PFX-30: an enforce policy that no host can satisfy makes mail wait", "[core]") {
  const Time when = Time(1'700'000'000s);
  Policy policy{Mode::enforce, 86400, test::mx_list("hostname\nnexthop"), "version: STSv1"};
  RecordView cached = facts::with_policy(view(policy), when);
  Decision decision = decide(certain(when), &cached, std::nullopt, {}, {.settings = {.dane = false}});
  CHECK(decision.verdict == Verdict::temp);
  CHECK(decision.reason == "no mx of the MTA-STS policy can match a host");
  policy.mx.append(*MxPattern::parse("mx.example.com"));
  cached.policy = view(policy);
  CHECK(decide(certain(when), &cached, std::nullopt, {}, {.settings = {.dane = false}}).verdict ==
        Verdict::secure);
}

TEST_CASE("a damaged entry is never taken for a missing one", "[core]") {
  struct Row {
    const char* why;
    StsState state;
    MxState mx;
    bool sts, dane;
    Verdict want;
  };
  using enum StsState;
  auto row = GENERATE(values<Row>({
      {"the lookup failed", dns_failed, MxState::insecure, true, true, Verdict::temp},
      {"the fetch failed", fetch_failed, MxState::insecure, true, true, Verdict::temp},
      {"not done yet", pending, MxState::insecure, true, true, Verdict::temp},
      {"not looked up", not_asked, MxState::insecure, true, true, Verdict::temp},
      {"without DANE", dns_failed, MxState::insecure, true, false, Verdict::temp},
      {"no mail is taken anyway", dns_failed, MxState::null_mx, true, true, Verdict::not_found},
      {"MTA-STS does not count", dns_failed, MxState::insecure, false, true, Verdict::not_found},
  }));
  INFO(row.why);
  DaneState state;
  state.mx = row.mx;
  state.looked_up_at = now - 1s;
  state.valid_until = now + 60s;
  RecordView record = facts::with_dane({}, state);
  record.state = row.state;
  record.detail = "cause";
  record.lost = true;
  ZoneRules rules;
  rules.sts = row.sts;
  rules.settings.dane = row.dane;
  auto decision = decide(certain(now), &record, std::nullopt, {}, rules);
  CHECK(decision.verdict == row.want);
  if (row.want == Verdict::temp) CHECK(decision.detail == "cause");
  record.lost = false;
  CHECK(decide(certain(now), &record, std::nullopt, {}, rules).verdict == Verdict::not_found);
}

TEST_CASE("a lookup that is not done gives the reason, not what the entry says", "[core]") {
  RecordView record;
  record.state = StsState::fetch_failed;
  record.detail = "connection refused";
  Decision decision = decide(certain(now), &record, StsState::pending, {}, {.settings = {.dane = false}});
  CHECK(decision.reason == "discovery not done yet");
  CHECK(decision.detail.empty());
  CHECK(decide(certain(now), nullptr, StsState::pending, {}, {.settings = {.dane = false}}).reason ==
        "discovery not done yet");
  CHECK(decide(certain(now), nullptr, std::nullopt, {}, {.settings = {.dane = false}}).reason ==
        "no policy known");
}

TEST_CASE("only the DANE state of the next hop itself counts", "[core]") {
  DaneState state;
  state.route = {false, 587};
  state.mx = MxState::insecure;
  state.looked_up_at = now - 1s;
  state.valid_until = now + 60s;
  RecordView record = facts::with_dane({}, state);
  CHECK(decide(certain(now), &record, std::nullopt, {false, 587}, {}).verdict == Verdict::not_found);
  CHECK(decide(certain(now), &record, std::nullopt, {false, 25}, {}).verdict == Verdict::temp);
  CHECK(decide(certain(now), &record, std::nullopt, {true, 587}, {}).verdict == Verdict::temp);
}
