// sts_policy - the policy body served at /.well-known/mta-sts.txt (RFC 8461 §3.2, STS-17 to STS-25).
//
// Choices where the RFC's text and grammar differ, or where it is silent:
//   - Lines end in LF or CRLF, also mixed. The last line end is optional. Blank lines and blanks at line ends
//     are accepted.
//   - Invalid: a lone CR, NUL, a byte order mark, other control characters (HTAB is allowed as a blank only),
//     invalid UTF-8, blanks before a key, a line without a key, more than max_policy_bytes octets, more than
//     max_policy_mx mx values (duplicates not counted).
//   - Unknown keys are ignored. Their values are never split at Unicode line ends.
//   - The first of duplicate keys counts. If it is bad the policy is invalid, whatever the second says.
//   - max_age: 1 to 10 digits, no sign, clamped to 31557600 (eid 7282). 0 is valid.
//   - Each mx is an MxPattern, or the whole policy is invalid: so no mx value can become a Postfix attribute.
//     There is one exception: a value that looks like an IPv4 address follows the grammar and matches no host
//     (is_numeric_mx()). It is left out, its line too, and the rest of the policy counts. A policy with only
//     such values is valid, and no host fits it.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/finding.hpp"
#include "core/mx_list.hpp"
#include "core/parts.hpp"

namespace mtasts {

inline constexpr std::size_t max_policy_bytes = 64 * 1024;   // RFC 8461 §3.3's suggestion (STS-13)
inline constexpr std::size_t max_policy_mx = 1000;           // distinct values
inline constexpr std::uint32_t max_policy_age = 31'557'600;  // seconds, one year (RFC 8461 §3.2)

// The numbers are part of the stored form.
enum class Mode : std::uint8_t { none = 0, testing = 1, enforce = 2 };

std::string_view words(Mode mode) noexcept;  // "none", "testing", "enforce"
std::optional<Mode> mode_of(std::string_view word) noexcept;

// A valid policy as text, so that it can be stored and rendered without being parsed again.
struct Policy {
  Mode mode = Mode::none;
  std::uint32_t max_age = 0;  // seconds, clamped
  MxList mx;  // in the policy's order, without duplicates; empty with mode none, or if it lists no host name
  // The policy's lines as served, joined by '\n', without blank lines, blanks at line ends, and mx lines that
  // no host fits (is_numeric_mx()).
  std::string lines;
  friend bool operator==(const Policy&, const Policy&) = default;
};

// Whether an mx value is one of Postfix's own words in match= (PFX-30). As a host name it is a single label
// that no public certificate has; as a word it would widen the match. So it never goes into match=.
bool is_match_keyword(std::string_view mx) noexcept;

// Whether any of the mx values can stand in match=. False for a policy whose values are all such words, or
// that has none.
bool can_match(MxListView mx) noexcept;

// The same, borrowed from a Policy or a cache entry. Lives as long as what it was taken from.
struct PolicyView {
  Mode mode = Mode::none;
  std::uint32_t max_age = 0;
  MxListView mx;
  // As in a Policy, or packed_lines(). Empty: as plain_lines() says. left_out_lines: not known.
  std::string_view lines;
};

// Stands for the lines of a stored policy if no reply can carry them (carried_lines()). It is one blank line,
// so code that does not know it leaves it out of a reply.
inline constexpr std::string_view left_out_lines = " ";

// The text of a policy that says nothing but its fields, each once, in the order that nearly every policy
// has: version, mode, mx, max_age. Joined as in Policy::lines.
std::string plain_lines(const Policy& policy);

// lines without what mx already says: an empty line stands for "mx: " and the next value of mx. lines: as in
// Policy. The result ends in one more '\n' if its last line is empty.
std::string packed_lines(std::string_view lines, MxListView mx);
// The whole text again. If lines is empty or left_out_lines, it is the text of plain_lines().
std::string unpacked_lines(const PolicyView& policy);

inline PolicyView view(const Policy& p) noexcept { return {p.mode, p.max_age, p.mx, p.lines}; }

struct PolicyLint {
  std::optional<Policy> policy;  // nullopt: invalid
  // What could be read, also from an invalid body; shown by lint.
  std::string version, mode, max_age;
  std::vector<std::string> mx;
  Findings findings;  // at least one error if invalid; Where::line is 0 if it is about the policy as a whole
};

// Judges a body. Never throws on any bytes.
PolicyLint lint_policy(std::string_view body);

// Judges an HTTP answer before its body: only status 200 (STS-11), media type text/plain in any case,
// parameters ignored (STS-12). content_type "": the header is missing, which is refused. Returns the errors;
// if there are none, go on to the body.
Findings lint_http(unsigned status, std::string_view content_type);

// Calls f(key, value) for each line of the policy, or for the lines of plain_lines() if its own were left
// out. key includes its ": ", or is empty if value is the whole line. Both live as long as the call.
template <class F>
void for_each_line(const PolicyView& policy, F&& f) {
  if (!policy.lines.empty() && policy.lines != left_out_lines) {
    auto mx = policy.mx.begin();
    for (std::string_view line : Parts(policy.lines)) {
      if (!line.empty())
        f("", line);
      else if (mx != policy.mx.end())
        f("mx: ", *mx++);
    }
    return;
  }
  f("version: ", "STSv1");
  f("mode: ", words(policy.mode));
  for (std::string_view pattern : policy.mx) f("mx: ", pattern);
  char digits[16];
  auto end = std::to_chars(digits, digits + sizeof digits, policy.max_age).ptr;
  f("max_age: ", std::string_view(digits, end));
}

}  // namespace mtasts
