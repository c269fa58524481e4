// publication - what a domain should publish to have MTA-STS and TLSRPT: records, policy, web server, plan.
// Pure: nothing is looked up, and the time is an argument.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/domain_name.hpp"
#include "core/mx_list.hpp"
#include "core/sts_policy.hpp"
#include "core/time.hpp"
#include "diagnose/candidate.hpp"

namespace mtasts {

struct PublicationFacts {
  DomainName domain;       // of the mail addresses
  DomainName policy_host;  // mta-sts.<domain>
  Mode mode{};             // testing or enforce
  MxList mx;               // not empty
  std::string report_uri;  // REQUIRES: report_target() accepts it
  Time now{};              // makes the id
  // What keeps the domain from mode enforce: "mx.a.example does not offer STARTTLS". The plan then names no
  // "mode: enforce". REQUIRES: empty if mode is enforce.
  std::vector<std::string> hindrances{};
  std::optional<PublishedPolicy> published{};  // what the domain publishes already; nullopt: nothing is known
  std::optional<std::string> tlsrpt{};  // its valid TLSRPT record, which is kept; nullopt: none is known
};

struct TxtRecord {
  std::string name;  // no final dot
  std::string text;  // its strings joined
};

struct WebServerSnippet {
  std::string_view server;  // "nginx"
  std::string text;         // several lines, each ended by LF
};

struct Publication {
  TxtRecord sts, tlsrpt;  // tlsrpt is the one that the domain has, if it has one
  std::string policy_url;
  std::string policy;  // the file's text; its lines end in LF, as RFC 8461 §3.2 allows
  std::vector<WebServerSnippet> snippets;
  std::vector<std::string> plan;  // steps in their order, each a paragraph
};

Publication publication(const PublicationFacts& facts);

// Whether the new policy would end the protection that the published one gives.
bool weakens(const PublicationFacts& facts) noexcept;

// The record as a line of a zone file. A text above 255 octets becomes several strings.
std::string zone_line(const TxtRecord& record);

// The id of a policy that is published now: "20260131120000Z" (RFC 8461 §3.1 asks only that it changes).
std::string policy_id(Time now);

}  // namespace mtasts
