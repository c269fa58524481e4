// unbound_answer - what libunbound said about a question, as a DnsAnswer (UB-5 to UB-8). Pure; no context is
// needed.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/dns_answer.hpp"

namespace mtasts {

// What libunbound hands to the callback of ub_resolve_event().
struct UnboundReply {
  int rcode = 0;            // not 0: there is no packet
  std::string_view packet;  // lives as long as the callback runs
  DnsAnswer::Security security = DnsAnswer::Security::insecure;
  const char* why_bogus = nullptr;
};

// name, type: as they were asked.
DnsAnswer to_answer(const UnboundReply& reply, std::string_view name, RrType type);

// Kind::failed, not bogus.
DnsAnswer failed_answer(std::string reason);
DnsAnswer timeout_answer(std::chrono::milliseconds limit, bool was_asked);

// "" if the name can be asked, else why not. libunbound would read escapes in it and takes some names for
// others, so only letters, digits, "-", "_" in labels of 1 to 63 and 253 octets in all are passed on ("."
// too).
std::string_view refuse_name(std::string_view name) noexcept;

}  // namespace mtasts
