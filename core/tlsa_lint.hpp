// tlsa_lint - judges one TLSA record in presentation form, "3 1 1 2bb1...", for `mtastsctl lint tlsa`: can an
// SMTP client use it (DANE-16, DANE-17), and is it a wise one (RFC 7671 §5, §9; DANE-21)?
#pragma once

#include <string_view>

#include "core/finding.hpp"

namespace mtasts {

struct TlsaLint {
  bool usable = false;  // as why_unusable() says (core/tlsa.hpp)
  Findings findings;    // an error unless usable
};

// Never throws on any bytes but for memory.
TlsaLint lint_tlsa(std::string_view text);

}  // namespace mtasts
