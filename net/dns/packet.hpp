// packet - reads the answer out of a DNS message that libunbound returned (RFC 1035 §4.1, UB-16). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns_answer.hpp"

namespace mtasts {

struct PacketAnswer {
  unsigned rcode = 0;
  std::vector<std::string> rdata;  // of the type that was asked for, at the end of the chain of aliases;
                                   // without duplicates (RFC 2181 §5)
  std::string canonical;  // name at that end, without the final dot, odd octets as \DDD; empty: no alias
  std::uint32_t ttl = 0;  // seconds; the shortest of the answer, or of the denial (RFC 2308 §5)
};

// name: as it was asked, in any case, with or without the final dot. Names in the RDATA come uncompressed. A
// denial that does not say how long it is valid has a TTL of 5 minutes. nullopt: the packet is cut off,
// truncated (TC) or malformed.
std::optional<PacketAnswer> read_answer(std::string_view packet, std::string_view name, RrType type);

// True if the names are the same, without regard to case or a final dot.
bool same_name(std::string_view a, std::string_view b) noexcept;

}  // namespace mtasts
