// reply - a decision in the words of each dialect (SM-3 to SM-9, ANS-1 to ANS-9, PFX-9 to PFX-30).
//
// Every reply is rendered here and nowhere else. Of what a policy owner wrote, replies copy only MxPattern
// texts (host names) and whole policy lines inside braces. A line is left out if it has braces, control
// characters (except a tab, which becomes a blank) or is not valid UTF-8. The mx values "hostname", "nexthop"
// and "dot-nexthop" are Postfix's own words in match= (PFX-30) and are left out there. If a reply would be
// longer than max_reply, or no mx value is left for match=, the plain form is tried, then TEMP (SM-7).
#pragma once

#include <string>
#include <string_view>

#include "core/decide.hpp"
#include "core/domain_name.hpp"
#include "core/map_name.hpp"

namespace mtasts {

inline constexpr std::size_t max_reply = 90'000;  // octets of payload; Postfix accepts 100,000

// Appends the payload ("OK secure match=…", "NOTFOUND ", "TEMP …") to out. out keeps its capacity between
// calls, so later calls allocate nothing. domain: the policy domain. REQUIRES: dialect is postfix, postfix310
// or sts.
void append_reply(std::string& out, Dialect dialect, const DomainName& domain, const Decision& decision);

// The lines of a policy, in the form of Policy::lines, that the reply of some dialect can carry; only these
// are worth storing. left_out_lines: none can, because the reply would be too large with them or no line may
// stand in it. Empty for mode none, whose reply says nothing about the policy.
std::string carried_lines(const PolicyView& policy);

// Appends "PERM …" or "TEMP …", with text cut to one line of 200 printable ASCII characters (SM-6). In a
// TEMP, long words (names) are shortened first, so that the cause after them fits.
void append_perm(std::string& out, std::string_view text);
void append_temp(std::string& out, std::string_view text);

inline constexpr std::string_view not_found_reply = "NOTFOUND ";

}  // namespace mtasts
