#include "answer/json_answer.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "answer/answer_json.hpp"
#include "answer/json.hpp"
#include "answer/trace_json.hpp"
#include "core/finding.hpp"
#include "core/reply.hpp"

namespace mtasts {

namespace json = boost::json;

void append_json_reply(std::string& out, const JsonFacts& facts) {
  const Decision& decision = facts.decision;
  auto dane = facts.record != nullptr ? find_dane(*facts.record, facts.route) : std::nullopt;
  json::object answer{{"domain", to_json(facts.domain.str())},
                      {"decision", to_json(words(decision.verdict))},
                      {"rule", to_json(decision.rule)},
                      {"reason", to_json(decision.reason)},
                      {"detail", to_json(printable(decision.detail, 500))},
                      {"source", to_json(facts.source)},
                      {"policy", policy_json(facts.record, facts.moment)},
                      {"dane", dane_json(dane ? &*dane : nullptr)},
                      {"override", override_json(facts.over)},
                      {"rules", rules_json(facts.rules)},
                      {"trace", nullptr},
                      {"replies", replies_json(facts.domain, decision)}};
  if (facts.trace) answer["trace"] = trace_json(*facts.trace);
  std::string text = json::serialize(answer);
  for (const char* long_part : {"trace", "replies"}) {  // the object says everything without them
    if (text.size() + 3 <= max_reply) break;
    answer[long_part] = nullptr;
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
      {"rule", "1"},
      {"reason", to_json(why)},
      {"detail", ""},
      {"source", "key"},
      {"policy", nullptr},
      {"dane", nullptr},
      {"override", nullptr},
      {"rules", nullptr},
      {"trace", nullptr},
      {"replies", {{"postfix", "NOTFOUND "}, {"postfix310", "NOTFOUND "}, {"sts", "NOTFOUND "}}}};
  out.append("OK ").append(json::serialize(answer));
}

}  // namespace mtasts
