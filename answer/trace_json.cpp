#include "answer/trace_json.hpp"

#include <boost/json/object.hpp>

#include "answer/json.hpp"
#include "core/finding.hpp"
#include "core/rdata_text.hpp"
#include "core/text.hpp"

namespace mtasts {

namespace json = boost::json;

namespace {

std::string body_text(std::string_view body) {
  return find_invalid_utf8(body) == std::string_view::npos ? std::string(body) : whole(body);
}

json::object step_object(const DnsStep& step) {
  json::array data;
  for (const std::string& rdata : step.answer.rdata) data.push_back(to_json(rdata_text(step.type, rdata)));
  return {{"kind", "dns"},
          {"name", to_json(whole(step.name))},
          {"type", to_json(words(step.type))},
          {"security", to_json(words(step.answer.security))},
          {"validated", step.answer.validated},
          {"result", to_json(words(step.answer.kind))},
          {"ttl", step.answer.ttl},
          {"canonical", to_json(whole(step.answer.canonical))},
          {"data", std::move(data)},
          {"reason", to_json(whole(step.answer.reason))},
          {"ms", step.took.count()}};
}

json::object step_object(const HttpsStep& step) {
  json::object object{{"kind", "https"},   {"url", to_json(policy_url(step.domain))},
                      {"status", nullptr}, {"content_type", nullptr},
                      {"body", nullptr},   {"step", nullptr},
                      {"detail", nullptr}, {"ms", step.took.count()}};
  if (step.answer) {
    object["status"] = step.answer->status;
    object["content_type"] = to_json(whole(step.answer->content_type));
    object["body"] = to_json(body_text(step.answer->body));
  } else {
    object["step"] = to_json(words(step.answer.error().step));
    object["detail"] = to_json(whole(step.answer.error().detail));
  }
  return object;
}

json::object reply_object(const SmtpReply& reply) {
  json::array lines;
  for (const std::string& line : reply.lines) lines.push_back(to_json(whole(line)));
  return {{"code", reply.code}, {"lines", std::move(lines)}};
}

json::object step_object(const SmtpStep& step) {
  const SmtpDialogue& dialogue = step.dialogue;
  json::object object{{"kind", "smtp"},
                      {"host", to_json(whole(step.request.host))},
                      {"address", to_json(to_string(step.request.address))},
                      {"port", step.request.port},
                      {"reached", to_json(words(dialogue.reached))},
                      {"trouble", to_json(words(dialogue.trouble))},
                      {"detail", to_json(whole(dialogue.detail))},
                      {"greeting", reply_object(dialogue.greeting)},
                      {"ehlo", reply_object(dialogue.ehlo)},
                      {"starttls", reply_object(dialogue.starttls)},
                      {"ehlo_in_tls", reply_object(dialogue.ehlo_in_tls)},
                      {"tls", nullptr},
                      {"ms", step.took.count()}};
  if (dialogue.tls)
    object["tls"] = json::object{{"version", to_json(whole(dialogue.tls->version))},
                                 {"cipher", to_json(whole(dialogue.tls->cipher))},
                                 {"untrusted", to_json(whole(dialogue.tls->untrusted_words))}};
  return object;
}

json::object step_object(const PolicyHostStep& step) {
  const PolicyHostSeen& seen = step.answer.seen;
  json::object object{{"kind", "policy-host"},
                      {"url", to_json(policy_url(step.domain))},
                      {"address", to_json(to_string(step.address))},
                      {"status", nullptr},
                      {"step", nullptr},
                      {"detail", nullptr},
                      {"untrusted", to_json(whole(seen.untrusted_words))},
                      {"ms", step.took.count()}};
  if (seen.status != 0) object["status"] = seen.status;
  if (!step.answer.answer) {
    object["step"] = to_json(words(step.answer.answer.error().step));
    object["detail"] = to_json(whole(step.answer.answer.error().detail));
  }
  return object;
}

json::object step_object(const NameServerStep& step) {
  json::object object = step_object(step.asked);
  object["kind"] = "name-server";
  object["server"] = to_json(to_string(step.server));
  return object;
}

json::object step_object(const PolicyPlaceStep& step) {
  return {{"kind", "policy-place"},
          {"url", to_json(url_of(step.domain, step.place))},
          {"found", to_json(words(step.found))},
          {"ms", step.took.count()}};
}

}  // namespace

json::array trace_json(const Trace& trace) {
  json::array steps;
  for (const Step& step : trace)
    steps.push_back(std::visit([](const auto& each) { return step_object(each); }, step));
  return steps;
}

std::string policy_url(const DomainName& domain) {
  return "https://mta-sts." + std::string(domain.str()) + "/.well-known/mta-sts.txt";
}

}  // namespace mtasts
