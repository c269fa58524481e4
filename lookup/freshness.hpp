// freshness - can an entry answer now, and is it due for a recheck? Pure. This is what an answer thread
// checks first.
#pragma once

#include <optional>

#include "core/record.hpp"

namespace mtasts {

enum class Freshness {
  answer,              // answer from the entry; nothing else to do
  answer_and_recheck,  // answer from the entry at once, and start a recheck
  wait,                // the entry does not settle the answer, or no longer: a flight has to find out
};

// The freshness of all that a next hop's answer needs: the worse of the policy's and the state's, by the two
// functions below. Also `wait` if the MX hosts last seen can't satisfy the policy and no lookup has asked for
// a newer one in the last minute (STS-40). route: whose state counts; nullopt: only the policy does.
Freshness freshness(const RecordView& record, const Moment& moment, std::optional<Route> route) noexcept;
// The same, for a caller that has already found the next hop's state. dane: nullopt if the entry has none.
Freshness freshness_with(const RecordView& record, const Moment& moment,
                         const std::optional<DaneView>& dane) noexcept;

// A policy in force always answers at once; it is rechecked in the background (STS-30). The recheck is due
// from next_check on (the TXT record's TTL: STS-51), and in the last quarter of the policy's life (STS-28).
// Without a policy in force, what the last lookup found answers until next_check, and is rechecked in the
// last quarter of that time.
Freshness sts_freshness(const RecordView& record, const Moment& moment) noexcept;

// A state answers until its TTL is over, and is rechecked in the last quarter of it (DANE-27). If a lookup
// could not decide, that answers at once until next_try.
Freshness dane_freshness(const std::optional<DaneView>& dane, Time now) noexcept;

// True if the MX hosts last seen can't satisfy the policy in force, it is of mode enforce, and the last
// lookup of the policy is over a minute old.
bool wants_newer_id(const RecordView& record, const std::optional<DaneView>& dane,
                    const Moment& moment) noexcept;

// True if an earlier failure holds back the next fetch until retry_fetch (STS-14). A time further ahead than
// the longest back-off was written while the clock was wrong, and is ignored: otherwise a clock that once ran
// ahead would prevent fetches long after it was set right.
bool is_held_back(Time retry_fetch, Time now) noexcept;

inline constexpr std::chrono::seconds min_fetch_backoff{300};  // RFC 8461 §3.3: five minutes (STS-14)
inline constexpr std::chrono::seconds max_fetch_backoff{3600};
inline constexpr std::chrono::seconds min_dns_backoff{30};
inline constexpr std::chrono::seconds max_dns_backoff{300};
inline constexpr std::chrono::seconds doubt_backoff{5};  // while the clock is in doubt, and may be the cause
inline constexpr std::chrono::seconds newer_id_interval{60};

// How long to wait after so many failures in a row: `first` after one, doubled for each further one, `last`
// at most.
std::chrono::seconds backoff(std::chrono::seconds first, std::chrono::seconds last,
                             unsigned failures) noexcept;

}  // namespace mtasts
