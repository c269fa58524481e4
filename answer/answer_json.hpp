// answer_json - what an answer is based on, as JSON. The `json` map and mtastsctl share these member names.
//
// Times are UTC, in the form of RFC 3339. Text from peers is made printable ASCII. Policy ids and mx values
// are copied as they are, because their octets were checked when they were read.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "core/decide.hpp"
#include "core/domain_name.hpp"
#include "core/record.hpp"

namespace mtasts {

// {"certain":true|false,"last_certain":null|time}: whether the clock can be trusted. last_certain is null
// while it can.
boost::json::object clock_json(const ClockState& clock);

// null without a policy, else {"id","mode","max_age","mx":[…],"fetched","expires"}. record may be nullptr.
boost::json::value policy_json(const RecordView* record, const Moment& moment);

// null without a state (nullptr), else {"mx","trouble","detail","port","looked","expires","next_try",
// "hosts":[{"host","state","new_preference"}…]}. A time that is not set is null.
boost::json::value dane_json(const DaneView* dane);

// null without an override (nullptr), else {"action","reason","until":null|"2027-01-31"}. until is the last
// day as the configuration file gives it; null if there is no last day.
boost::json::value override_json(const Override* over);

// {… the settings of zone_keys that have in_answers set …,
// "postfix_dane":"yes|no|unknown","dnssec":"works|down"}
boost::json::object rules_json(const ZoneRules& rules);

// The value of one zone key: true or false, a number (milliseconds for a duration), or a word.
boost::json::value setting_json(const ZoneKey& key, const ZoneSettings& settings);

// {"postfix","postfix310","sts"}: the reply to each of these dialects.
boost::json::object replies_json(const DomainName& domain, const Decision& decision);

}  // namespace mtasts
