// tlsa_lint - judges one TLSA record in presentation form, "3 1 1 2bb1...", for `mtastsctl lint tlsa`:
// whether an SMTP client can use it (DANE-16, DANE-17), and whether it is a good choice (RFC 7671 §5, §9;
// DANE-21).
#pragma once

#include <string_view>

#include "core/finding.hpp"

namespace mtasts {

struct TlsaLint {
  bool usable = false;  // as why_unusable() says (core/tlsa.hpp)
  Findings findings;    // at least one error unless usable
};

// Accepts any bytes. Throws only if memory runs out.
TlsaLint lint_tlsa(std::string_view text);

}  // namespace mtasts
