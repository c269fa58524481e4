// json_answer - the reply of the `json` map: one object for people and programs (mtastsctl query --json
// prints it).
//
// {"domain":…,"decision":"secure|none|dane|dane-only|temp","reason":…,"detail":…,"source":…,
//  "policy":null|{"id","mode","max_age","mx":[…],"fetched","expires"},"replies":{"postfix":…,"postfix310":…,"sts":…}}
// Times are UTC, RFC 3339.
#pragma once

#include <string>
#include <string_view>

#include "core/decide.hpp"
#include "core/domain_name.hpp"
#include "core/record.hpp"

namespace mtasts {

// record may be nullptr. Appends "OK {…}" to out.
void append_json_reply(std::string& out, const DomainName& domain, const Decision& decision,
                       const RecordView* record, std::string_view source, Time now);

// For a key that has no policy domain.
void append_json_not_a_host(std::string& out, std::string_view key, std::string_view why);

}  // namespace mtasts
