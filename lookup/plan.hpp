// plan - the rules of discovery and refresh as pure functions: what a TXT answer means, whether to fetch, and
// what the record is afterwards (RFC 8461 §3, §3.3, §5.1; STS-5 to STS-7, STS-14, STS-25 to STS-34).
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
  std::string id;                 // valid record only
  std::string detail;             // cause in words otherwise
  std::chrono::seconds keep{60};  // how long it may be believed: the TTL, 60 s to 1 h
};

TxtFinding judge_txt(const DnsAnswer& answer);

enum class Trigger {
  ask,      // somebody asked, or asked and a look behind the answer is due
  refresh,  // the refresher: fetch whatever the TXT record says (STS-28)
};

// Whether HTTPS will probably be asked, before the TXT record is known: for a domain nothing is known about,
// or with a record when it was last looked at, and no policy in force; and by the refresher.
bool may_fetch(const Moment& moment, const std::optional<Record>& stored, Trigger trigger);

// Whether HTTPS is to be asked now.
bool should_fetch(const Moment& moment, const std::optional<Record>& stored, const TxtFinding& txt,
                  Trigger trigger);

// How long a fetch may wait for others at the same policy host: a refresh of a policy in force may be put
// off, but in the last quarter of the policy's life it must be made.
Hurry hurry_of(const Moment& moment, const std::optional<Record>& stored, Trigger trigger);

// The policy that came back, or why there is none. detail is for logs.
using FetchedPolicy = std::expected<Policy, std::string>;
FetchedPolicy judge_fetch(const std::expected<HttpAnswer, FetchError>& answer);

// The record after a look. domain spreads refresh times, so that a relay's cache isn't refreshed in one
// burst.
Record after_txt(const Moment& moment, std::optional<Record> stored, const TxtFinding& txt);
Record after_fetch(const Moment& moment, const DomainName& domain, std::optional<Record> stored,
                   const TxtFinding& txt, FetchedPolicy fetched);

// The record after a refresh that was put off: it is due again in one to five minutes, by domain. Nothing was
// found out, so nothing else changes; what the TXT record said is forgotten, or a new id would be taken for
// seen.
Record after_put_off(Time now, const DomainName& domain, Record stored);

// When the refresher should come back after a good fetch: after a day, or half of a shorter max_age but not
// before an hour; up to a tenth sooner, by domain. max_age 0: never (Time::max()).
Time refresh_time(Time fetched_at, std::uint32_t max_age, const DomainName& domain);

inline constexpr std::chrono::seconds min_put_off{60};
inline constexpr std::chrono::seconds max_put_off{300};
inline constexpr std::chrono::seconds min_txt_keep{60};
inline constexpr std::chrono::seconds max_txt_keep{3600};

}  // namespace mtasts
