// postfix_answer - checks whether every supported Postfix accepts a text as an answer (PFX-1, PFX-5, PFX-9 to
// PFX-18, PFX-29, PFX-30).
//
// For the answers that administrators write into overrides: if Postfix does not accept one, it defers all
// mail to that domain (PFX-34). The check is for the oldest dialect, Postfix 3.4 to 3.9, since all versions
// get the same answer: a level, then attributes name=value, separated by blanks and commas. It also refuses
// what Postfix only warns about, and a repeated attribute of which Postfix takes the last. It opens no files,
// and accepts a fingerprint level without match=, because main.cf may hold the fingerprints.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/result.hpp"

namespace mtasts {

inline constexpr std::size_t max_postfix_answer = 1000;  // octets

struct PostfixAnswer {
  std::string_view level;  // "secure": lower case, static
  bool may_be_plaintext;   // levels none and may, and ciphers=null: others may be able to read the mail
  friend bool operator==(const PostfixAnswer&, const PostfixAnswer&) = default;
};

// text: any bytes. Accepts one line of printable ASCII without braces. Fault::syntax: refused; detail is
// "what is wrong; remedy" in printable ASCII.
Result<PostfixAnswer> check_postfix_answer(std::string_view text);

}  // namespace mtasts
