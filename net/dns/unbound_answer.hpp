// unbound_answer - turns what libunbound said about a question into a DnsAnswer (UB-5 to UB-8). Pure; needs
// no libunbound context.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/dns_answer.hpp"

namespace mtasts {

// What libunbound hands to the callback of ub_resolve_event().
struct UnboundReply {
  int rcode = 0;            // not 0: there is no packet
  std::string_view packet;  // valid while the callback runs
  DnsAnswer::Security security = DnsAnswer::Security::insecure;
  const char* why_bogus = nullptr;
};

// The answer to the question of this name and type.
DnsAnswer to_answer(const UnboundReply& reply, std::string_view name, RrType type);

// An answer that is Kind::failed, and not bogus.
DnsAnswer failed_answer(std::string reason);
// The same after a timeout. was_asked: false if the question was never sent; then it failed on this host
// (DnsAnswer::local).
DnsAnswer timeout_answer(std::chrono::milliseconds limit, bool was_asked);

// Why the name must not be passed to libunbound; empty: it may be. libunbound reads escapes in names, and
// takes some names for others. So only letters, digits, "-" and "_" are allowed, in at most 24 labels of 1 to
// 63 octets each and 253 octets in all; and ".".
std::string_view refuse_name(std::string_view name) noexcept;

}  // namespace mtasts
