// packet - the answer in a DNS message as libunbound hands it out (RFC 1035 §4.1, UB-16). Pure.
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
                                   // each once (RFC 2181 §5)
  std::string canonical;           // that end, no final dot, odd octets as \DDD; empty without alias
  std::uint32_t ttl = 0;           // seconds; the shortest of the answer, or of the denial (RFC 2308 §5)
};

// name: as it was asked, any case, with or without the final dot. RDATA without compression. A denial that
// does not say how long it holds has a TTL of 5 minutes. nullopt: cut, truncated (TC) or malformed.
std::optional<PacketAnswer> read_answer(std::string_view packet, std::string_view name, RrType type);

// The name without regard to case or a final dot.
bool same_name(std::string_view a, std::string_view b) noexcept;

}  // namespace mtasts
