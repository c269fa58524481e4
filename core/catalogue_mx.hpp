// catalogue_mx - the findings 401 to 499 of the catalogue: the policy against the MX hosts. Only
// catalogue.cpp includes this.
#pragma once

#include <array>

#include "core/catalogue.hpp"

namespace mtasts {

inline constexpr auto mx_findings = std::to_array<CatalogueEntry>({
    {"mx-not-in-policy", 401, Severity::error, "An MX host is not covered by the policy.",
     "Under enforce senders do not deliver to this host; if no other host is left, mail waits, and then "
     "bounces.",
     "Add a line \"mx: HOST\" to the policy and change the id, or remove the host from the MX records.",
     "RFC 8461 section 4.1", "https://www.rfc-editor.org/rfc/rfc8461#section-4.1"},
    {"wildcard-too-shallow", 402, Severity::error,
     "A wildcard of the policy ends like the name of an MX host, but stands for one label only, and the host "
     "has more.",
     "The host is not covered, so under enforce senders do not deliver to it.",
     "Write a wildcard that is as deep as the name, such as \"*.b.example\" for a.b.example, and change the "
     "id.",
     "RFC 8461 section 4.1", "https://www.rfc-editor.org/rfc/rfc8461#section-4.1"},
    {"wildcard-misses-parent", 403, Severity::error,
     "A wildcard of the policy does not cover the name below which it stands, but that name is an MX host.",
     "The name does not match (\"*.mail.example\" is not mail.example), so under enforce senders do not "
     "deliver to it.",
     "Add the name itself as a line of its own, and change the id.", "RFC 8461 section 4.1",
     "https://www.rfc-editor.org/rfc/rfc8461#section-4.1"},
    {"no-mx-in-policy", 404, Severity::error, "None of the MX hosts is covered by the policy.",
     "Under enforce senders deliver no mail at all: it waits, and then bounces.",
     "List the present MX hosts in the policy and change the id. Until all senders have the new policy, keep "
     "an old MX host that it covers if you can.",
     "RFC 8461 section 4.1", "https://www.rfc-editor.org/rfc/rfc8461#section-4.1"},
    {"pattern-unused", 405, Severity::info, "An mx of the policy covers none of the MX hosts.",
     "It does no harm, but whoever runs the host that it names can receive the domain's mail if they can "
     "forge its MX records.",
     "Delete the line if the host will not come back, and change the id.", "RFC 8461 section 4.1",
     "https://www.rfc-editor.org/rfc/rfc8461#section-4.1"},
    {"backup-mx-not-in-policy", 406, Severity::warning, "A backup MX host is not covered by the policy.",
     "Under enforce it gets no mail when the hosts before it are down.",
     "Add a line \"mx: HOST\" to the policy and change the id, or remove the backup host.",
     "RFC 8461 section 8.4", "https://www.rfc-editor.org/rfc/rfc8461#section-8.4"},
    {"mx-in-policy-fails-tls", 407, Severity::error,
     "An MX host that the policy covers can't be verified by TLS.",
     "Under enforce senders do not deliver to this host; if no other host is left, mail waits, and then "
     "bounces.",
     "Mend what the other findings about this host name; until then write \"mode: testing\" and change the "
     "id.",
     "RFC 8461 section 4.2", "https://www.rfc-editor.org/rfc/rfc8461#section-4.2"},
    {"implicit-mx", 408, Severity::warning,
     "The domain has no MX record, so mail goes to the domain's own address.",
     "Under enforce the policy must then list the domain itself.",
     "Publish an MX record that names the mail server.", "RFC 5321 section 5.1",
     "https://www.rfc-editor.org/rfc/rfc5321#section-5.1"},
    {"null-mx", 409, Severity::warning,
     "The domain says with a null MX that it takes no mail, but has an MTA-STS policy.",
     "The policy has no effect, since nobody sends mail there.",
     "Remove the policy and its record, or replace the null MX if the domain should take mail.",
     "RFC 7505 section 3", "https://www.rfc-editor.org/rfc/rfc7505#section-3"},
    {"mx-is-address", 410, Severity::warning, "An MX record holds an IP address instead of a host name.",
     "Senders look it up as a name, find nothing, and can't deliver to it.",
     "Give the host a name with an A or AAAA record, and let the MX record point to that name.",
     "RFC 5321 section 5.1", "https://www.rfc-editor.org/rfc/rfc5321#section-5.1"},
    {"mx-is-cname", 410, Severity::warning, "An MX record points to an alias.",
     "Some senders refuse that, and they do not agree on which of the two names the policy and the "
     "certificate must have.",
     "Let the MX record point to the host's own name.", "RFC 2181 section 10.3",
     "https://www.rfc-editor.org/rfc/rfc2181#section-10.3"},
    {"mx-lookup-failed", 411, Severity::error, "The MX records of the domain could not be looked up.",
     "Senders can't tell where mail goes, so it waits, and then bounces.",
     "Mend the name servers of the zone, or its DNSSEC signatures.", "RFC 5321 section 5.1",
     "https://www.rfc-editor.org/rfc/rfc5321#section-5.1"},
    {"mx-no-address", 411, Severity::warning,
     "An MX host has no address, or its address could not be looked up.",
     "Senders skip it; if no other host is left, mail waits or bounces.",
     "Publish an A or AAAA record for the host, or remove it from the MX records.", "RFC 5321 section 5.1",
     "https://www.rfc-editor.org/rfc/rfc5321#section-5.1"},
    {"parent-policy-not-inherited", 412, Severity::info,
     "The domain above has an MTA-STS policy, but this one has none of its own.",
     "A policy does not hold for subdomains, so mail to this domain is not protected.",
     "Publish a record and a policy for this domain too; CNAMEs to those of the domain above will do.",
     "RFC 8461 section 3.4", "https://www.rfc-editor.org/rfc/rfc8461#section-3.4"},
    {"provider-mx-renamed", 413, Severity::info,
     "The mail provider uses other names for its MX hosts than those in the policy.",
     "When the MX records move to the new names, under enforce senders no longer deliver.",
     "Add the new names to the policy and change the id before you change the MX records.",
     "RFC 8461 section 8.1", "https://www.rfc-editor.org/rfc/rfc8461#section-8.1"},
    {"no-such-domain", 414, Severity::error, "The domain does not exist: DNS says NXDOMAIN.",
     "Mail to it is returned to its sender at once.",
     "Correct the name, or register the domain and publish its MX records.", "RFC 5321 section 5.1",
     "https://www.rfc-editor.org/rfc/rfc5321#section-5.1"},
});

}  // namespace mtasts
