// postfix_answer - is a text an answer that every supported Postfix takes (PFX-1, PFX-5, PFX-9 to PFX-18,
// PFX-29, PFX-30)?
//
// For answers that an administrator writes into an override: what Postfix would not take defers all mail to
// that domain (PFX-34). The text is judged for the oldest dialect, Postfix 3.4 to 3.9, since one answer goes
// to all of them: a level, then attributes name=value, separated by blanks and commas. Stricter than Postfix
// where it only warns or lets the last of two win. Files are not looked at, and a fingerprint level without
// match= is taken: main.cf may hold the fingerprints.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/result.hpp"

namespace mtasts {

inline constexpr std::size_t max_postfix_answer = 1000;  // octets

struct PostfixAnswer {
  std::string_view level;  // "secure": lower case, static
  bool may_be_plaintext;   // levels none and may, and ciphers=null: mail may be readable on the way
  friend bool operator==(const PostfixAnswer&, const PostfixAnswer&) = default;
};

// text: any bytes; what is taken is one line of printable ASCII without braces. Fault::syntax; detail is
// "what is wrong; remedy" in printable ASCII.
Result<PostfixAnswer> check_postfix_answer(std::string_view text);

}  // namespace mtasts
