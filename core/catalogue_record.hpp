// catalogue_record - the findings 101 to 199 of the catalogue: the TXT record at _mta-sts. Only catalogue.cpp
// includes this.
#pragma once

#include <array>

#include "core/catalogue.hpp"

namespace mtasts {

inline constexpr auto record_findings = std::to_array<CatalogueEntry>({
    {"record-missing", 101, Severity::warning, "There is no TXT record at _mta-sts of the domain.",
     "Senders find no MTA-STS policy, so an attacker on the path can make them deliver without TLS or to a "
     "wrong host.",
     "Publish a policy first, then the record: _mta-sts.DOMAIN TXT \"v=STSv1; id=1\". \"mtastsctl generate "
     "DOMAIN\" writes both, and checks whether the MX hosts can bear mode enforce.",
     "RFC 8461 section 3.1", "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"record-lookup-failed", 102, Severity::error,
     "The TXT record at _mta-sts could not be looked up: the answer was SERVFAIL, bogus, or did not come.",
     "Senders that have no policy in their cache act as if there were none; those with one keep it until it "
     "expires.",
     "Mend the name servers of the zone, or its DNSSEC signatures, until the name gives its record or a "
     "proper NXDOMAIN.",
     "RFC 8461 section 3.1", "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"multiple-records", 103, Severity::error, "Several TXT records at _mta-sts begin with v=STSv1.",
     "With more than one record senders must act as if the domain had no policy.",
     "Keep the record with the newest id, and delete the others.", "RFC 8461 section 3.1",
     "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"only-unrelated-records", 104, Severity::warning,
     "There are TXT records at _mta-sts, but none of them is an MTA-STS record; often a wildcard record "
     "answers for the name.",
     "Senders find no MTA-STS policy, so mail to the domain is not protected by one.",
     "Publish a record at _mta-sts itself: \"v=STSv1; id=1\". It takes the place of a wildcard there.",
     "RFC 8461 section 3.1", "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"unrelated-record", 105, Severity::info, "A TXT record at _mta-sts is not an MTA-STS record.",
     "Senders ignore it, so it does no harm beside a good record.",
     "Delete it if nothing else needs it; a wildcard TXT record may be where it comes from.",
     "RFC 8461 section 3.1", "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"record-misplaced", 106, Severity::error,
     "An MTA-STS record stands at another name, such as the domain itself, mta-sts or _mta-sts._mta-sts, and "
     "not at _mta-sts.",
     "Senders ask only for _mta-sts of the domain, so they find no policy.",
     "Move the record to _mta-sts.DOMAIN. If your DNS panel appends the domain to names, enter only "
     "_mta-sts.",
     "RFC 8461 section 3.1", "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"wrong-version", 107, Severity::warning,
     "A TXT record at _mta-sts looks like an MTA-STS record, but does not begin with exactly v=STSv1 and a "
     "semicolon.",
     "It does not count as an MTA-STS record, so senders find no policy.",
     "Begin the record with v=STSv1; in exactly these letters, without blanks around the equals sign.",
     "RFC 8461 section 3.1", "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"id-missing", 108, Severity::error, "The MTA-STS record has no id.",
     "Senders can't use the record, and fetch no policy.",
     "Add an id of 1 to 32 letters and digits, such as the date: \"v=STSv1; id=20260131T1200\".",
     "RFC 8461 section 3.1", "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"id-syntax", 109, Severity::error,
     "The id of the MTA-STS record is empty, longer than 32 characters, or has characters that are not "
     "letters or digits.",
     "Senders can't use the record, and fetch no policy.",
     "Write an id of 1 to 32 letters and digits, without hyphens, dots or underscores.",
     "RFC 8461 section 3.1", "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"stray-characters", 110, Severity::warning,
     "Blanks, quotation marks or backslashes stand before v=STSv1 and are part of the record.",
     "It does not count as an MTA-STS record, so senders find no policy.",
     "Enter the record without quotation marks and backslashes; most DNS panels add the quoting themselves.",
     "RFC 8461 section 3.1", "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"field-syntax", 111, Severity::error,
     "A field of the MTA-STS or TLSRPT record is not of the form name=value.",
     "The record does not follow the grammar, so senders find no policy, or send no reports.",
     "Separate the fields with semicolons, and write each as name=value: \"v=STSv1; id=1\".",
     "RFC 8461 section 3.1", "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"no-delimiter", 111, Severity::warning,
     "A TXT record at _mta-sts is just v=STSv1, without a semicolon and an id.",
     "It does not count as an MTA-STS record, so senders find no policy.",
     "Add a semicolon and the id: \"v=STSv1; id=1\".", "RFC 8461 section 3.1",
     "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"version-not-first", 112, Severity::warning,
     "A TXT record at _mta-sts has v=STSv1, but not at its beginning.",
     "It does not count as an MTA-STS record, so senders find no policy.",
     "Move v=STSv1 to the front: \"v=STSv1; id=1\".", "RFC 8461 section 3.1",
     "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"duplicate-field", 113, Severity::warning, "The MTA-STS record has a second id.",
     "The first id counts. Some senders refuse such a record, and others may take the second, so a change of "
     "the policy may go unseen.",
     "Keep one id.", "RFC 8461 section 3.1", "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"unknown-field", 114, Severity::info, "The record has a field that the standard does not define.",
     "Senders ignore it.",
     "Nothing need be done. Check the spelling if the field was meant to have an effect.",
     "RFC 8461 section 3.1", "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"empty-field", 115, Severity::warning,
     "The MTA-STS or TLSRPT record has an empty field between two semicolons.",
     "The grammar does not allow it: strict senders find no policy, or send no reports.",
     "Write one semicolon between two fields.", "RFC 8461 section 3.1",
     "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"trailing-blank", 115, Severity::warning, "A record or a line of a policy ends with a blank.",
     "The grammar does not foresee it there: most senders cut it off, but strict ones may refuse the text.",
     "Delete the blank at the end.", "RFC 8461 section 3.1",
     "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
    {"record-cname-broken", 116, Severity::error,
     "The CNAME at _mta-sts leads to a name without TXT records, to a name that does not exist, or in a "
     "circle.",
     "Senders find no policy, though the domain means to have one.",
     "Let the CNAME point to the name that your provider gave you, or replace it with a TXT record of your "
     "own.",
     "RFC 8461 section 8.2", "https://www.rfc-editor.org/rfc/rfc8461#section-8.2"},
    {"half-delegated", 117, Severity::warning,
     "Either _mta-sts or mta-sts is a CNAME to a provider, and the other is not.",
     "The provider changes only its half: when the policy changes, the id may not, and senders keep the old "
     "policy.",
     "Delegate both names to the same provider, or serve both yourself.", "RFC 8461 section 8.2",
     "https://www.rfc-editor.org/rfc/rfc8461#section-8.2"},
    {"name-servers-differ", 118, Severity::warning,
     "The name servers of the domain give different MTA-STS records.",
     "Senders see the old id or the new one by chance, and may miss a change of the policy.",
     "Mend the transfer of the zone to the servers that are behind; compare the serial numbers of their SOA "
     "records.",
     "RFC 1034 section 4.3.5", "https://www.rfc-editor.org/rfc/rfc1034#section-4.3.5"},
    {"zone-unsigned", 119, Severity::info, "The zone of the domain is not signed with DNSSEC.",
     "Whoever can forge DNS answers can hide the MTA-STS record from senders that have no policy in their "
     "cache.",
     "Sign the zone if your registrar and your DNS provider can; short of that, keep max_age long.",
     "RFC 8461 section 10.2", "https://www.rfc-editor.org/rfc/rfc8461#section-10.2"},
    {"policy-without-record", 120, Severity::warning,
     "The policy host serves a policy, but there is no TXT record at _mta-sts.",
     "Senders ask for the record first; without it they never fetch the policy.",
     "See with \"mtastsctl lint policy --domain DOMAIN\" that the MX hosts pass the policy; if not, mail "
     "would wait. "
     "Then publish the record: _mta-sts.DOMAIN TXT \"v=STSv1; id=1\".",
     "RFC 8461 section 3.1", "https://www.rfc-editor.org/rfc/rfc8461#section-3.1"},
});

}  // namespace mtasts
