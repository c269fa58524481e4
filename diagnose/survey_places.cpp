// Where a policy may be instead, if a domain announces one and its policy host serves none.
#include <algorithm>

#include "core/sts_policy.hpp"
#include "diagnose/judge_record.hpp"
#include "diagnose/survey.hpp"
#include "lookup/gather.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

bool has_none(const DnsAnswer& answer) noexcept {
  return answer.kind == DnsAnswer::Kind::no_data || answer.kind == DnsAnswer::Kind::nxdomain;
}

bool serves_policy(const PolicyHostAnswer& answer) {
  return answer.answer && answer.answer->status == 200 && lint_policy(answer.answer->body).policy.has_value();
}

// What failed is the policy host's own fault, as far as is known.
bool was_learned(const PolicyHostAnswer& answer) noexcept {
  if (!answer.asked) return false;
  return answer.answer || !(answer.answer.error().local || answer.answer.error().put_off ||
                            answer.answer.error().step == FetchStep::deadline);
}

bool serves_none(const SurveyedPolicyHost& host) {
  if (has_none(host.a) && has_none(host.aaaa)) return true;
  bool served = false, learned = false;
  for (const auto& each : host.addresses) {
    served = served || serves_policy(each.answer);
    learned = learned || was_learned(each.answer);
  }
  return learned && !served;
}

asio::awaitable<bool> look(CheckPorts ports, DomainName domain, PolicyPlace place, PlaceFound& found) {
  found = co_await ports.fetch.look_at(PolicyRequest{domain, ports.sts_dns}, place);
  co_return true;
}

}  // namespace

asio::awaitable<bool> survey_places(std::shared_ptr<Survey> all, CheckPorts ports, DomainName domain) {
  bool announced = all->record && has_sts_record(*all->record);
  if (!announced || !all->policy_host || !serves_none(*all->policy_host)) co_return true;
  std::vector<asio::awaitable<bool>> looks;
  for (PolicyPlace place : policy_places) all->places.push_back({place, PlaceFound::not_asked});
  for (auto& [place, found] : all->places) looks.push_back(look(ports, domain, place, found));
  co_await gather(std::move(looks), all);
  co_return true;
}

}  // namespace mtasts
