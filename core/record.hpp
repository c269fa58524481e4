// record - a cache entry: what the cache keeps about one policy domain, and its stored form
// (docs/CACHE_FORMAT.md).
//
// The stored form has a version, is little-endian, ends in a CRC-32C, and is read by memcpy: the bytes may be
// unaligned and hostile. An entry has a policy part (present once a policy was fetched), the result of the
// last lookup by DNS and HTTPS, and the DANE state of each next hop that was asked about (core/dane.hpp).
// Version 1 had no DANE states. Version 3 leaves out the text of a policy as far as its fields say the same
// (plain_lines(), packed_lines()) or no reply can carry it (carried_lines()).
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

// How the last lookup of the domain's policy ended. It gives an answer its reason, but never overrules a
// policy in force.
enum class StsState : std::uint8_t {
  not_asked,     // not looked up yet
  no_record,     // no MTA-STS TXT record
  bad_record,    // two MTA-STS TXT records, or an invalid one
  dns_failed,    // the TXT lookup failed or was bogus
  fetch_failed,  // the TXT record is valid, but the policy could not be fetched (STS-38)
  pending,       // not done when the asker's wait was over
  current,       // the TXT record is valid and announces the cached policy
};

// The result of the last discovery, kept with and without a cached policy.
struct LastLookup {
  StsState state = StsState::not_asked;
  std::string detail;          // the cause in words, at most 500 octets
  std::string failed_id;       // the id whose fetch failed (state fetch_failed)
  Time at{};                   // when
  Time next_check{};           // when the TXT record is to be looked up again
  Time retry_fetch{};          // failed_id is not fetched again before this (STS-14)
  std::uint16_t failures = 0;  // in a row, for the back-off
};

struct Record {
  std::optional<Policy> policy;
  std::string id;     // the policy's id; 1 to 32 octets
  Time fetched_at{};  // last successful fetch
  Time refresh_at{};  // when the refresher should fetch again, regardless of the TXT record (STS-28)
  LastLookup last_lookup;
  std::vector<DaneState> dane;  // one for each route; at most max_dane_states are stored
  // The domain's stored entry was damaged, and no lookup since then has settled what it demanded
  // (settles_lost()). It may have been an enforce policy, so mail waits: until refresh_at at most, if that is
  // set. Never together with a policy.
  bool lost = false;
};

// The same, borrowed from stored bytes or from a Record; lives as long as they do.
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
  StoredDane stored_dane;                  // of a view of stored bytes
  std::span<const DaneState> dane_states;  // of a view of a Record
  std::uint32_t last_used = 0;             // day since 1970 of the last use that the cache knows of; 0: none
  bool lost = false;                       // as in a Record
};

// Whether there is a policy and it is in force (core/policy_life.hpp).
bool policy_in_force(const RecordView& record, const Moment& moment) noexcept;

// The DANE state of a next hop; nullopt: none is known. Allocates nothing; lives as long as the view.
std::optional<DaneView> find_dane(const RecordView& record, Route route) noexcept;
// Calls f with each DANE state.
void for_each_dane(const RecordView& record, const std::function<void(const DaneView&)>& f);
// A copy of a next hop's state, for a lookup that outlives the record; nullopt: none is known.
std::optional<DaneState> dane_state(const Record& record, Route route);

// Keeps at most max_dane_states, the most useful ones. States of port 25 always stay, since a relay asks
// about them; whoever makes it ask about other ports must not push them out. Then come states in force, first
// those whose last lookup had no failure, then proofs that count while DNSSEC is down. Among equals the
// latest lookup comes first.
void bound_dane_states(Record& record, Time now);

// The stored form. Texts that are too long are cut, and times are clamped to what may be stored.
std::string encode(const Record& record);

// Checks length, version, checksum and every field; allocates nothing on success. Also reads versions 1 and
// 2. Fault::storage: damaged; the caller logs it and goes on as with lost_record(). An entry of a later
// version is not damage (see is_of_later_version()).
Result<RecordView> decode(std::string_view bytes);
// The version of stored bytes; nullopt: there are no bytes.
std::optional<std::uint8_t> stored_version(std::string_view bytes) noexcept;

// True if a later mtastsd wrote the entry and it is undamaged. In every layout the version comes first and
// the checksum last, so a damaged version is not taken for a later one.
bool is_of_later_version(std::string_view bytes) noexcept;

// Takes the place of an entry that could not be read. It is due at once.
Record lost_record();
// Whether a lookup with this result settles what a lost entry demanded: a policy was fetched, or DNS answered
// that there is none to fetch. A failure settles nothing.
bool settles_lost(const Record& found) noexcept;

Record to_record(const RecordView& view);
RecordView view(const Record& record) noexcept;

}  // namespace mtasts
