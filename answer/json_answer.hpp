// json_answer - the reply of the `json` map: one object for people and programs (mtastsctl query --json
// prints it).
//
// {"domain":…,"decision":"secure|none|dane|dane-only|answer|temp","rule":…,"reason":…,"detail":…,"source":…,
//  "policy":null|{"id","mode","max_age","mx":[…],"fetched","expires"},
//  "dane":null|{"mx","trouble","detail","port","looked","expires","next_try","hosts":[{"host","state","group"}…]},
//  "override":null|{"action","reason","until"},"rules":{…},
//  "trace":null|[…] (answer/trace_json.hpp; only of what was looked up for this
//  question),"replies":{"postfix":…,"postfix310":…,"sts":…}}
// Times are UTC, RFC 3339.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/decide.hpp"
#include "core/domain_name.hpp"
#include "core/record.hpp"
#include "lookup/trace.hpp"

namespace mtasts {

struct JsonFacts {
  const DomainName& domain;
  const Decision& decision;
  const RecordView* record;  // may be nullptr
  Route route;               // of the next hop
  const Override* over;      // may be nullptr
  const ZoneRules& rules;
  std::string_view source;
  const Trace* trace;  // of the flight that found it out; may be nullptr
  Moment moment;
};

// Appends "OK {…}" to out.
void append_json_reply(std::string& out, const JsonFacts& facts);

// For a key that has no policy domain.
void append_json_not_a_host(std::string& out, std::string_view key, std::string_view why);

}  // namespace mtasts
