// What Postfix finds on the way to a domain's MX hosts.
#include "core/sts_record.hpp"
#include "diagnose/survey_facts.hpp"
#include "lookup/dane_plan.hpp"

namespace mtasts {

using Kind = DnsAnswer::Kind;

PredictedRoute SurveyFacts::predicted_route() const {
  PredictedRoute route;
  DnsAnswer answer = seen(survey_.mx);
  route.domain = domain_.str();
  route.mx_secure = answer.security == DnsAnswer::Security::secure;
  if (has_failed(answer))
    route.mx = MxAnswer::failed;
  else if (is_null_mx())
    route.mx = MxAnswer::null_mx;
  if (answer.kind == Kind::nxdomain)
    route.hosts.push_back({.name = route.domain, .found = HostAddresses::nxdomain});
  for (const SurveyedHost& each : survey_.hosts)
    if (DomainName::parse(each.name) || DomainName::is_numeric(each.name))
      route.hosts.push_back(predicted_host(each));
  for (MxHostFacts& each : further_hosts())
    route.hosts.push_back({.name = std::move(each.name), .preference = each.preference});
  return route;
}

PredictedHost SurveyFacts::predicted_host(const SurveyedHost& host) const {
  PredictedHost predicted;
  predicted.name = host.name;
  predicted.preference = host.preference;
  if (host.addresses.empty()) predicted.found = why_no_address(host);
  predicted.tlsa = predicted_tlsa(host);
  for (const SurveyedAddress& at : host.addresses)
    predicted.addresses.push_back({at.address, at.dialogue, {}, dane_verdict(host, at.dialogue)});
  return predicted;
}

HostAddresses SurveyFacts::why_no_address(const SurveyedHost& host) const {
  DnsAnswer a = seen(host.a), aaaa = seen(host.aaaa);
  if (!DomainName::parse(host.name)) return HostAddresses::unknown;  // not looked up
  if ((has_failed(a) && a.local) || (has_failed(aaaa) && aaaa.local)) return HostAddresses::unknown;
  if (has_failed(a) || has_failed(aaaa)) return HostAddresses::failed;
  return a.kind == Kind::nxdomain ? HostAddresses::nxdomain : HostAddresses::no_data;
}

HostTlsa SurveyFacts::predicted_tlsa(const SurveyedHost& host) {
  AddressFinding addresses = judge_addresses(host.name, host.a, host.aaaa);
  if (addresses.bases.empty() || !host.tlsa) return HostTlsa::none;
  auto state = judge_tlsa(*host.tlsa);
  if (!state) return HostTlsa::none;
  if (*state == HostState::usable) return HostTlsa::usable;
  return *state == HostState::unusable ? HostTlsa::unusable : HostTlsa::failed;
}

}  // namespace mtasts
