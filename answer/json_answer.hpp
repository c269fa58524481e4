// json_answer - the reply of the `json` map: one object for people and programs. `mtastsctl query --json`
// prints it. Its members:
//
// - "domain", "reason", "detail", "rule": strings
// - "decision": "secure", "none", "dane", "dane-only", "answer" or "temp"
// - "source": where the answer came from, a string
// - "policy", "dane", "override", "rules", "replies": as in answer/answer_json.hpp
// - "trace": what was looked up for this question, as in answer/trace_json.hpp; null if nothing was
//
// Times are UTC, in the form of RFC 3339.
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
  const RecordView* record;  // nullptr: nothing is known about the domain
  Route route;               // of the next hop
  const Override* over;      // nullptr: none is in force
  const ZoneRules& rules;
  std::string_view source;
  const Trace* trace;  // of the flight that was waited for; nullptr: the answer needed none
  Moment moment;
};

// Appends "OK {…}" to out. If that exceeds max_reply, "trace" becomes null, then "replies"; if it is still
// too long, a TEMP reply is appended instead.
void append_json_reply(std::string& out, const JsonFacts& facts);

// The same for a key that has no policy domain. why: the reason, for people.
void append_json_not_a_host(std::string& out, std::string_view key, std::string_view why);

}  // namespace mtasts
