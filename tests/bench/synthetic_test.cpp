#include "tests/bench/synthetic.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <set>

#include "core/decide.hpp"
#include "lookup/freshness.hpp"

using namespace mtasts;
using namespace mtasts::bench;
using namespace std::chrono_literals;

namespace {

const Time now{std::chrono::seconds(1769860800)};  // 2026-01-31 12:00:00 UTC
const DomainName domain = *DomainName::parse("d7.example");

Decision decision_of(const Record& record, Time when) {
  RecordView seen = view(record);
  return decide(certain(when), &seen, std::nullopt, {}, {});
}

}  // namespace

TEST_CASE("a synthetic entry answers without a recheck for three quarters of its validity", "[bench]") {
  auto kind = GENERATE(RecordKind::policy, RecordKind::negative, RecordKind::mixed);
  auto number = GENERATE(std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{9'999'999});
  RecordPlan plan{.kind = kind};
  Record record = synthetic_record(plan, number, domain, now);
  RecordView seen = view(record);
  CHECK(freshness(seen, certain(now), Route{}) == Freshness::answer);
  CHECK(freshness(seen, certain(now + 17h), Route{}) == Freshness::answer);
  CHECK(freshness(seen, certain(now + 19h), Route{}) != Freshness::answer);
  CHECK(decode(encode(record)).has_value());
  bool with_policy = kind == RecordKind::policy || (kind == RecordKind::mixed && number % 2 == 0);
  CHECK(decision_of(record, now).verdict == (with_policy ? Verdict::secure : Verdict::not_found));
}

TEST_CASE("a synthetic entry without a DANE state needs a DANE lookup", "[bench]") {
  Record record = synthetic_record({.dane = false}, 3, domain, now);
  CHECK(freshness(view(record), certain(now), std::nullopt) == Freshness::answer);
  CHECK(freshness(view(record), certain(now), Route{}) == Freshness::wait);
}

TEST_CASE("refreshes are spread evenly over the given time", "[bench]") {
  auto domains = GENERATE(std::uint64_t{0}, std::uint64_t{1000});
  RecordPlan plan{.refresh_after = 100s, .refresh_spread = 1000s, .domains = domains};
  int early = 0;
  for (std::uint64_t number = 0; number < 1000; ++number) {
    Record record = synthetic_record(plan, number, domain, now);
    CHECK(record.fetched_at <= now);
    CHECK(record.refresh_at >= now + 100s);
    CHECK(record.refresh_at < now + 1100s);
    if (record.refresh_at < now + 600s) ++early;
  }
  CHECK(early > 430);
  CHECK(early < 570);
}

TEST_CASE("domains share the policies of their providers, or have their own", "[bench]") {
  std::set<std::string> shared, own;
  for (std::uint64_t number = 0; number < 1000; ++number) {
    auto name = *DomainName::parse("d" + std::to_string(number) + ".example");
    shared.insert(synthetic_policy({.providers = 5}, number, name));
    own.insert(synthetic_policy({.providers = 0}, number, name));
  }
  CHECK(shared.size() == 5);
  CHECK(own.size() == 1000);
}
