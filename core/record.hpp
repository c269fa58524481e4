// record - the stored form: what the cache keeps about one policy domain (docs/CACHE_FORMAT.md).
//
// Versioned, little-endian, checksummed (CRC-32C), read by memcpy: the bytes may be unaligned and hostile.
// A record has a policy part (present once a policy was fetched), what the last look at DNS and HTTPS gave,
// and the DANE state of each next hop that was asked for (core/dane.hpp). Version 1 had no DANE states; in
// version 3 the text of a policy is left out as far as its fields say it (plain_lines(), packed_lines()) or
// no reply can carry it (carried_lines()).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/crc32c.hpp"
#include "core/dane.hpp"
#include "core/dane_codec.hpp"
#include "core/moment.hpp"
#include "core/result.hpp"
#include "core/sts_policy.hpp"

namespace mtasts {

inline constexpr std::uint8_t record_version = 3;

// What the last lookup of the domain's policy ended in. It matters for the reason of an answer, and never
// against a policy in force.
enum class StsState : std::uint8_t {
  not_asked,     // nobody has looked yet
  no_record,     // no TXT record of ours
  bad_record,    // two records, or one that is invalid
  dns_failed,    // the TXT lookup failed or was bogus
  fetch_failed,  // valid TXT, the policy could not be had (STS-38)
  pending,       // not done within the wait
  current,       // a valid record, which announces the policy that is held
};

// What the last discovery ended in. Kept beside a cached policy as well as without one.
struct LastLookup {
  StsState state = StsState::not_asked;
  std::string detail;          // cause in words, ≤ 500 octets
  std::string failed_id;       // id whose fetch failed (state fetch_failed)
  Time at{};                   // when
  Time next_check{};           // the TXT record is asked again from here on
  Time retry_fetch{};          // failed_id is not fetched again before this (STS-14)
  std::uint16_t failures = 0;  // in a row, for the back-off
};

struct Record {
  std::optional<Policy> policy;
  std::string id;     // of the policy; 1 to 32 octets
  Time fetched_at{};  // last successful fetch
  Time refresh_at{};  // when the refresher should fetch again, regardless of the TXT record (STS-28)
  LastLookup last_lookup;
  std::vector<DaneState> dane;  // one a route; at most max_dane_states are stored
  // What was stored for the domain was damaged, and no look since then has settled what it demands. It may
  // have been an enforce policy, so the mail waits, until refresh_at at most if set. Never with a policy.
  bool lost = false;
};

// The same, borrowed from stored bytes; lives as long as they do.
struct RecordView {
  bool has_policy = false;
  PolicyView policy;
  std::string_view id;
  Time fetched_at{};
  Time refresh_at{};
  StsState state = StsState::not_asked;
  std::string_view detail;
  std::string_view failed_id;
  Time looked_up_at{};
  Time next_check{};
  Time retry_fetch{};
  std::uint16_t failures = 0;
  StoredDane stored_dane;                  // of stored bytes
  std::span<const DaneState> dane_states;  // of a Record
  std::uint32_t last_used = 0;             // day of the last use that the cache knows of; 0: none
  bool lost = false;                       // as in a Record
};

// Whether there is a policy and it is in force (core/policy_life.hpp).
bool policy_in_force(const RecordView& record, const Moment& moment) noexcept;

// The DANE state of a next hop; nullopt: none is known. Allocates nothing; lives as long as the view.
std::optional<DaneView> find_dane(const RecordView& record, Route route) noexcept;
// All of them.
void for_each_dane(const RecordView& record, const std::function<void(const DaneView&)>& f);
// A copy of a next hop's state, for a look that outlives the record; nullopt: none is known.
std::optional<DaneState> dane_state(const Record& record, Route route);

// Of more than max_dane_states, leaves those worth most. Those of port 25 always stay, since that is what a
// relay asks about; whoever makes it ask about other ports must not cost it what it knows. Then come states
// in force, those of a last look without a failure first, then proofs that count while DNSSEC is down; among
// equals, those looked up last.
void bound_dane_states(Record& record, Time now);

std::string encode(const Record& record);

// Checks length, version, checksum and every field; no allocation on success. Versions 1 and 2 are read too.
// Fault::storage: treat as a miss, log, overwrite. A record of a later version is not damage (see
// is_of_later_version()).
Result<RecordView> decode(std::string_view bytes);
std::optional<std::uint8_t> stored_version(std::string_view bytes) noexcept;

// A later mtastsd wrote it, and it is whole. Every layout has its version first and its checksum last, so a
// damaged version is told from a later one.
bool is_of_later_version(std::string_view bytes) noexcept;

// What stands for an entry that could not be read. Due at once.
Record lost_record();
// Whether a look that ended so tells what a lost entry demanded: a policy was fetched, or DNS answered that
// there is none to fetch. A failure does not.
bool settles_lost(const Record& found) noexcept;

Record to_record(const RecordView& view);
RecordView view(const Record& record) noexcept;

}  // namespace mtasts
