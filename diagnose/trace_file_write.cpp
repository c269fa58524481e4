#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "answer/answer_json.hpp"
#include "answer/json.hpp"
#include "core/rdata_text.hpp"
#include "diagnose/trace_file.hpp"
#include "diagnose/trace_words.hpp"

namespace mtasts {
namespace {

namespace json = boost::json;

// Each octet becomes the character with its number (U+0000 to U+00FF), in UTF-8.
json::string octets(std::string_view bytes) {
  json::string text;
  for (char c : bytes) {
    auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80) {
      text.push_back(c);
    } else {
      text.push_back(static_cast<char>(0xC0 | octet >> 6));
      text.push_back(static_cast<char>(0x80 | (octet & 0x3F)));
    }
  }
  return text;
}

json::value time_value(Time time) { return time.time_since_epoch().count(); }

json::object step_object(const DnsStep& step) {
  json::array data;
  for (const std::string& rdata : step.answer.rdata) data.push_back(to_json(hex_text(rdata)));
  return {{"kind", "dns"},
          {"name", octets(step.name)},
          {"type", to_json(words(step.type))},
          {"security", to_json(enum_words<DnsAnswer::Security>.word_of(step.answer.security))},
          {"result", to_json(enum_words<DnsAnswer::Kind>.word_of(step.answer.kind))},
          {"ttl", step.answer.ttl},
          {"canonical", octets(step.answer.canonical)},
          {"validated", step.answer.validated},
          {"unsigned_delegation", step.answer.unsigned_delegation},
          {"data", std::move(data)},
          {"reason", octets(step.answer.reason)},
          {"ms", step.took.count()}};
}

json::object step_object(const HttpsStep& step) {
  json::object object{{"kind", "https"}, {"domain", to_json(step.domain.str())}, {"ms", step.took.count()}};
  if (step.answer) {
    object["status"] = step.answer->status;
    object["content_type"] = octets(step.answer->content_type);
    object["body"] = to_json(hex_text(step.answer->body));
  } else {
    object["step"] = to_json(saved::fetch_steps.word_of(step.answer.error().step));
    object["detail"] = octets(step.answer.error().detail);
  }
  return object;
}

json::array steps(const Trace& trace) {
  json::array list;
  for (const Step& step : trace)
    list.push_back(std::visit([](const auto& each) { return step_object(each); }, step));
  return list;
}

json::object rules_object(const ExplainInputs& inputs) {
  const ZoneRules& rules = inputs.rules;
  json::object settings;
  for (const ZoneKey& key : zone_keys) settings.emplace(key.name, setting_json(key, rules.settings));
  json::object object{{"settings", std::move(settings)},
                      {"sts", rules.sts},
                      {"postfix_dane", to_json(words(rules.postfix_dane))},
                      {"dnssec", to_json(saved::dnssec.word_of(rules.dnssec))},
                      {"dnssec_detail", octets(inputs.dnssec_detail)}};
  if (!inputs.dnssec_known) object["dnssec_known"] = false;
  return object;
}

json::value override_object(const std::optional<Override>& over) {
  if (!over) return nullptr;
  return json::object{{"action", to_json(words(over->action))},
                      {"answer", octets(over->answer)},
                      {"reason", octets(over->reason)},
                      {"until", over->until == Time::max() ? json::value() : time_value(over->until)}};
}

}  // namespace

std::string write_trace(const ExplainInputs& inputs, const Trace& trace) {
  json::object file{{"mtastsd_trace", trace_version},
                    {"time", time_value(inputs.now)},
                    {"next_hop", octets(inputs.next_hop)},
                    {"map", octets(inputs.map)},
                    {"port", inputs.port},
                    {"without_policy", octets(inputs.without_policy)},
                    {"mx_hosts", inputs.mx_hosts},
                    {"way", octets(inputs.way)},
                    {"postfix", octets(inputs.postfix)},
                    {"cache", octets(inputs.cache)},
                    {"rules", rules_object(inputs)},
                    {"override", override_object(inputs.over)},
                    {"stored", nullptr},
                    {"trace", steps(trace)}};
  if (!inputs.clock.certain) file["last_certain"] = time_value(inputs.clock.last_certain);
  if (inputs.stored) file["stored"] = to_json(hex_text(encode(*inputs.stored)));
  return ascii_json(file) + "\n";
}

}  // namespace mtasts
