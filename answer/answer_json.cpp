#include "answer/answer_json.hpp"

#include <boost/json/array.hpp>
#include <type_traits>
#include <variant>

#include "answer/json.hpp"
#include "conf/override_values.hpp"
#include "core/finding.hpp"
#include "core/policy_life.hpp"
#include "core/reply.hpp"
#include "core/time_text.hpp"

namespace mtasts {

namespace json = boost::json;

namespace {

json::value value_json(bool value) { return value; }
json::value value_json(unsigned value) { return value; }
json::value value_json(std::uint16_t value) { return value; }
json::value value_json(std::chrono::milliseconds value) { return value.count(); }

template <class E>
  requires std::is_enum_v<E>
json::value value_json(E value) {
  return to_json(words(value));
}

}  // namespace

json::object clock_json(const ClockState& clock) {
  json::value last;
  if (!clock.certain) last = to_json(utc_text(clock.last_certain));
  return {{"certain", clock.certain}, {"last_certain", std::move(last)}};
}

json::value policy_json(const RecordView* record, const Moment& moment) {
  if (!record || !record->has_policy) return nullptr;
  json::array mx;
  for (std::string_view pattern : record->policy.mx) mx.emplace_back(to_json(pattern));
  return json::object{{"id", to_json(record->id)},
                      {"mode", to_json(words(record->policy.mode))},
                      {"max_age", record->policy.max_age},
                      {"mx", std::move(mx)},
                      {"fetched", to_json(utc_text(record->fetched_at))},
                      {"expires", to_json(utc_text(expires_at(record->policy, record->fetched_at, moment)))}};
}

json::value dane_json(const DaneView* dane) {
  if (!dane) return nullptr;
  json::array hosts;
  for (HostLine host : dane->hosts) {
    hosts.push_back(json::object{{"host", to_json(host.name())},
                                 {"state", to_json(words(host.state()))},
                                 {"new_preference", host.first_of_group()}});
  }
  return json::object{{"mx", to_json(words(dane->mx))},
                      {"trouble", to_json(words(dane->trouble))},
                      {"detail", to_json(printable(dane->detail, 500))},
                      {"port", dane->route.port},
                      {"looked", time_or_null(dane->looked_up_at)},
                      {"expires", time_or_null(dane->valid_until)},
                      {"next_try", time_or_null(dane->next_try)},
                      {"hosts", std::move(hosts)}};
}

json::value override_json(const Override* over) {
  if (!over) return nullptr;
  return json::object{{"action", to_json(words(over->action))},
                      {"reason", to_json(over->reason)},
                      {"until", over->until == Time::max() ? json::value() : to_json(last_day(over->until))}};
}

json::object rules_json(const ZoneRules& rules) {
  json::object all;
  for (const ZoneKey& key : zone_keys)
    if (key.in_answers) all.emplace(key.name, setting_json(key, rules.settings));
  all["postfix_dane"] = to_json(words(rules.postfix_dane));
  all["dnssec"] = rules.dnssec == Dnssec::works ? "works" : "down";
  return all;
}

json::value setting_json(const ZoneKey& key, const ZoneSettings& settings) {
  return std::visit([&](auto member) { return value_json(settings.*member); }, key.member);
}

json::object replies_json(const DomainName& domain, const Decision& decision) {
  json::object all;
  for (Dialect dialect : {Dialect::postfix, Dialect::postfix310, Dialect::sts}) {
    std::string reply;
    append_reply(reply, dialect, domain, decision);
    all.emplace(words(dialect), to_json(reply));
  }
  return all;
}

}  // namespace mtasts
