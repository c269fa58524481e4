// catalogue_input - the findings 801 to 899 of the catalogue: the check itself and what it was given. Only
// catalogue.cpp includes this.
#pragma once

#include <array>

#include "core/catalogue.hpp"

namespace mtasts {

inline constexpr auto input_findings = std::to_array<CatalogueEntry>({
    {"senders-differ", 801, Severity::info, "Senders do not all treat this domain alike.",
     "Some know MTA-STS, as Gmail does, some know DANE, some both, as Exchange Online does, and some "
     "neither. "
     "So mail from one arrives while mail from another waits, or goes out without TLS.",
     "Mend the other findings; what each kind of sender does is in the message.", "RFC 8461 section 5",
     "https://www.rfc-editor.org/rfc/rfc8461#section-5"},
    {"mail-not-delivered", 802, Severity::error,
     "Mail waits or is returned, though no other finding is an error.",
     "The message has the words that Postfix logs with such a mail.",
     "Mend what the words name, and the warnings about the same host.", "mtastsctl(1)", ""},
    {"policy-not-in-force", 803, Severity::warning,
     "A policy of mode enforce is announced and served, but the decision of this host does not follow it.",
     "Mail from here goes out without verified TLS, although the domain asks for it.",
     "Look at the reason in the message, and at what mtastsctl explain DOMAIN says: an override or the "
     "zone's "
     "settings are the usual causes.",
     "RFC 8461 section 5", "https://www.rfc-editor.org/rfc/rfc8461#section-5"},
    {"time-limit-reached", 806, Severity::info, "The check ended before everything had been asked.",
     "What is missing is unknown: neither a fault nor a pass.", "Try again with a longer --timeout.",
     "mtastsctl(1)", ""},
    {"domain-u-label", 807, Severity::info, "The domain was given with letters outside of ASCII.",
     "DNS and policies have A-labels; the check used those.", "Nothing need be done.",
     "RFC 5890 section 2.3.2.1", "https://www.rfc-editor.org/rfc/rfc5890#section-2.3.2.1"},
    {"bad-host", 808, Severity::error, "The text is not the name of a host.",
     "Nothing can be looked up or compared for it.",
     "Write a domain or host name, such as example.com, without a port, a path or an address.",
     "RFC 1123 section 2.1", "https://www.rfc-editor.org/rfc/rfc1123#section-2.1"},
    {"input-corrected", 808, Severity::info,
     "What was given was not a bare domain name: it was a mail address, a URL, or had a dot at its end.",
     "The check took the domain from it.", "Nothing need be done if the domain is the one that you meant.",
     "mtastsctl(1)", ""},
});

}  // namespace mtasts
