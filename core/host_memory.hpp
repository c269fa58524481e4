// host_memory - what the cache's `meta` database keeps beside the domains (docs/CACHE_FORMAT.md): when the
// clock was last certain, and what mtastsd remembers about its host, so that a restart does not forget it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock_belief.hpp"
#include "core/time.hpp"

namespace mtasts {

// Does DNSSEC work on this host, and does Postfix do DANE itself? Time{} everywhere: never.
struct HostMemory {
  Time dnssec_worked_at{};   // the last DNSSEC check that found validation working
  Time dnssec_down_since{};  // the start of the present outage, as mtastsd saw it
  Time postfix_yes_at{};     // Postfix's resolvers last said that they validate
  Time postfix_no_since{};   // since when every check has said that they do not
  Time dnssec_down_seen{};   // the last check while the outage lasted
  friend bool operator==(const HostMemory&, const HostMemory&) = default;
};

// Times and spans outside of these were not written by mtastsd. Within them the arithmetic of clocks cannot
// overflow.
inline constexpr std::chrono::seconds most_seconds{std::int64_t{1} << 40};

// Stored forms: version, fields, CRC-32C. Decoding gives nullopt for bytes of another form, with a wrong
// checksum, or with a time that is negative or not below most_seconds. Of HostMemory form 1 is read too; it
// had no dnssec_down_seen.
std::string encode(const HostMemory& memory);
std::optional<HostMemory> decode_host_memory(std::string_view bytes) noexcept;
std::string encode(const ClockMark& mark);
std::optional<ClockMark> decode_clock_mark(std::string_view bytes) noexcept;

}  // namespace mtasts
