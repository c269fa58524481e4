#include "postfix-policy/json_answer.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "core/finding.hpp"
#include "core/reply.hpp"
#include "core/time_text.hpp"

namespace mtasts {
namespace {

namespace json = boost::json;

json::string to_json(std::string_view text) { return json::string(text); }

json::value policy_object(const RecordView* record, Time now) {
  if (!record || !record->has_policy) return nullptr;
  json::array mx;
  for_each_part(record->policy.mx, [&](std::string_view pattern) { mx.emplace_back(to_json(pattern)); });
  return json::object{{"id", to_json(record->id)},
                      {"mode", to_json(words(record->policy.mode))},
                      {"max_age", record->policy.max_age},
                      {"mx", std::move(mx)},
                      {"fetched", to_json(utc_text(record->fetched_at))},
                      {"expires", to_json(utc_text(expires_at(record->policy, record->fetched_at, now)))}};
}

json::object replies(const DomainName& domain, const Decision& decision) {
  json::object all;
  for (Dialect dialect : {Dialect::postfix, Dialect::postfix310, Dialect::sts}) {
    std::string reply;
    append_reply(reply, dialect, domain, decision);
    all.emplace(words(dialect), to_json(reply));
  }
  return all;
}

}  // namespace

void append_json_reply(std::string& out, const DomainName& domain, const Decision& decision,
                       const RecordView* record, std::string_view source, Time now) {
  json::object answer{
      {"domain", to_json(domain.str())},     {"decision", to_json(words(decision.verdict))},
      {"reason", to_json(decision.reason)},  {"detail", to_json(printable(decision.detail, 500))},
      {"source", to_json(source)},           {"policy", policy_object(record, now)},
      {"replies", replies(domain, decision)}};
  std::string text = json::serialize(answer);
  if (text.size() + 3 >
      max_reply) {  // many mx values: the object without the long replies still says everything
    answer["replies"] = nullptr;
    text = json::serialize(answer);
  }
  if (text.size() + 3 > max_reply)
    return append_temp(out, "the JSON answer is too long for a socketmap reply");
  out.append("OK ").append(text);
}

void append_json_not_a_host(std::string& out, std::string_view key, std::string_view why) {
  json::object answer{
      {"domain", to_json(printable(key, 300))},
      {"decision", "none"},
      {"reason", to_json(why)},
      {"detail", ""},
      {"source", "key"},
      {"policy", nullptr},
      {"replies", {{"postfix", "NOTFOUND "}, {"postfix310", "NOTFOUND "}, {"sts", "NOTFOUND "}}}};
  out.append("OK ").append(json::serialize(answer));
}

}  // namespace mtasts
