// host_memory - what the cache's `meta` database keeps besides the domains (docs/CACHE_FORMAT.md): when the
// clock was last certain, and what mtastsd remembers about its host, so that it survives a restart.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock_belief.hpp"
#include "core/time.hpp"

namespace mtasts {

// When DNSSEC worked on this host, and what Postfix's resolvers said about validation. Time{} in any field:
// never.
struct HostMemory {
  Time dnssec_worked_at{};   // the last DNSSEC check that found validation working
  Time dnssec_down_since{};  // when mtastsd saw the current outage begin
  Time postfix_yes_at{};     // when Postfix's resolvers last said that they validate
  Time postfix_no_since{};   // since when every check has said that they do not
  Time dnssec_down_seen{};   // the last check at which the outage still lasted
  friend bool operator==(const HostMemory&, const HostMemory&) = default;
};

// Stored times and durations are below this; mtastsd writes no others. Below it the clock's arithmetic
// cannot overflow.
inline constexpr std::chrono::seconds most_seconds{std::int64_t{1} << 40};

// Stored forms: version, fields, CRC-32C. Decoding gives nullopt if the form is unknown, the checksum is
// wrong, or a time is negative or not below most_seconds. Form 1 of HostMemory, which lacks dnssec_down_seen,
// is read too.
std::string encode(const HostMemory& memory);
std::optional<HostMemory> decode_host_memory(std::string_view bytes) noexcept;
std::string encode(const ClockMark& mark);
std::optional<ClockMark> decode_clock_mark(std::string_view bytes) noexcept;

}  // namespace mtasts
