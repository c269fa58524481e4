#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <utility>
#include <variant>

#include "answer/answer_json.hpp"
#include "answer/json.hpp"
#include "core/rdata_text.hpp"
#include "diagnose/trace_file.hpp"
#include "diagnose/trace_fit.hpp"
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

// A file that is being written. Refers to the trace, which must not change meanwhile.
struct File {
  std::int64_t version;
  std::map<std::string_view, std::size_t> known{};  // certificates, with their numbers
  json::array certificates{};

  bool of_check() const noexcept { return version == check_version; }
};

json::array numbers_of(const std::vector<std::string>& chain, File& file) {
  json::array numbers;
  for (const std::string& der : chain) {
    auto [entry, is_new] = file.known.emplace(der, file.certificates.size());
    if (is_new) file.certificates.push_back(to_json(hex_text(der)));
    numbers.push_back(entry->second);
  }
  return numbers;
}

json::object step_object(const DnsStep& step, File& file) {
  json::array data;
  for (const std::string& rdata : step.answer.rdata) data.push_back(to_json(hex_text(rdata)));
  json::object object{{"kind", "dns"},
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
  if (file.of_check()) object["local"] = step.answer.local;
  return object;
}

void add_answer(const std::expected<HttpAnswer, FetchError>& answer, const File& file, json::object& object) {
  if (answer) {
    object["status"] = answer->status;
    object["content_type"] = octets(answer->content_type);
    object["body"] = to_json(hex_text(answer->body));
    return;
  }
  object["step"] = to_json(saved::fetch_steps.word_of(answer.error().step));
  object["detail"] = octets(answer.error().detail);
  if (!file.of_check()) return;
  object["local"] = answer.error().local;
  if (answer.error().put_off) object["put_off"] = true;
}

json::object step_object(const HttpsStep& step, File& file) {
  json::object object{{"kind", "https"}, {"domain", to_json(step.domain.str())}, {"ms", step.took.count()}};
  add_answer(step.answer, file, object);
  return object;
}

// facts: SmtpTlsFacts or PolicyHostSeen.
void add_chain(const auto& facts, File& file, json::object& object) {
  object["chain"] = numbers_of(facts.chain, file);
  object["chain_cut"] = facts.chain_cut;
  object["untrusted"] = facts.untrusted;
  object["untrusted_depth"] = facts.untrusted_depth;
  object["untrusted_words"] = octets(facts.untrusted_words);
}

json::object reply_object(const SmtpReply& reply) {
  json::array lines;
  for (const std::string& line : reply.lines) lines.push_back(octets(line));
  return {{"code", reply.code}, {"lines", std::move(lines)}, {"cut", reply.cut}};
}

json::value tls_object(const std::optional<SmtpTlsFacts>& tls, File& file) {
  if (!tls) return nullptr;
  json::object object{{"version", octets(tls->version)},
                      {"cipher", octets(tls->cipher)},
                      {"asks_for_certificate", tls->asks_for_certificate}};
  add_chain(*tls, file, object);
  return object;
}

json::object step_object(const SmtpStep& step, File& file) {
  const SmtpDialogue& dialogue = step.dialogue;
  json::object object{{"kind", "smtp"},
                      {"address", to_json(to_string(step.request.address))},
                      {"port", step.request.port},
                      {"host", octets(step.request.host)},
                      {"implicit_tls", step.request.implicit_tls},
                      {"reached", to_json(words(dialogue.reached))},
                      {"trouble", to_json(words(dialogue.trouble))},
                      {"detail", octets(dialogue.detail)},
                      {"greeting", reply_object(dialogue.greeting)},
                      {"ehlo", reply_object(dialogue.ehlo)},
                      {"starttls", reply_object(dialogue.starttls)},
                      {"ehlo_in_tls", reply_object(dialogue.ehlo_in_tls)},
                      {"surplus", dialogue.surplus},
                      {"tls", tls_object(dialogue.tls, file)},
                      {"ms", step.took.count()}};
  if (dialogue.helo != SmtpReply{}) object["helo"] = reply_object(dialogue.helo);
  return object;
}

json::object seen_object(const PolicyHostSeen& seen, File& file) {
  json::object object{
      {"tls", to_json(words(seen.tls))},   {"status", seen.status},
      {"location", octets(seen.location)}, {"content_encoding", octets(seen.content_encoding)},
      {"too_large", seen.too_large},       {"cut_short", seen.cut_short}};
  add_chain(seen, file, object);
  return object;
}

json::object step_object(const PolicyHostStep& step, File& file) {
  json::object object{{"kind", "policy-host"},
                      {"domain", to_json(step.domain.str())},
                      {"address", to_json(to_string(step.address))},
                      {"ms", step.took.count()},
                      {"asked", step.answer.asked},
                      {"timed_out", step.answer.timed_out},
                      {"seen", seen_object(step.answer.seen, file)}};
  add_answer(step.answer.answer, file, object);
  return object;
}

json::object step_object(const NameServerStep& step, File& file) {
  json::object object = step_object(step.asked, file);
  object["kind"] = "name-server";
  object["server"] = to_json(to_string(step.server));
  return object;
}

json::object step_object(const PolicyPlaceStep& step, File&) {
  return {{"kind", "policy-place"},
          {"domain", to_json(step.domain.str())},
          {"place", to_json(words(step.place))},
          {"found", to_json(words(step.found))},
          {"ms", step.took.count()}};
}

bool is_of_check(const Step& step) noexcept {
  return !std::holds_alternative<DnsStep>(step) && !std::holds_alternative<HttpsStep>(step);
}

json::array steps(const Trace& trace, File& file) {
  json::array list;
  for (const Step& step : trace) {
    if (is_of_check(step) && !file.of_check()) continue;
    list.push_back(std::visit([&file](const auto& each) { return step_object(each, file); }, step));
  }
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

json::object file_object(const ExplainInputs& inputs, const Trace& trace, File& file) {
  json::object object{{"mtastsd_trace", file.version},
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
                      {"trace", steps(trace, file)}};
  if (!inputs.clock.certain) object["last_certain"] = time_value(inputs.clock.last_certain);
  if (inputs.stored) object["stored"] = to_json(hex_text(encode(*inputs.stored)));
  return object;
}

std::string text_of(const json::object& file) { return ascii_json(file) + "\n"; }

}  // namespace

std::string write_trace(const ExplainInputs& inputs, const Trace& trace) {
  File file{explain_version};
  return text_of(file_object(inputs, trace, file));
}

std::string write_whole(const CheckInputs& inputs, const Trace& trace) {
  File file{check_version};
  json::object object = file_object(inputs.explain, trace, file);
  object["certificates"] = std::move(file.certificates);
  object["check"] = json::object{{"warn_days", inputs.warn_days},
                                 {"postfix_version", octets(inputs.postfix_version)},
                                 {"ehlo", octets(inputs.ehlo)}};
  if (!inputs.given.empty()) object["check"].as_object()["given"] = octets(inputs.given);
  return text_of(object);
}

std::string write_trace(const CheckInputs& inputs, const Trace& trace) {
  Trace shorter = trace;
  fit_trace(inputs, shorter);
  return write_whole(inputs, shorter);
}

std::string write_trace(const SavedTrace& saved) {
  return saved.check ? write_trace(*saved.check, saved.trace) : write_trace(saved.inputs, saved.trace);
}

}  // namespace mtasts
