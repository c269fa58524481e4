// explain_words - the words of mtastsctl explain for single facts.
#pragma once

#include <string>
#include <string_view>

#include "diagnose/explanation.hpp"

namespace mtasts {

std::string_view in_words(
    HostState state) noexcept;  // "usable TLSA records", "no address: it does not count"
std::string_view in_words(Verdict verdict) noexcept;  // "verified TLS, names by the policy"

// For example "MX example.com: secure, TTL 300, 12ms", in printable ASCII.
std::string question_in_words(const DnsStep& step);

// RDATA in presentation form; long data is cut. An unusable TLSA record is followed by the reason.
std::string data_in_words(RrType type, std::string_view rdata);

// Why no policy was fetched. REQUIRES: none was.
std::string why_not_fetched(const Explanation& all);
// If a signed zone counts as unsigned because libunbound supports none of its algorithms: says so, with the
// algorithms. Otherwise empty.
std::string why_unsigned(const Explanation& all);
// Why MX and TLSA were not looked up. REQUIRES: they were not.
std::string why_no_dane(const Explanation& all);

}  // namespace mtasts
