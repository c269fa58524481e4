// answer_json - what an answer rests on, as JSON: the names that the `json` map and mtastsctl have in common.
//
// Times are UTC, RFC 3339. Text of peers stands in it as printable ASCII, but for policy ids and mx, whose
// octets were checked.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "core/decide.hpp"
#include "core/domain_name.hpp"
#include "core/record.hpp"

namespace mtasts {

// null without a policy, else {"id","mode","max_age","mx":[…],"fetched","expires"}
// {"certain":true|false,"last_certain":null|time}: whether the clock can be trusted.
boost::json::object clock_json(const ClockState& clock);
boost::json::value policy_json(const RecordView* record, const Moment& moment);

// null without a state, else {"mx","trouble","detail","port","looked","expires","next_try",
// "hosts":[{"host","state","new_preference"}…]}
boost::json::value dane_json(const DaneView* dane);

// null, or {"action","reason","until":null|"2027-01-31", the last day as the file has it}
boost::json::value override_json(const Override* over);

// {"dane","postfix_dane":"yes|no|unknown","partial_dane","testing_as_enforce","mx_hosts","dnssec":"works|down"}
// The settings among them are those of zone_keys that are in_answers.
boost::json::object rules_json(const ZoneRules& rules);

// A key's value: true or false, a number (of ms for a duration), or a word.
boost::json::value setting_json(const ZoneKey& key, const ZoneSettings& settings);

// {"postfix","postfix310","sts"}
boost::json::object replies_json(const DomainName& domain, const Decision& decision);

}  // namespace mtasts
