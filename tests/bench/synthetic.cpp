#include "tests/bench/synthetic.hpp"

#include <algorithm>

#include "tests/bench/draw.hpp"

namespace mtasts::bench {
namespace {

using std::chrono::seconds;

constexpr seconds refresh_interval{86400};  // "about daily": after a fetch

std::string provider(const RecordPlan& plan, std::uint64_t number) {
  Random random(number);
  return "mx-" + std::to_string(Zipf(plan.providers, 1).rank(random)) + ".example";
}

// What follows the first label of the mx hosts.
std::string mx_zone(const RecordPlan& plan, std::uint64_t number, const DomainName& domain) {
  return plan.providers == 0 ? std::string(domain.str()) : provider(plan, number);
}

// 0 ≤ x < refresh_spread.
seconds after_the_first(const RecordPlan& plan, std::uint64_t number) {
  double share = plan.domains == 0 ? Random(~number).unit()
                                   : static_cast<double>(number) / static_cast<double>(plan.domains);
  return seconds(static_cast<std::int64_t>(share * static_cast<double>(plan.refresh_spread.count())));
}

void add_policy(Record& record, const RecordPlan& plan, std::uint64_t number, const DomainName& domain,
                Time now) {
  record.policy = lint_policy(synthetic_policy(plan, number, domain)).policy;
  record.id = "20260101T" + std::to_string(100'000 + number % 900'000);
  record.refresh_at = now + plan.refresh_after + after_the_first(plan, number);
  record.fetched_at = std::min(now, record.refresh_at - refresh_interval);
}

DaneState insecure_state(const RecordPlan& plan, std::uint64_t number, const DomainName& domain, Time now) {
  DaneState state;
  state.mx = MxState::insecure;
  std::string zone = mx_zone(plan, number, domain);
  for (const char* label : {"mx1.", "mx2."})
    state.hosts.append(HostState::not_asked, true, DomainName::parse(label + zone).value());
  state.looked_up_at = now;
  state.valid_until = now + plan.valid;
  return state;
}

}  // namespace

std::string synthetic_policy(const RecordPlan& plan, std::uint64_t number, const DomainName& domain) {
  std::string zone = mx_zone(plan, number, domain);
  std::string first = plan.providers == 0 ? "mx1." + zone : "*." + zone;
  std::string second = plan.providers == 0 ? "mx2." + zone : "*.backup." + zone;
  return "version: STSv1\r\nmode: enforce\r\nmx: " + first + "\r\nmx: " + second + "\r\nmax_age: 604800\r\n";
}

Record synthetic_record(const RecordPlan& plan, std::uint64_t number, const DomainName& domain, Time now) {
  Record record;
  bool with_policy = plan.kind == RecordKind::mixed ? number % 2 == 0 : plan.kind == RecordKind::policy;
  if (with_policy) {
    add_policy(record, plan, number, domain, now);
  } else {
    record.last_lookup.state = StsState::no_record;
    record.last_lookup.detail = "NXDOMAIN";
  }
  record.last_lookup.at = now;
  record.last_lookup.next_check = now + plan.valid;
  if (plan.dane) record.dane.push_back(insecure_state(plan, number, domain, now));
  return record;
}

}  // namespace mtasts::bench
