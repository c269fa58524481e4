#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "answer/answer_json.hpp"
#include "answer/question.hpp"
#include "cache/lmdb_cache.hpp"
#include "cli/commands.hpp"
#include "cli/sheet.hpp"
#include "cli/words.hpp"
#include "core/policy_life.hpp"
#include "core/reply.hpp"
#include "lookup/freshness.hpp"

namespace mtasts {
namespace {

constexpr Dialect dialects[] = {Dialect::postfix, Dialect::postfix310};

// What decides the reply for a domain: its entry, the rules and the override in force.
struct Facts {
  const DomainName& domain;
  const RecordView* record;  // nullptr: not in the cache
  ZoneRules rules;
  const Override* over;  // nullptr: none
  Moment moment;
};

// Whether mtastsd would ask DNS about DANE before it answers.
bool looks_up_dane(const Facts& facts) {
  bool wanted = dane_counts(facts.rules) && !decide_override(facts.over);
  return wanted && dane_freshness(find_dane(*facts.record, {}), facts.moment.now) == Freshness::wait;
}

// What mtastsd would answer from the cache, for the domain itself as the next hop and, with postfix_dane =
// "auto", to a Postfix that does DANE. REQUIRES: !looks_up_dane(facts); else the reply would come from an
// expired DANE state.
std::string reply(Dialect dialect, const Facts& facts) {
  Decision decision = decide(facts.moment, facts.record, std::nullopt, {}, facts.rules, facts.over);
  std::string text;
  append_reply(text, dialect, facts.domain, decision);
  return text;
}

boost::json::value policy_object(const RecordView& record, const Moment& moment) {
  if (!record.has_policy) return nullptr;
  boost::json::array mx, lines;
  for (std::string_view pattern : record.policy.mx) mx.push_back(to_json(pattern));
  for_each_line(record.policy, [&](std::string_view key, std::string_view value) {
    lines.push_back(to_json(std::string(key).append(value)));
  });
  return boost::json::object{{"id", to_json(record.id)},
                             {"mode", to_json(words(record.policy.mode))},
                             {"max_age", record.policy.max_age},
                             {"mx", std::move(mx)},
                             {"lines", std::move(lines)},
                             {"fetched", time_or_null(record.fetched_at)},
                             {"expires", time_or_null(expires_at(record.policy, record.fetched_at, moment))},
                             {"refresh", time_or_null(record.refresh_at)}};
}

boost::json::object lookup_object(const RecordView& record) {
  boost::json::object found{{"state", to_json(state_code(record.state))}, {"detail", to_json(record.detail)}};
  found["failed_id"] = nullptr;
  if (!record.failed_id.empty()) found["failed_id"] = to_json(record.failed_id);
  found["at"] = time_or_null(record.looked_up_at);
  found["next_check"] = time_or_null(record.next_check);
  found["retry_fetch"] = time_or_null(record.retry_fetch);
  found["failures"] = record.failures;
  return found;
}

std::string next_hop_in_words(std::string_view domain, const Route& route) {
  std::string text = route.bracketed ? fmt::format("[{}]", domain) : std::string(domain);
  return route.port == 25 ? text : fmt::format("{}:{}", text, route.port);
}

boost::json::array dane_array(const DomainName& domain, const RecordView& record) {
  boost::json::array states;
  for_each_dane(record, [&](const DaneView& dane) {
    boost::json::array hosts;
    for (HostLine host : dane.hosts)
      hosts.push_back(
          boost::json::object{{"host", to_json(host.name())}, {"state", to_json(words(host.state()))}});
    states.push_back(boost::json::object{{"next_hop", to_json(next_hop_in_words(domain.str(), dane.route))},
                                         {"mx", to_json(words(dane.mx))},
                                         {"trouble", to_json(words(dane.trouble))},
                                         {"detail", to_json(dane.detail)},
                                         {"looked", time_or_null(dane.looked_up_at)},
                                         {"expires", time_or_null(dane.valid_until)},
                                         {"next_try", time_or_null(dane.next_try)},
                                         {"failures", dane.failures},
                                         {"hosts", std::move(hosts)}});
  });
  return states;
}

void print_json(const DomainArgument& argument, const Facts& facts, const Terminal& terminal) {
  boost::json::object object{{"domain", to_json(facts.domain.str())},
                             {"policy", nullptr},
                             {"last_look", nullptr},
                             {"dane", nullptr},
                             {"replies", nullptr},
                             {"override", override_json(facts.over)}};
  if (facts.record != nullptr) {
    object["policy"] = policy_object(*facts.record, facts.moment);
    object["last_look"] = lookup_object(*facts.record);
    object["dane"] = dane_array(facts.domain, *facts.record);
    if (!looks_up_dane(facts)) {
      auto& replies = object["replies"].emplace_object();
      for (Dialect each : dialects) replies.emplace(words(each), to_json(reply(each, facts)));
    }
  }
  tell(argument, object);
  terminal.print_json(object);
}

void print_policy(const RecordView& record, const Moment& moment, Sheet& sheet) {
  if (!record.has_policy) return sheet.line("policy", "none stored");
  Time now = moment.now;
  auto expires = expires_at(record.policy, record.fetched_at, moment);
  bool holds = policy_in_force(record, moment);
  sheet.line("policy", fmt::format("{}{}", words(record.policy.mode), holds ? "" : ", expired"));
  for_each_line(record.policy, [&](std::string_view key, std::string_view value) {
    sheet.unbroken("", whole(std::string(key).append(value)));
  });
  sheet.line("id", whole(record.id));
  sheet.line("fetched", when(record.fetched_at, now));
  sheet.line("expires", when(expires, now));
  sheet.line("refresh", when(record.refresh_at, now));
}

void print_lookup(const RecordView& record, Time now, Sheet& sheet) {
  sheet.line("last lookup", when(record.looked_up_at, now));
  sheet.line("", fmt::format("{}{}{}", state_in_words(record.state), record.detail.empty() ? "" : ": ",
                             whole(record.detail)));
  if (!record.failed_id.empty())
    sheet.line("", fmt::format("id {} is not fetched again before {}", whole(record.failed_id),
                               when(record.retry_fetch, now)));
  sheet.line("next check", when(record.next_check, now));
}

void print_dane(const DomainName& domain, const RecordView& record, Time now, Sheet& sheet) {
  for_each_dane(record, [&](const DaneView& dane) {
    std::string next_hop =
        dane.route == Route{} ? "" : fmt::format(" for {}", next_hop_in_words(domain.str(), dane.route));
    bool ends = dane.valid_until != Time{};
    sheet.line("dane", fmt::format("MX {}{}{}", words(dane.mx), next_hop,
                                   ends ? ", until " + when(dane.valid_until, now) : std::string()));
    for (HostLine host : dane.hosts)
      sheet.line("", fmt::format("{}: {}", whole(host.name()), words(host.state())));
    if (dane.trouble != MxTrouble::none)
      sheet.line("", fmt::format("last lookup {}, {} in a row", words(dane.trouble), dane.failures));
    if (!dane.detail.empty()) sheet.line("", whole(dane.detail));
  });
}

void print_text(const Facts& facts, const Terminal& terminal) {
  const auto& [domain, record, rules, over, moment] = facts;
  Time now = moment.now;
  Sheet sheet(terminal, 12);
  if (record == nullptr) {
    terminal.print(fmt::format("{} is not in the cache; \"mtastsctl query {}\" looks it up", domain.str(),
                               domain.str()));
    if (over != nullptr) sheet.line("override", override_in_words(*over));
    return;
  }
  sheet.line("domain", domain.str());
  if (over != nullptr) sheet.line("override", override_in_words(*over));
  print_policy(*record, moment, sheet);
  print_lookup(*record, now, sheet);
  print_dane(domain, *record, now, sheet);
  if (looks_up_dane(facts))
    return sheet.line("dane",
                      fmt::format("is looked up before the next answer, so the reply is not known yet; "
                                  "\"mtastsctl query {}\" asks for it",
                                  domain.str()));
  for (Dialect each : dialects) sheet.unbroken(words(each), whole(reply(each, facts)));
}

}  // namespace

int show(LmdbCache& cache, const DomainArgument& argument, const Config& config, const Moment& moment,
         const Terminal& terminal) {
  auto reader = cache.reader();
  if (!reader) return terminal.trouble(whole(reader.error().detail));
  ReadGuard guard(**reader);
  SettingsPtr settings = make_settings(config);
  Health does_dane;  // assume that Postfix does DANE
  does_dane.postfix_dane = true;
  std::string scratch;
  auto asked = read_question(*settings, &does_dane, moment, "postfix", argument.domain, scratch);
  if (!asked) return terminal.trouble(whole(argument.domain) + " has no policy domain");
  auto record = (*reader)->find(asked->domain);
  if (!record) return terminal.trouble(whole(record.error().detail));
  Facts facts{asked->domain, *record ? &**record : nullptr, asked->rules, asked->over, moment};
  if (terminal.json)
    print_json(argument, facts, terminal);
  else
    print_text(facts, terminal);
  return facts.record != nullptr ? exit_ok : exit_no;
}

}  // namespace mtasts
