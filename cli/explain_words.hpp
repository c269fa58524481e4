// explain_words - what mtastsctl explain says about single facts.
#pragma once

#include <string>
#include <string_view>

#include "diagnose/explanation.hpp"

namespace mtasts {

std::string_view in_words(
    HostState state) noexcept;  // "usable TLSA records", "no address: it does not count"
std::string_view in_words(Verdict verdict) noexcept;  // "verified TLS, names by the policy"

// "MX example.com: secure, TTL 300, 12ms"; in printable ASCII.
std::string question_in_words(const DnsStep& step);

// Presentation form, cut where that says nothing to people; what makes a TLSA record unusable.
std::string data_in_words(RrType type, std::string_view rdata);

// Why HTTPS was not asked; REQUIRES: it was not.
std::string why_not_fetched(const Explanation& all);
// What a signed zone is signed with, if libunbound knows none of it, so that the zone counts as unsigned;
// else empty.
std::string why_unsigned(const Explanation& all);
// Why MX and TLSA were not looked at; REQUIRES: they were not.
std::string why_no_dane(const Explanation& all);

}  // namespace mtasts
