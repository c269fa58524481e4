#include <algorithm>
#include <boost/json/array.hpp>

#include "answer/answer_json.hpp"
#include "answer/trace_json.hpp"
#include "cli/explain_print.hpp"
#include "cli/explain_words.hpp"
#include "cli/words.hpp"

namespace mtasts {
namespace {

namespace json = boost::json;

json::object next_hop_object(const Explanation& all) {
  json::object object{
      {"asked", to_json(all.inputs.next_hop)}, {"map", to_json(all.inputs.map)}, {"domain", nullptr},
      {"bracketed", all.hop.bracketed},        {"port", all.inputs.port},        {"without_policy", nullptr}};
  if (all.hop.domain) object["domain"] = to_json(all.hop.domain->str());
  if (!all.hop.why_not.empty()) object["without_policy"] = to_json(all.hop.why_not);
  return object;
}

json::value record_value(const Explanation& all) {
  auto lint = judged_record(all);
  if (!lint) return nullptr;
  json::object object{{"verdict", to_json(words(lint->verdict))}, {"id", nullptr}};
  if (lint->verdict == TxtVerdict::valid) object["id"] = to_json(lint->id);
  object["findings"] = to_json(lint->findings);
  return object;
}

json::value policy_value(const Explanation& all) {
  RecordView record = view(all.record);
  json::value policy = policy_json(&record, all.inputs.moment());
  if (auto* object = policy.if_object()) {
    object->emplace("source", fetched_now(all) ? "fetched" : "cached");
  }
  return policy;
}

json::value stored_value(const Explanation& all) {
  if (!all.inputs.stored) return nullptr;
  RecordView record = view(*all.inputs.stored);
  return json::object{{"policy", policy_json(&record, all.inputs.moment())},
                      {"state", to_json(state_code(record.state))},
                      {"detail", to_json(whole(record.detail))},
                      {"looked", time_or_null(record.looked_up_at)},
                      {"next_check", time_or_null(record.next_check)}};
}

json::value dane_value(const Explanation& all) {
  auto dane = find_dane(view(all.record), all.route());
  json::value value = dane_json(dane ? &*dane : nullptr);
  if (!dane) return value;
  for (json::value& each : value.as_object()["hosts"].as_array()) {
    json::object& host = each.as_object();
    std::string_view name(host["host"].as_string().data(), host["host"].as_string().size());
    auto found = std::ranges::find(all.hosts, name, &HostDetail::host);
    host["detail"] = to_json(found == all.hosts.end() ? std::string() : whole(found->detail));
  }
  return value;
}

json::object dns_object(const ExplainInputs& inputs) {
  return {{"way", to_json(inputs.way)},
          {"dnssec", inputs.dnssec_known && inputs.rules.dnssec == Dnssec::works},
          {"known", inputs.dnssec_known},
          {"detail", to_json(inputs.dnssec_detail)}};
}

json::object decision_object(const Explanation& all) {
  return {{"verdict", to_json(words(all.verdict))},
          {"rule", to_json(all.rule)},
          {"reason", to_json(all.reason)},
          {"detail", to_json(whole(all.detail))}};
}

json::object replies_object(const Explanation& all) {
  json::object object;
  for (const auto& [dialect, reply] : all.replies) object.emplace(words(dialect), to_json(reply));
  return object;
}

}  // namespace

json::object explanation_object(const Explanation& all) {
  const Override* over = all.inputs.over ? &*all.inputs.over : nullptr;
  return {{"next_hop", next_hop_object(all)},
          {"time", time_or_null(all.inputs.now)},
          {"clock", clock_json(all.inputs.clock)},
          {"override", override_json(over)},
          {"stored", stored_value(all)},
          {"cache", to_json(all.inputs.cache)},
          {"trace", trace_json(all.trace)},
          {"record", record_value(all)},
          {"policy", policy_value(all)},
          {"dane", dane_value(all)},
          {"dns", dns_object(all.inputs)},
          {"postfix", to_json(all.inputs.postfix)},
          {"rules", rules_json(overridden(all.inputs.rules, over))},
          {"decision", decision_object(all)},
          {"replies", replies_object(all)}};
}

}  // namespace mtasts
