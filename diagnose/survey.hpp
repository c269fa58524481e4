// survey - the questions of a check and their answers as values. Part of examine.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/domain_name.hpp"
#include "diagnose/examine.hpp"
#include "diagnose/judge_dane.hpp"
#include "diagnose/judge_submission.hpp"
#include "diagnose/judge_tlsrpt.hpp"

namespace mtasts {

struct SurveyedAddress {
  Address address;
  SmtpDialogue dialogue;
  std::optional<SmtpDialogue> without_sni{};  // see survey_sni.hpp
};

struct SurveyedHost {
  std::string name;  // as in MxRecord::host
  unsigned preference = 0;
  DnsAnswer a, aaaa;
  std::string tlsa_base;  // where TLSA records were asked for; empty: they were not
  std::optional<DnsAnswer> tlsa;
  std::vector<SurveyedAddress> addresses;
  std::size_t left_out = 0;  // further addresses, which are not asked
};

struct SurveyedPolicyHost {
  DnsAnswer a, aaaa;
  struct At {
    Address address;
    PolicyHostAnswer answer;
  };
  std::vector<At> addresses;
  std::size_t left_out = 0;  // further addresses, which are not asked
};

// A name server of the zone that holds the record.
struct SurveyedNameServer {
  std::string name;
  DnsAnswer answer;  // its own, to TXT at _mta-sts.<domain>
};

struct SurveyedPlace {
  PolicyPlace place;
  PlaceFound found;
};

// What is nullopt was not answered in time.
struct Survey {
  std::optional<SurveyedPolicyHost> policy_host;
  std::optional<DnsAnswer> record;  // TXT at _mta-sts.<domain>
  std::optional<DnsAnswer> mx;
  std::vector<SurveyedHost> hosts;
  bool too_many_hosts = false;
  std::optional<DnsAnswer> reports;  // TXT at _smtp._tls.<domain>
  // TXT where people put such a record by mistake. Asked for if there is none at the right name.
  std::vector<ElsewhereFacts> record_elsewhere, reports_elsewhere;
  std::optional<DnsAnswer> parent_record;        // TXT at _mta-sts of the domain above, if this one has none
  std::vector<ReportHostFacts> report_hosts;     // of the first URIs of the record for reports
  std::vector<SurveyedNameServer> name_servers;  // empty: fewer than two are known
  std::vector<SurveyedPlace> places;             // asked if a policy is announced, and none served
  std::vector<StrayTlsa> strays;                 // TLSA records where no sender asks, of hosts that lack them
  SubmissionFacts submission;                    // what stands there before an answer counts as "not in time"
};

// The domain above, if it has a policy that may be thought to hold for this one: "example.com" of
// "mail.example.com". nullopt: there is none but a top-level domain.
std::optional<DomainName> domain_above(const DomainName& domain);

// Fills the survey of a domain until the deadline. It and the ports must outlive the loop's run. done: as in
// collect().
boost::asio::awaitable<bool> survey(std::shared_ptr<Survey> all, CheckPorts ports, DomainName domain,
                                    std::chrono::steady_clock::time_point deadline,
                                    std::function<void(std::string_view)> done);

// The parts of it that are in files of their own. They fill name_servers and places; the second is for after
// record and policy_host.
boost::asio::awaitable<bool> survey_name_servers(std::shared_ptr<Survey> all, CheckPorts ports,
                                                 DomainName domain,
                                                 std::chrono::steady_clock::time_point deadline);
boost::asio::awaitable<bool> survey_places(std::shared_ptr<Survey> all, CheckPorts ports, DomainName domain);

}  // namespace mtasts
