#include "lookup/plan.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <set>

#include "fakes.hpp"
#include "lookup/freshness.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

const Time t0{std::chrono::seconds(1'800'000'000)};
const DomainName domain = name("example.com");

TxtFinding announced(std::string id, std::chrono::seconds keep = 300s) {
  return {StsState::current, std::move(id), "", keep};
}

TxtFinding unannounced(StsState state) { return {state, "", "cause", 300s}; }

Policy policy(std::string_view mode, std::uint32_t max_age) {
  return lint_policy(body(mode, max_age)).policy.value();
}

}  // namespace

TEST_CASE("what a TXT answer means", "[lookup]") {
  struct Row {
    const char* why;
    DnsAnswer answer;
    StsState state;
    const char* id;
    std::chrono::seconds keep;
  };
  auto row = GENERATE(values<Row>({
      {"STS-2 a valid record", txt({"v=STSv1; id=7;"}), StsState::current, "7", 300s},
      {"TTL below a minute counts as a minute", txt({"v=STSv1; id=7;"}, 5), StsState::current, "7", 60s},
      {"STS-51 TTL above an hour counts as an hour", txt({"v=STSv1; id=7;"}, 86400), StsState::current, "7",
       3600s},
      {"STS-3 others' records are passed over", txt({"v=spf1 -all", "v=STSv1; id=7"}), StsState::current, "7",
       300s},
      {"STS-3 two of ours", txt({"v=STSv1; id=7;", "v=STSv1; id=8;"}), StsState::bad_record, "", 300s},
      {"STS-5 no id", txt({"v=STSv1;"}), StsState::bad_record, "", 300s},
      {"no data", txt({}), StsState::no_record, "", 300s},
      {"STS-7 SERVFAIL is not 'no record'", dns_failure("SERVFAIL"), StsState::dns_failed, "", 60s},
      {"UB-6 bogus data is never read",
       [] {
         DnsAnswer a = txt({"v=STSv1; id=7;"});
         a.security = DnsAnswer::Security::bogus;
         return a;
       }(),
       StsState::dns_failed, "", 300s},
  }));
  INFO(row.why);
  TxtFinding found = judge_txt(row.answer);
  CHECK(found.state == row.state);
  CHECK(found.id == row.id);
  CHECK(found.keep == row.keep);
}

TEST_CASE("whether to fetch", "[lookup]") {
  Record current = stored_policy(t0, "enforce", 604800, "1");
  Record failed;
  failed.last_lookup = {StsState::fetch_failed, "404", "9", t0, t0 + 60s, t0 + 300s, 1};
  Record current_failed = current;
  current_failed.last_lookup = {StsState::fetch_failed, "404", "9", t0, t0 + 60s, t0 + 300s, 1};
  struct Row {
    const char* why;
    std::optional<Record> stored;
    TxtFinding txt;
    Trigger trigger;
    std::chrono::seconds after;
    bool want;
  };
  auto row = GENERATE_COPY(values<Row>({
      {"first sight of a valid record", {}, announced("1"), Trigger::ask, 0s, true},
      {"STS-7 no record, nothing cached", {}, unannounced(StsState::no_record), Trigger::ask, 0s, false},
      {"STS-7 DNS failed, nothing cached", {}, unannounced(StsState::dns_failed), Trigger::ask, 0s, false},
      {"STS-27 same id, unexpired", current, announced("1"), Trigger::ask, 3600s, false},
      {"STS-27 another id", current, announced("2"), Trigger::ask, 3600s, true},
      {"STS-28 last quarter of its life, same id", current, announced("1"), Trigger::ask, 500000s, true},
      {"STS-28 last quarter, TXT unreadable", current, unannounced(StsState::dns_failed), Trigger::ask,
       500000s, true},
      {"STS-28 refresh, same id", current, announced("1"), Trigger::refresh, 3600s, true},
      {"STS-28 refresh, TXT gone", current, unannounced(StsState::no_record), Trigger::refresh, 3600s, true},
      {"STS-30 TXT gone, not near expiry", current, unannounced(StsState::no_record), Trigger::ask, 3600s,
       false},
      {"expired, TXT gone", current, unannounced(StsState::no_record), Trigger::refresh, 604800s, false},
      {"expired, announced", current, announced("1"), Trigger::ask, 604800s, true},
      {"STS-14 the failed id within five minutes", failed, announced("9"), Trigger::ask, 299s, false},
      {"STS-14 the failed id after five minutes", failed, announced("9"), Trigger::ask, 300s, true},
      {"STS-14 another id at once", failed, announced("10"), Trigger::ask, 1s, true},
      {"STS-14 cached policy, new id failed", current_failed, announced("9"), Trigger::ask, 299s, false},
      {"STS-14 the refresher waits as well", current_failed, announced("9"), Trigger::refresh, 299s, false},
  }));
  INFO(row.why);
  CHECK(should_fetch(certain(t0 + row.after), row.stored, row.txt, row.trigger) == row.want);
}

TEST_CASE("whether the policy host's addresses are worth asking for beside the TXT record", "[lookup]") {
  Record current = stored_policy(t0, "enforce", 604800, "1");
  auto without = [](StsState state) {
    Record record;
    record.last_lookup = {state, "why", "", t0, t0 + 60s, {}, 0};
    return record;
  };
  Record held_back = without(StsState::fetch_failed);
  held_back.last_lookup.retry_fetch = t0 + 300s;
  struct Row {
    const char* why;
    std::optional<Record> stored;
    Trigger trigger;
    std::chrono::seconds after;
    bool want;
  };
  auto row = GENERATE_COPY(values<Row>({
      {"an unknown domain", {}, Trigger::ask, 0s, true},
      {"nothing is stored but a next hop's DANE state", Record{}, Trigger::ask, 0s, true},
      {"had no record", without(StsState::no_record), Trigger::ask, 3600s, false},
      {"had a bad record", without(StsState::bad_record), Trigger::ask, 3600s, false},
      {"DNS failed", without(StsState::dns_failed), Trigger::ask, 60s, true},
      {"STS-14 the fetch is held back", held_back, Trigger::ask, 299s, false},
      {"STS-14 no longer", held_back, Trigger::ask, 300s, true},
      {"a policy in force, its record is asked again", current, Trigger::ask, 3600s, false},
      {"an expired policy", current, Trigger::ask, 604800s, true},
      {"STS-28 a refresh", current, Trigger::refresh, 86400s, true},
  }));
  INFO(row.why);
  CHECK(may_fetch(certain(t0 + row.after), row.stored, row.trigger) == row.want);
}

TEST_CASE("only a fetch replaces or extends a cached policy", "[lookup]") {
  const Record before = stored_policy(t0, "enforce", 604800, "1");
  const Time now = t0 + 3600s;

  SECTION("STS-31 a failed fetch changes neither body nor expiry") {
    Record r = after_fetch(certain(now), domain, before, announced("2"),
                           std::unexpected(std::string("HTTP status 404")));
    CHECK(r.policy->lines == before.policy->lines);
    CHECK(r.fetched_at == before.fetched_at);
    CHECK(r.id == "1");
    CHECK(r.last_lookup.state == StsState::fetch_failed);
    CHECK(r.last_lookup.failed_id == "2");
    CHECK(r.last_lookup.retry_fetch == now + 300s);
  }
  SECTION("STS-30 a lost TXT record changes neither") {
    auto state = GENERATE(StsState::no_record, StsState::bad_record, StsState::dns_failed);
    Record r = after_txt(certain(now), before, unannounced(state));
    CHECK(r.policy->mode == Mode::enforce);
    CHECK(r.fetched_at == before.fetched_at);
    CHECK(policy_in_force(view(r), certain(t0 + 604799s)));
    CHECK_FALSE(policy_in_force(view(r), certain(t0 + 604800s)));
  }
  SECTION("STS-27 the same id extends nothing") {
    Record r = after_txt(certain(now), before, announced("1"));
    CHECK(r.fetched_at == before.fetched_at);
    CHECK(r.last_lookup.state == StsState::current);
    CHECK(r.last_lookup.next_check == now + 300s);
  }
  SECTION("STS-26 a good fetch, also of the same body, restarts the life") {
    Record r = after_fetch(certain(now), domain, before, announced("1"), policy("enforce", 604800));
    CHECK(r.fetched_at == now);
    CHECK(policy_in_force(view(r), certain(now + 604799s)));
    CHECK_FALSE(policy_in_force(view(r), certain(now + 604800s)));
  }
  SECTION("STS-34 a fetched none replaces an enforce at once") {
    Record r = after_fetch(certain(now), domain, before, announced("2"), policy("none", 86400));
    CHECK(r.policy->mode == Mode::none);
    CHECK(r.id == "2");
  }
  SECTION("an expired policy stays in its entry for 30 days, not in force and not refreshed") {
    auto state = GENERATE(StsState::current, StsState::no_record, StsState::bad_record, StsState::dns_failed);
    TxtFinding txt = state == StsState::current ? announced("1") : unannounced(state);
    Record r = after_txt(certain(t0 + 604800s), before, txt);
    CHECK(r.policy == before.policy);
    CHECK(r.id == before.id);
    CHECK(r.fetched_at == before.fetched_at);
    CHECK(r.refresh_at == Time::max());
    CHECK_FALSE(policy_in_force(view(r), certain(t0 + 604800s)));
    // The clock was ahead: once it is right again, the policy is in force and is refreshed.
    r = after_txt(certain(now), r, announced("1"));
    CHECK(policy_in_force(view(r), certain(now)));
    CHECK(r.refresh_at <= now + 86400s);
    Record gone = after_txt(certain(t0 + 604800s + 30 * 86400s), before, txt);
    CHECK_FALSE(gone.policy);
  }
  SECTION("STS-33 a fetch time in the future is left as it is, and counts as now") {
    Record ahead = stored_policy(t0 + 365 * 86400s, "enforce", 604800);
    Record r = after_txt(certain(t0), ahead, unannounced(StsState::no_record));
    CHECK(r.policy == ahead.policy);
    CHECK(r.fetched_at == ahead.fetched_at);
  }
}

TEST_CASE("STS-14 the back-off of fetches grows from five minutes to an hour, for each id", "[lookup]") {
  Record r;
  Time now = t0;
  for (auto want : {300s, 600s, 1200s, 2400s, 3600s, 3600s}) {
    r = after_fetch(certain(now), domain, r, announced("9"), std::unexpected(std::string("timeout")));
    CHECK(r.last_lookup.retry_fetch - now == want);
    now = r.last_lookup.retry_fetch;
  }
  r = after_fetch(certain(now), domain, r, announced("10"), std::unexpected(std::string("timeout")));
  CHECK(r.last_lookup.retry_fetch - now == 300s);

  SECTION("a TXT record that vanishes and comes back does not open a way around it") {
    Record gone = after_txt(certain(now + 10s), r, unannounced(StsState::no_record));
    CHECK_FALSE(should_fetch(certain(now + 20s), gone, announced("10"), Trigger::ask));
    Record back = after_txt(certain(now + 20s), gone, announced("10"));
    CHECK(back.last_lookup.state == StsState::fetch_failed);
    CHECK(back.last_lookup.retry_fetch == r.last_lookup.retry_fetch);
  }
}

TEST_CASE("a clock that ran ahead once does not hold fetches back after it was set right", "[lookup]") {
  const Time ahead = t0 + 365 * 86400s;
  Record r = after_fetch(certain(ahead), domain, {}, announced("9"),
                         std::unexpected(std::string("certificate has expired")));
  REQUIRE_FALSE(should_fetch(certain(ahead + 10s), r, announced("9"), Trigger::ask));
  CHECK(should_fetch(certain(t0), r, announced("9"), Trigger::ask));
  CHECK(sts_freshness(view(r), certain(t0)) == Freshness::wait);

  Record cached = stored_policy(ahead, "enforce", 604800, "1");
  CHECK(after_txt(certain(t0), cached, announced("1")).refresh_at <= t0 + 86400s);
}

TEST_CASE("an undecided DNS answer is remembered for 30 s, doubling to 5 minutes", "[lookup]") {
  Record r;
  Time now = t0;
  for (auto want : {30s, 60s, 120s, 240s, 300s, 300s}) {
    r = after_txt(certain(now), r, unannounced(StsState::dns_failed));
    CHECK(r.last_lookup.next_check - now == want);
    now = r.last_lookup.next_check;
  }
  r = after_txt(certain(now), r, announced("1"));
  r = after_txt(certain(now), r, unannounced(StsState::dns_failed));
  CHECK(r.last_lookup.next_check - now == 30s);
}

TEST_CASE("STS-28 refresh times", "[lookup]") {
  struct Row {
    const char* why;
    std::uint32_t max_age;
    std::chrono::seconds least, most;
  };
  auto row = GENERATE(values<Row>({
      {"a week: after a day, up to a tenth sooner", 604800, 77760s, 86400s},
      {"a year: still after a day", 31557600, 77760s, 86400s},
      {"a day: after half of it", 86400, 38880s, 43200s},
      {"an hour and less: not before an hour", 600, 3240s, 3600s},
  }));
  INFO(row.why);
  auto after = refresh_time(t0, row.max_age, domain) - t0;
  CHECK(after >= row.least);
  CHECK(after <= row.most);
  CHECK(refresh_time(t0, 0, domain) == Time::max());
}

TEST_CASE("a refresh that was due but could not fetch comes back later, not at once", "[lookup]") {
  Record due = stored_policy(t0, "enforce", 604800, "1");
  Time now = due.refresh_at + 1s;
  due.last_lookup = {StsState::fetch_failed, "404", "1", now - 60s, now, now + 240s, 1};
  REQUIRE_FALSE(should_fetch(certain(now), due, announced("1"), Trigger::refresh));
  CHECK(after_txt(certain(now), due, announced("1")).refresh_at >= now + 240s);
  Record failed = after_fetch(certain(now), domain, due, announced("1"), std::unexpected(std::string("404")));
  CHECK(failed.refresh_at >= now + 300s);
}

TEST_CASE("what a fetch's answer means", "[lookup]") {
  struct Row {
    const char* why;
    HttpResult answer;
    const char* error;  // a word of the cause; nullptr: a policy
  };
  auto row = GENERATE(values<Row>({
      {"good", ok(body("enforce", 86400)), nullptr},
      {"STS-11 only 200", HttpAnswer{404, "text/plain", ""}, "404"},
      {"STS-11 no redirects", HttpAnswer{301, "text/plain", ""}, "301"},
      {"STS-12 media type", HttpAnswer{200, "text/html", body("enforce", 86400)}, "text/html"},
      {"STS-25 an invalid body is a failed fetch", ok("version: STSv1\n"), "invalid policy"},
      {"the step that failed is named", http_failure(FetchStep::tls, "certificate has expired"),
       "TLS handshake: cert"},
  }));
  INFO(row.why);
  FetchedPolicy got = judge_fetch(row.answer);
  CHECK(got.has_value() == (row.error == nullptr));
  if (row.error && !got) CHECK(got.error().find(row.error) != std::string::npos);
}

TEST_CASE("how long a fetch may wait for a turn", "[lookup]") {
  Record current = stored_policy(t0, "enforce", 604800, "1");
  struct Row {
    const char* why;
    std::optional<Record> stored;
    Trigger trigger;
    std::chrono::seconds after;
    Hurry want;
  };
  auto row = GENERATE_COPY(values<Row>({
      {"an asker's first fetch", {}, Trigger::ask, 0s, Hurry::now},
      {"an asker's, a new id", current, Trigger::ask, 3600s, Hurry::now},
      {"an asker's, near the expiry", current, Trigger::ask, 500000s, Hurry::now},
      {"a refresh", current, Trigger::refresh, 86400s, Hurry::whenever},
      {"a refresh just before the last quarter", current, Trigger::refresh, 453599s, Hurry::whenever},
      {"a refresh in the last quarter", current, Trigger::refresh, 453600s, Hurry::soon},
      {"a refresh of an expired policy: an asker may join it", current, Trigger::refresh, 604800s,
       Hurry::now},
      {"a refresh without a policy", Record{}, Trigger::refresh, 0s, Hurry::now},
  }));
  INFO(row.why);
  CHECK(hurry_of(certain(t0 + row.after), row.stored, row.trigger) == row.want);
}

TEST_CASE("after a refresh that was put off only its next time changes", "[lookup]") {
  Record current = stored_policy(t0, "enforce", 604800, "1");
  Record failing = current;
  failing.last_lookup = {StsState::fetch_failed, "404", "2", t0 + 50s, t0 + 110s, t0 + 350s, 3};
  Record with_dane = current;
  with_dane.dane.emplace_back().route = Route{};
  auto record = GENERATE_COPY(values<Record>({current, failing, with_dane}));
  for (const char* each : {"a.example", "b.example", "c.example"}) {
    Record after = after_put_off(t0 + 90000s, name(each), record);
    CHECK(after.refresh_at >= t0 + 90060s);
    CHECK(after.refresh_at <= t0 + 90300s);
    after.refresh_at = record.refresh_at;
    CHECK(encode(after) == encode(record));
  }
}

TEST_CASE("refreshes that were put off together come back spread over time", "[lookup]") {
  std::set<Time> times;
  for (int i = 0; i < 1000; ++i)
    times.insert(after_put_off(t0, name("d" + std::to_string(i) + ".example"), {}).refresh_at);
  CHECK(times.size() > 200);
}

TEST_CASE("freshness: what an entry settles", "[lookup]") {
  Record enforce = stored_policy(t0, "enforce", 604800);
  Record nothing;
  nothing.last_lookup = {StsState::no_record, "", "", t0, t0 + 400s, Time{}, 0};
  Record undecided;
  Record in_backoff = enforce;
  in_backoff.last_lookup = {StsState::fetch_failed, "404", "2", t0 + 500000s, t0 + 500300s, t0 + 500600s, 1};
  struct Row {
    const char* why;
    Record record;
    std::chrono::seconds after;
    Freshness want;
  };
  auto row = GENERATE_COPY(values<Row>({
      {"a policy within the TTL", enforce, 100s, Freshness::answer},
      {"STS-51 a policy after the TTL is rechecked in the background", enforce, 300s,
       Freshness::answer_and_recheck},
      {"STS-28 a policy in the last quarter", enforce, 453600s, Freshness::answer_and_recheck},
      {"the same while its fetch is held back", in_backoff, 500100s, Freshness::answer},
      {"a policy at max_age exactly", enforce, 604800s, Freshness::wait},
      {"no record, fresh", nothing, 299s, Freshness::answer},
      {"no record, last quarter of its TTL", nothing, 300s, Freshness::answer_and_recheck},
      {"no record, stale", nothing, 400s, Freshness::wait},
      {"STS-33 the clock was set back to before the last lookup", nothing, -7200s, Freshness::wait},
      {"STS-33 the same with a policy: it is in force, and is rechecked", enforce, -7200s,
       Freshness::answer_and_recheck},
      {"nothing is known", undecided, 0s, Freshness::wait},
  }));
  INFO(row.why);
  CHECK(sts_freshness(view(row.record), certain(t0 + row.after)) == row.want);
}

TEST_CASE("a damaged entry stays unknown until a lookup settles it", "[lookup]") {
  auto moment = certain(t0);
  auto lost_after = [&](const TxtFinding& txt) { return after_txt(moment, lost_record(), txt).lost; };
  CHECK(lost_after(unannounced(StsState::dns_failed)));
  CHECK(lost_after(announced("7")));  // not fetched yet
  CHECK_FALSE(lost_after(unannounced(StsState::no_record)));
  CHECK_FALSE(lost_after(unannounced(StsState::bad_record)));
  auto failed =
      after_fetch(moment, domain, lost_record(), announced("7"), std::unexpected("connect: refused"));
  CHECK(failed.lost);
  CHECK(after_txt(certain(t0 + 60s), failed, announced("7")).lost);  // the fetch is held back
  auto fetched = after_fetch(moment, domain, failed, announced("7"), policy("enforce", 86400));
  CHECK_FALSE(fetched.lost);
  CHECK_FALSE(after_txt(moment, fetched, unannounced(StsState::dns_failed)).lost);
  CHECK(sts_freshness(view(lost_record()), moment) == Freshness::wait);  // looked up at the first ask
}

TEST_CASE("a wait doubles with each failure in a row, up to its limit", "[lookup]") {
  struct Row {
    unsigned failures;
    std::chrono::seconds dns, fetch;
  };
  auto row = GENERATE(values<Row>({
      {0, 30s, 300s},
      {1, 30s, 300s},
      {2, 60s, 600s},
      {4, 240s, 2400s},
      {5, 300s, 3600s},
      {1000, 300s, 3600s},
      {4'294'967'295, 300s, 3600s},
  }));
  INFO(row.failures);
  CHECK(backoff(min_dns_backoff, max_dns_backoff, row.failures) == row.dns);
  CHECK(backoff(min_fetch_backoff, max_fetch_backoff, row.failures) == row.fetch);
}
