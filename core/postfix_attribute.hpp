// postfix_attribute - checks one attribute of a Postfix TLS policy by Postfix's rules (PFX-9 to PFX-18,
// PFX-29, PFX-30). Part of core/postfix_answer.
//
// A complaint is "what is wrong; remedy" in printable ASCII; it is empty if Postfix accepts the attribute.
// Values have no blank, comma, brace or control character: postfix_answer splits at those or refuses them.
#pragma once

#include <string>
#include <string_view>

namespace mtasts {

struct PostfixLevel {
  std::string_view word;  // lower case
  char match_separator;   // between the values of match= (PFX-10); 0: this level refuses match=
  bool pkix;              // CAs vouch for certificates, so tafile= is accepted (PFX-12)
  bool plaintext;         // mail may go out without TLS (PFX-4, PFX-5)
};

// value: what follows the first "=" of an attribute. name: in lower case, known or not.
std::string complaint_about(const PostfixLevel& level, std::string_view name, std::string_view value);

// Whether the attribute may occur more than once. Of two connection_reuse= Postfix takes the last; here that
// is a mistake.
bool may_repeat(std::string_view name) noexcept;

// "\"quoted\" rest", with quoted made printable and shortened.
std::string complaint(std::string_view quoted, std::string_view rest);

}  // namespace mtasts
