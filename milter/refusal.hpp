// refusal - the SMTP replies of the milter: what is refused, why, and for which recipients.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "conf/config.hpp"

namespace mtasts {

struct Refusal {
  unsigned code = 0;   // 4xx or 5xx
  std::string status;  // of the same class: "5.7.10"
  std::string text;  // printable ASCII, at most longest_reply_text octets, the last three "..." if it was cut
  bool permanent() const noexcept { return code >= 500; }
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

inline constexpr std::size_t longest_reply_text = 900;  // libmilter takes 980, with each "%" doubled (MLT-9)
inline constexpr std::size_t most_named = 10;           // recipients in one reply

// The reply while it is not known whether the next hop gets verified TLS.
inline const ReplyCode not_known_reply{451, "4.7.10"};

// One recipient that can't be sent to as the message requires. Views live only for the call.
struct Failing {
  std::string_view recipient;  // as in RCPT TO; peer text
  std::string_view domain;     // the policy domain
  std::string_view reason;
};

// demand: its words. known: it is known that mail to the next hop does not get verified TLS.
Refusal refuse_recipient(const ReplyCode& code, std::string_view demand, const Failing& failing, bool known);

// For the whole message. failing: those to name, not empty; only as many are named as fit. in_all: how many
// recipients fail, named or not.
Refusal refuse_message(const ReplyCode& code, std::string_view demand, std::span<const Failing> failing,
                       std::size_t in_all, bool known);

// The policy in force lists none of the recipient's MX hosts.
Refusal refuse_off_policy(const ReplyCode& code, const Failing& failing);

// A path without its angle brackets.
std::string_view without_brackets(std::string_view path) noexcept;

// A text as libmilter takes it: each "%" doubled, and cut at 980 octets (MLT-9).
std::string for_libmilter(std::string_view text);

}  // namespace mtasts
