// certificate_faults - why an SMTP client that trusts public CAs would refuse the chain of a mail server, or
// soon may. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "ports/smtp.hpp"

namespace mtasts {

struct CertificateFault {
  std::string_view code;  // of the catalogue: "certificate-expired"
  std::string words;      // follows a name: "has expired on 2026-01-31T12:00:00Z"; printable ASCII
  std::string evidence{};
  bool fatal = true;  // false: clients accept the chain today
};

// host: the MX host. domain: the mail domain; empty: not known. Empty if nothing is wrong.
std::vector<CertificateFault> certificate_faults(const SmtpTlsFacts& tls, std::string_view host,
                                                 std::string_view domain, unsigned warn_days, Time now);

}  // namespace mtasts
