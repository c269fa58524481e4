// unbound_answer - what libunbound said about a question, as a DnsAnswer (UB-5 to UB-8). Pure; no context is
// needed.
#pragma once

#include <unbound.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "core/dns_answer.hpp"

namespace mtasts {

struct UbResultDeleter {
  void operator()(ub_result* result) const noexcept { ub_resolve_free(result); }
};
using UbResult = std::unique_ptr<ub_result, UbResultDeleter>;

DnsAnswer to_answer(const ub_result& result);

// Kind::failed, not bogus.
DnsAnswer failed_answer(std::string reason);
DnsAnswer timeout_answer(std::chrono::milliseconds limit, bool was_asked);

// "" if the name can be asked, else why not. libunbound would read escapes in it and takes some names for
// others, so only letters, digits, "-", "_" in labels of 1 to 63 and 253 octets in all are passed on ("."
// too).
std::string_view refuse_name(std::string_view name) noexcept;

}  // namespace mtasts
