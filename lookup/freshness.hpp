// freshness - may a stored record answer now, and should it be looked at again? Pure; the answer threads'
// first question.
#pragma once

#include <optional>

#include "core/record.hpp"

namespace mtasts {

enum class Freshness {
  answer,              // answer from the record; nothing else to do
  answer_and_recheck,  // answer from the record at once, and look again behind the answer
  wait,                // the record settles nothing (any more): a flight has to find out
};

// Of the policy and all that a next hop's answer needs beside it. route: whose DANE state counts, nullopt:
// none does. The worse of the two below; and `wait` too where the MX hosts last seen can't satisfy the policy
// and nobody has looked for a newer one in the last minute (STS-40).
Freshness freshness(const RecordView& record, const Moment& moment, std::optional<Route> route) noexcept;
// The same, for a caller who has found the next hop's state already.
Freshness freshness_with(const RecordView& record, const Moment& moment,
                         const std::optional<DaneView>& dane) noexcept;

// A policy in force always answers at once: DNS and HTTPS can only be asked behind it (STS-30). It is looked
// at again from next_check on (the TXT record's TTL: STS-51) and in the last quarter of its life (STS-28).
// Without one, what the last look found answers until next_check, and is looked at again in the last quarter
// before.
Freshness sts_freshness(const RecordView& record, const Moment& moment) noexcept;

// A state answers until its TTL is over, and is looked at again in the last quarter before (DANE-27). What
// could not be decided is answered at once until next_try.
Freshness dane_freshness(const std::optional<DaneView>& dane, Time now) noexcept;

// The MX hosts can't satisfy the policy in force, by what was last seen, and the last look is over a minute
// old.
bool wants_newer_id(const RecordView& record, const std::optional<DaneView>& dane,
                    const Moment& moment) noexcept;

// A failed fetch holds back the next one (STS-14). A time further ahead than any back-off was written under a
// wrong clock and means nothing: else a clock that ran ahead once would keep fetches off long after it was
// set right.
bool is_held_back(Time retry_fetch, Time now) noexcept;

inline constexpr std::chrono::seconds min_fetch_backoff{300};  // RFC 8461 §3.3: five minutes (STS-14)
inline constexpr std::chrono::seconds max_fetch_backoff{3600};
inline constexpr std::chrono::seconds min_dns_backoff{30};
inline constexpr std::chrono::seconds max_dns_backoff{300};
inline constexpr std::chrono::seconds doubt_backoff{5};  // while the clock is in doubt, and may be the cause
inline constexpr std::chrono::seconds newer_id_interval{60};

// How long to wait after so many failures in a row: first after one, doubled for each further one, up to
// last.
std::chrono::seconds backoff(std::chrono::seconds first, std::chrono::seconds last,
                             unsigned failures) noexcept;

}  // namespace mtasts
