#include "conf/overrides.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "conf/override_name.hpp"
#include "conf/override_values.hpp"
#include "conf/table_reader.hpp"
#include "core/finding.hpp"
#include "core/postfix_answer.hpp"
#include "core/time_text.hpp"

namespace mtasts {
namespace {

constexpr std::string_view how_to_begin = "begin it with a line [override.\"example.com\"]";

// One section, and where it is.
struct Section {
  TableReader keys;
  std::string prefix;
  unsigned line;
  Problems& problems;

  void error(std::string_view what) { problems.error(line, prefix, what); }
};

struct Rule {  // an OverrideConfig without its name
  Override rule;
  bool allow_plaintext = false;
};

void read_action(Section& section, std::optional<OverrideAction>& action) {
  section.keys.text("action", action, [](std::string_view word) -> Read<std::optional<OverrideAction>> {
    return read_override_action(word);
  });
  if (!section.keys.has("action"))
    section.error(
        "has no action; write action = \"no-policy\", \"ignore-sts\", \"ignore-dane\", \"enforce\" or "
        "\"answer\"");
}

void read_reason(Section& section, std::string& reason) {
  section.keys.text("reason", reason, read_override_reason);
  if (!section.keys.has("reason"))
    section.error("has no reason; say why it is there, such as reason = \"ticket 4711\"");
}

void read_until(Section& section, Time& until, Time now) {
  const toml::node* node = section.keys.take("until");
  if (node == nullptr) return;
  const auto* date = node->as_date();
  if (date == nullptr)
    return section.keys.wrong_type(*node, "until",
                                   "a date such as 2027-01-31, without quotes and time of day");
  until = end_of_day(date->get().year, date->get().month, date->get().day);
  if (until <= now)
    section.keys.warn_if(true, "until",
                         fmt::format("has passed: the override ended at {} and has no effect; remove the "
                                     "section, or write a later date",
                                     utc_text(until)));
}

// Refuses answer and allow_plaintext with another action.
void refuse_answer(Section& section, const std::optional<std::string>& answer, const Rule& entry) {
  auto action = words(entry.rule.action);
  if (answer && !answer->empty())
    section.keys.error(
        "answer",
        fmt::format("is not used with action = \"{}\"; remove it, or write action = \"answer\"", action));
  if (entry.allow_plaintext)
    section.keys.error("allow_plaintext", fmt::format("is not used with action = \"{}\"; remove it", action));
}

void check_answer(Section& section, const std::string& text, bool allow_plaintext) {
  auto answer = check_postfix_answer(text);
  if (!answer) return section.keys.error("answer", answer.error().detail);
  if (!answer->may_be_plaintext || allow_plaintext) return;
  section.keys.error("answer",
                     fmt::format("\"{}\" lets others read mail on the way; use \"encrypt\" or a stricter "
                                 "level, or add allow_plaintext = true if you mean that",
                                 printable(text)));
}

void read_answer(Section& section, std::optional<OverrideAction> action, Rule& entry) {
  std::optional<std::string> answer;
  section.keys.text("answer", answer, [](std::string_view text) -> Read<std::optional<std::string>> {
    return std::string(text);
  });
  section.keys.boolean("allow_plaintext", entry.allow_plaintext);
  if (!action) return;
  entry.rule.action = *action;
  if (*action != OverrideAction::answer) return refuse_answer(section, answer, entry);
  if (!section.keys.has("answer"))
    section.error("has no answer; write what Postfix should be answered, such as answer = \"encrypt\"");
  if (!answer) return;
  check_answer(section, *answer, entry.allow_plaintext);
  entry.rule.answer = std::move(*answer);
}

// "[override.example.com]" is TOML for "com" within "example".
bool has_section_within(const toml::table& table, Section& section) {
  for (auto&& [key, node] : table) {
    if (!node.is_table()) continue;
    section.problems.error(
        key.source().begin.line, section.prefix + "." + printable(key.str()),
        fmt::format("is a section inside another one; put the name in quotes and {}", how_to_begin));
    return true;
  }
  return false;
}

Rule read_rule(const toml::table& table, Section& section, Time now) {
  Rule entry;
  if (has_section_within(table, section)) return entry;
  std::optional<OverrideAction> action;
  read_action(section, action);
  read_answer(section, action, entry);
  read_reason(section, entry.rule.reason);
  read_until(section, entry.rule.until, now);
  section.keys.finish();
  return entry;
}

// The next hops seen so far: line and prefix of their sections.
using Seen = std::map<std::string, std::pair<unsigned, std::string>, std::less<>>;

using Entry = std::pair<const toml::key*, const toml::node*>;

// toml++ sorts by name.
std::vector<Entry> in_order_of_file(const toml::table& table) {
  std::vector<Entry> all;
  for (auto&& [key, node] : table) all.emplace_back(&key, &node);
  std::ranges::sort(all, {}, [](const Entry& each) {
    auto place = each.first->source().begin;
    return std::pair(place.line, place.column);
  });
  return all;
}

// nullopt: the name is malformed, or its next hop has a section already. Both are reported here.
std::optional<OverrideKey> read_key(std::string_view name, Section& section, Seen& seen) {
  auto key = read_override_name(name);
  if (!key) {
    section.error(key.error());
    return std::nullopt;
  }
  auto [first, added] = seen.try_emplace(to_string(*key), section.line, section.prefix);
  if (added) return *key;
  section.error(fmt::format("is the same next hop as {} in line {}; remove one of them", first->second.second,
                            first->second.first));
  return std::nullopt;
}

bool lies_in(std::string_view domain, std::string_view zone) noexcept {
  if (!domain.ends_with(zone)) return false;
  return domain.size() == zone.size() || domain[domain.size() - zone.size() - 1] == '.';
}

// Next hops in private zones are answered before any override is tried.
void warn_if_private(const OverrideKey& key, const std::vector<std::string>& private_zones,
                     Section& section) {
  for (const std::string& text : private_zones) {
    auto zone = DomainName::parse(text);
    if (!zone || !lies_in(key.domain.str(), zone->str())) continue;
    section.problems.warning(
        section.line, section.prefix,
        fmt::format("has no effect: next hops in the zone \"{}\" of dns.private are answered as without a "
                    "policy, whatever an override says; remove the section, or the zone from dns.private",
                    zone->str()));
    return;
  }
}

}  // namespace

void read_overrides(const toml::node* node, std::vector<OverrideConfig>& out,
                    const std::vector<std::string>& private_zones, Problems& problems, Time now) {
  if (node == nullptr) return;
  const toml::table* table = node->as_table();
  if (table == nullptr)
    return problems.error(node->source().begin.line, "override",
                          fmt::format("is not a section; {}", how_to_begin));
  Seen seen;
  for (const auto& [key, each] : in_order_of_file(*table)) {
    auto prefix = fmt::format("override.\"{}\"", printable(key->str(), 300));
    Section section{{each->as_table(), prefix, problems}, prefix, key->source().begin.line, problems};
    if (!each->is_table()) {
      section.error(fmt::format("is not a section; {}", how_to_begin));
      continue;
    }
    auto hop = read_key(key->str(), section, seen);
    Rule entry = read_rule(*each->as_table(), section, now);
    if (hop) warn_if_private(*hop, private_zones, section);
    if (hop) out.push_back({std::string(key->str()), *hop, std::move(entry.rule), entry.allow_plaintext});
  }
}

}  // namespace mtasts
