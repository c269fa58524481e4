// catalogue_tlsrpt - the findings 601 to 699 of the catalogue: TLSRPT. Only catalogue.cpp includes this.
#pragma once

#include <array>

#include "core/catalogue.hpp"

namespace mtasts {

inline constexpr auto tlsrpt_findings = std::to_array<CatalogueEntry>({
    {"tlsrpt-missing", 601, Severity::warning,
     "The domain has no TLSRPT record at _smtp._tls, though it uses MTA-STS or DANE.",
     "Nobody tells you when senders fail to deliver by TLS.",
     "Publish _smtp._tls.DOMAIN TXT \"v=TLSRPTv1; rua=mailto:ADDRESS\".", "RFC 8460 section 3",
     "https://www.rfc-editor.org/rfc/rfc8460#section-3"},
    {"tlsrpt-multiple", 602, Severity::error, "Several TXT records at _smtp._tls begin with v=TLSRPTv1.",
     "With more than one record senders send no reports. Mail is not affected, so a check counts this as a "
     "warning.",
     "Keep one record; its rua can list several addresses, with commas between them.", "RFC 8460 section 3",
     "https://www.rfc-editor.org/rfc/rfc8460#section-3"},
    {"tlsrpt-version", 603, Severity::error,
     "A TXT record at _smtp._tls does not begin with exactly v=TLSRPTv1 and a semicolon.",
     "Senders send no reports. Mail is not affected, so a check counts this as a warning.",
     "Begin the record with v=TLSRPTv1; in exactly these letters.", "RFC 8460 section 3",
     "https://www.rfc-editor.org/rfc/rfc8460#section-3"},
    {"tlsrpt-rua-missing", 604, Severity::error, "The TLSRPT record has no rua.",
     "Senders do not know where to send reports. Mail is not affected, so a check counts this as a warning.",
     "Add rua=mailto:ADDRESS. TLSRPT has no ruf.", "RFC 8460 section 3",
     "https://www.rfc-editor.org/rfc/rfc8460#section-3"},
    {"tlsrpt-rua-no-scheme", 605, Severity::error,
     "The rua of the TLSRPT record is an address without mailto: before it.",
     "Senders can't send reports there. Mail is not affected, so a check counts this as a warning.",
     "Write rua=mailto:ADDRESS.", "RFC 8460 section 3", "https://www.rfc-editor.org/rfc/rfc8460#section-3"},
    {"tlsrpt-rua-scheme", 606, Severity::error,
     "The rua of the TLSRPT record is neither a mailto: nor an https: URI.",
     "Senders can't send reports there. Mail is not affected, so a check counts this as a warning.",
     "Use mailto: or https:; plain http: is not allowed.", "RFC 8460 section 3",
     "https://www.rfc-editor.org/rfc/rfc8460#section-3"},
    {"tlsrpt-rua-syntax", 607, Severity::error,
     "A URI in the rua of the TLSRPT record has an exclamation mark, a comma, a semicolon, a blank, or no "
     "address at all.",
     "Senders can't send reports there. Mail is not affected, so a check counts this as a warning.",
     "Write whole URIs with commas between them. Write these characters within a URI as %21, %2C and %3B; a "
     "size limit as in DMARC does not exist.",
     "RFC 8460 section 3", "https://www.rfc-editor.org/rfc/rfc8460#section-3"},
    {"tlsrpt-misplaced", 608, Severity::error,
     "A TLSRPT record stands at another name, such as _smtp-tlsrpt, _tlsrpt or the domain itself, and not at "
     "_smtp._tls.",
     "Senders ask only for _smtp._tls of the domain, so they send no reports. A check counts this as a "
     "warning.",
     "Move the record to _smtp._tls.DOMAIN.", "RFC 8460 section 3",
     "https://www.rfc-editor.org/rfc/rfc8460#section-3"},
    {"tlsrpt-endpoint-broken", 609, Severity::warning,
     "The host that should receive TLS reports does not exist, or does not take them.", "Reports are lost.",
     "Mend the host that rua names, or write another one.", "RFC 8460 section 3",
     "https://www.rfc-editor.org/rfc/rfc8460#section-3"},
    {"tlsrpt-same-domain", 610, Severity::info, "TLS reports are sent only by mail, and to the same domain.",
     "When mail to the domain fails, the reports about it may fail too.",
     "Add an address at another domain, or an https: URI.", "RFC 8460 section 3",
     "https://www.rfc-editor.org/rfc/rfc8460#section-3"},
    {"tlsrpt-rua-twice", 611, Severity::warning, "The TLSRPT record has more than one rua.",
     "Senders take one of them, or none.", "Write one rua, with commas between the URIs.",
     "RFC 8460 section 3", "https://www.rfc-editor.org/rfc/rfc8460#section-3"},
});

}  // namespace mtasts
