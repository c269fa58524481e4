#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cache/lmdb_cache.hpp"
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/words.hpp"
#include "core/reply.hpp"

namespace mtasts {
namespace {

constexpr Dialect dialects[] = {Dialect::postfix, Dialect::postfix310};

// What mtastsd would answer out of the cache alone.
std::string reply(Dialect dialect, const DomainName& domain, const RecordView& record,
                  const PolicyConfig& rules, Time now) {
  CachedPolicy cached{record.policy, record.fetched_at, record.id};
  Decision decision = decide(now, record.has_policy ? &cached : nullptr, {record.state, record.detail},
                             {rules.testing_as_enforce});
  std::string text;
  append_reply(text, dialect, domain, decision);
  return text;
}

boost::json::value policy_object(const RecordView& record, Time now) {
  if (!record.has_policy) return nullptr;
  boost::json::array mx, lines;
  for_each_part(record.policy.mx, [&](std::string_view part) { mx.push_back(to_json(part)); });
  for_each_part(record.policy.lines, [&](std::string_view part) { lines.push_back(to_json(part)); });
  return boost::json::object{{"id", to_json(record.id)},
                             {"mode", to_json(words(record.policy.mode))},
                             {"max_age", record.policy.max_age},
                             {"mx", std::move(mx)},
                             {"lines", std::move(lines)},
                             {"fetched", time_or_null(record.fetched_at)},
                             {"expires", time_or_null(expires_at(record.policy, record.fetched_at, now))},
                             {"refresh", time_or_null(record.refresh_at)}};
}

boost::json::object look_object(const RecordView& record) {
  boost::json::object look{{"state", to_json(state_code(record.state))}, {"detail", to_json(record.detail)}};
  look["failed_id"] = nullptr;
  if (!record.failed_id.empty()) look["failed_id"] = to_json(record.failed_id);
  look["at"] = time_or_null(record.looked_at);
  look["next_check"] = time_or_null(record.next_check);
  look["retry_fetch"] = time_or_null(record.retry_fetch);
  look["failures"] = record.failures;
  return look;
}

void print_json(const DomainName& domain, const RecordView* record, const PolicyConfig& rules, Time now,
                const Terminal& terminal) {
  boost::json::object object{
      {"domain", to_json(domain.str())}, {"policy", nullptr}, {"last_look", nullptr}, {"replies", nullptr}};
  if (record != nullptr) {
    object["policy"] = policy_object(*record, now);
    object["last_look"] = look_object(*record);
    auto& replies = object["replies"].emplace_object();
    for (Dialect each : dialects)
      replies.emplace(words(each), to_json(reply(each, domain, *record, rules, now)));
  }
  terminal.print_json(object);
}

class Sheet {
 public:
  explicit Sheet(const Terminal& terminal) : terminal_(terminal) {}
  // "name        text", broken at 80 columns.
  void line(std::string_view name, std::string_view text) {
    terminal_.print(wrapped(fmt::format("{:<12}{}", name, text), 12));
  }
  void unbroken(std::string_view name, std::string_view text) {
    terminal_.print(fmt::format("{:<12}{}", name, text));
  }

 private:
  const Terminal& terminal_;
};

void print_policy(const RecordView& record, Time now, Sheet& sheet) {
  if (!record.has_policy) return sheet.line("policy", "none stored");
  auto expires = expires_at(record.policy, record.fetched_at, now);
  sheet.line("policy", fmt::format("{}{}", words(record.policy.mode), expires > now ? "" : ", expired"));
  for_each_part(record.policy.lines, [&](std::string_view part) { sheet.unbroken("", whole(part)); });
  sheet.line("id", whole(record.id));
  sheet.line("fetched", when(record.fetched_at, now));
  sheet.line("expires", when(expires, now));
  sheet.line("refresh", when(record.refresh_at, now));
}

void print_look(const RecordView& record, Time now, Sheet& sheet) {
  sheet.line("last look", when(record.looked_at, now));
  sheet.line("", fmt::format("{}{}{}", state_in_words(record.state), record.detail.empty() ? "" : ": ",
                             whole(record.detail)));
  if (!record.failed_id.empty())
    sheet.line("", fmt::format("id {} is fetched again at the earliest {}", whole(record.failed_id),
                               when(record.retry_fetch, now)));
  sheet.line("next check", when(record.next_check, now));
}

}  // namespace

int show(LmdbCache& cache, std::string_view text, const PolicyConfig& rules, Time now,
         const Terminal& terminal) {
  auto domain = domain_argument(text);
  if (!domain) return terminal.trouble(domain.error().detail + "; write it as example.com");
  auto reader = cache.reader();
  if (!reader) return terminal.trouble(whole(reader.error().detail));
  ReadGuard guard(**reader);
  auto record = (*reader)->find(*domain);
  if (!record) return terminal.trouble(whole(record.error().detail));
  const RecordView* found = *record ? &**record : nullptr;

  if (terminal.json) {
    print_json(*domain, found, rules, now, terminal);
  } else if (found == nullptr) {
    terminal.print(fmt::format("{} is not in the cache; \"mtastsctl query {}\" looks it up", domain->str(),
                               domain->str()));
  } else {
    Sheet sheet(terminal);
    sheet.line("domain", domain->str());
    print_policy(*found, now, sheet);
    print_look(*found, now, sheet);
    for (Dialect each : dialects)
      sheet.unbroken(words(each), whole(reply(each, *domain, *found, rules, now)));
  }
  return found != nullptr ? exit_ok : exit_no;
}

}  // namespace mtasts
