// postfix_attribute - one attribute of a Postfix TLS policy, judged by Postfix's rules (PFX-9 to PFX-18,
// PFX-29, PFX-30). Shared by postfix_answer alone.
//
// Complaints are "what is wrong; remedy" in printable ASCII; empty: Postfix takes it. Values have no blank,
// comma, brace or control: postfix_answer split them off.
#pragma once

#include <string>
#include <string_view>

namespace mtasts {

struct PostfixLevel {
  std::string_view word;  // lower case
  char match_separator;   // of match= (PFX-10); 0: match= is refused at this level
  bool pkix;              // certificates are judged by CAs: tafile= is taken (PFX-12)
  bool plaintext;         // mail may go out without TLS (PFX-4, PFX-5)
};

// value: what follows the first "=" of an attribute. name: in lower case, known or not.
std::string complaint_about(const PostfixLevel& level, std::string_view name, std::string_view value);

// May the attribute stand more than once. Postfix lets the last connection_reuse= win; two are a mistake.
bool may_repeat(std::string_view name) noexcept;

// "\"quoted\" rest", quoted made printable and short.
std::string complaint(std::string_view quoted, std::string_view rest);

}  // namespace mtasts
