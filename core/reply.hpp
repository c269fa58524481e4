// reply - a decision in the words of each dialect (SM-3 to SM-9, ANS-1 to ANS-9, PFX-9 to PFX-30).
//
// Every reply is rendered here and nowhere else. Nothing a policy owner wrote is copied but MxPattern texts
// (host names) and whole policy lines inside braces: lines with braces, controls (but for a tab, which
// becomes a blank) or bytes that are no UTF-8 are left out. The mx values "hostname", "nexthop" and
// "dot-nexthop" are words of Postfix's own in match= (PFX-30) and are left out there. A reply above max_reply
// bytes falls back to the plain form, then to TEMP (SM-7); so does one for which no mx value is left.
#pragma once

#include <string>
#include <string_view>

#include "core/decide.hpp"
#include "core/domain_name.hpp"
#include "core/map_name.hpp"

namespace mtasts {

inline constexpr std::size_t max_reply = 90'000;  // bytes of payload; Postfix takes 100,000

// Appends the payload ("OK secure match=…", "NOTFOUND ", "TEMP …") to out; out keeps its capacity between
// calls, so a warm caller allocates nothing. dialect must be postfix, postfix310 or sts. domain = the policy
// domain.
void append_reply(std::string& out, Dialect dialect, const DomainName& domain, const Decision& decision);

// The lines of a policy that some dialect's reply can carry, in the form of Policy::lines: what is worth
// storing of them. left_out_lines: none can, since the reply is too large with them or there is nothing else
// to say. Empty for mode none, whose reply says nothing of the policy.
std::string carried_lines(const PolicyView& policy);

// "PERM …", "TEMP …": text is cut to one line of 200 printable ASCII characters (SM-6). In a TEMP, long words
// (names) are shortened first, so that the cause behind them fits.
void append_perm(std::string& out, std::string_view text);
void append_temp(std::string& out, std::string_view text);

inline constexpr std::string_view not_found_reply = "NOTFOUND ";

}  // namespace mtasts
