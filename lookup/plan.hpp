// plan - the rules of discovery and refresh as pure functions: what a TXT answer means, whether to fetch, and
// what the entry is afterwards (RFC 8461 §3, §3.3, §5.1; STS-5 to STS-7, STS-14, STS-25 to STS-34).
//
// The one invariant: only a fetched policy replaces a cached one, and only a fetch extends it.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "core/dns_answer.hpp"
#include "core/domain_name.hpp"
#include "core/record.hpp"
#include "lookup/freshness.hpp"
#include "ports/fetch.hpp"

namespace mtasts {

// What the TXT lookup said.
struct TxtFinding {
  // current: a valid record; else no_record, bad_record or dns_failed.
  StsState state = StsState::dns_failed;
  std::string id;                 // of a valid record
  std::string detail;             // otherwise: the cause, in words
  std::chrono::seconds keep{60};  // how long the finding may be used: the TTL, 60 s to 1 h
};

TxtFinding judge_txt(const DnsAnswer& answer);

enum class Trigger {
  ask,      // somebody asked, or a recheck is due after an answer
  refresh,  // the refresher: fetch whatever the TXT record says (STS-28)
};

// True if a fetch is likely, before the TXT record is known: for a refresh, and for a domain without a policy
// in force, unless its last lookup found no valid TXT record. False while a failed fetch holds back the next
// one.
bool may_fetch(const Moment& moment, const std::optional<Record>& stored, Trigger trigger);

// True if the policy is to be fetched now.
bool should_fetch(const Moment& moment, const std::optional<Record>& stored, const TxtFinding& txt,
                  Trigger trigger);

// How long a fetch may wait for a turn. A refresh of a policy in force may be put off, except in the last
// quarter of the policy's life.
Hurry hurry_of(const Moment& moment, const std::optional<Record>& stored, Trigger trigger);

// The fetched policy, or in words why there is none.
using FetchedPolicy = std::expected<Policy, std::string>;
FetchedPolicy judge_fetch(const std::expected<HttpAnswer, FetchError>& answer);

// The entry after a lookup: after_txt() if nothing was fetched, after_fetch() if a fetch was tried. domain:
// spreads the refresh times, so that a relay's cache is not refreshed in one burst.
Record after_txt(const Moment& moment, std::optional<Record> stored, const TxtFinding& txt);
Record after_fetch(const Moment& moment, const DomainName& domain, std::optional<Record> stored,
                   const TxtFinding& txt, FetchedPolicy fetched);

// The entry after a refresh that was put off: it is due again in one to five minutes, spread by domain.
// Nothing was found out, so nothing else changes. What the TXT record said is dropped too: otherwise a new id
// would count as seen.
Record after_put_off(Time now, const DomainName& domain, Record stored);

// When the next refresh is due after a fetch: after a day, or after half of max_age if that is less, but an
// hour at least; and up to a tenth sooner, spread by domain. max_age: seconds; 0: never (Time::max()).
Time refresh_time(Time fetched_at, std::uint32_t max_age, const DomainName& domain);

inline constexpr std::chrono::seconds min_put_off{60};
inline constexpr std::chrono::seconds max_put_off{300};
inline constexpr std::chrono::seconds min_txt_keep{60};
inline constexpr std::chrono::seconds max_txt_keep{3600};

}  // namespace mtasts
