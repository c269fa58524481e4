// The keys of a zone: each setting has one, and the sample file and mtastsd.toml(5) say what its row says.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <iostream>
#include <sstream>

#include "conf/parse.hpp"
#include "conf/values.hpp"
#include "core/enum_words.hpp"
#include "tests/unit/conf/documents.hpp"

namespace mtasts {
namespace {

using test::between, test::file, test::roff;

const DefaultPaths paths{"/var/lib/mtastsd", "/run/mtastsd/control.sock"};

bool other(bool value) { return !value; }
unsigned other(unsigned value) { return value + 1; }
std::uint16_t other(std::uint16_t value) { return static_cast<std::uint16_t>(value + 1); }
std::chrono::milliseconds other(std::chrono::milliseconds value) { return value + std::chrono::seconds(1); }
template <class E>
  requires std::is_enum_v<E>
E other(E value) {
  for (const auto& each : enum_words<E>)
    if (each.value != value) return each.value;
  return value;
}

ZoneSettings all_changed() {
  ZoneSettings settings;
  for (const ZoneKey& key : zone_keys)
    std::visit([&](auto member) { settings.*member = other(settings.*member); }, key.member);
  return settings;
}

bool has_range(const ZoneKey& key) {
  return std::holds_alternative<unsigned ZoneSettings::*>(key.member) ||
         std::holds_alternative<std::uint16_t ZoneSettings::*>(key.member) ||
         std::holds_alternative<std::chrono::milliseconds ZoneSettings::*>(key.member);
}

// "100ms to 90s"; "" without one.
std::string range(const ZoneKey& key) {
  if (!has_range(key)) return {};
  if (!std::holds_alternative<std::chrono::milliseconds ZoneSettings::*>(key.member))
    return fmt::format("{} to {}", key.least, key.most);
  return fmt::format("{} to {}", format_duration(std::chrono::milliseconds(key.least)),
                     format_duration(std::chrono::milliseconds(key.most)));
}

std::vector<std::string_view> words_of(const ZoneKey& key) {
  std::vector<std::string_view> all;
  auto add = [&]<class T>(T ZoneSettings::*) {
    if constexpr (std::is_enum_v<T>)
      for (const auto& each : enum_words<T>) all.push_back(each.word);
  };
  std::visit(add, key.member);
  return all;
}

// As --check-config prints it.
std::string default_of(const ZoneKey& key) {
  Config config;
  config.zones["any"];
  std::istringstream lines(to_toml(config).substr(to_toml(config).find("[zone.any]")));
  auto begin = fmt::format("{} = ", key.name);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(begin)) return line.substr(begin.size());
  return {};
}

// Comment lines of at most 120 columns.
std::string comment(std::string_view sentence) {
  std::istringstream words{std::string(sentence)};
  std::string text, line = "#";
  for (std::string word; words >> word;) {
    if (line.size() + 1 + word.size() > 120) {
      text += line + '\n';
      line = "#";
    }
    line += ' ' + word;
  }
  return text + line + '\n';
}

std::string sample_text(const ZoneKey& key) {
  std::string sentence(key.sentence);
  if (has_range(key)) sentence += " From " + range(key) + ".";
  return fmt::format("\n{}#{} = {}\n", comment(sentence), key.name, default_of(key));
}

// One entry of the manual page, from its ".TP" on to the next.
std::string entry_of(const ZoneKey& key, const std::string& section) {
  auto begin = section.find(fmt::format(".TP\n.BR {} ", key.name));
  if (begin == std::string::npos) return {};
  return section.substr(begin, section.find("\n.TP", begin) - begin);
}

std::string heading(const ZoneKey& key) { return test::heading(key.name, default_of(key)); }

}  // namespace

TEST_CASE("each setting of a zone has a key of its own", "[conf]") {
  // A new member makes these two lines an error: it needs a name here, and a check.
  auto [dane, postfix, partial, testing, fetch, answer, down, hosts, port] = ZoneSettings{};
  auto [dane2, postfix2, partial2, testing2, fetch2, answer2, down2, hosts2, port2] = all_changed();
  CHECK(dane != dane2);
  CHECK(postfix != postfix2);
  CHECK(partial != partial2);
  CHECK(testing != testing2);
  CHECK(fetch != fetch2);
  CHECK(answer != answer2);
  CHECK(down != down2);
  CHECK(hosts != hosts2);
  CHECK(port != port2);
}

TEST_CASE("each key of a zone has a range that holds its default, or words, or neither", "[conf]") {
  for (const ZoneKey& key : zone_keys) {
    INFO(key.name);
    CHECK(has_range(key) == (key.least != key.most));
    CHECK(key.sentence.ends_with('.'));
    for (std::string_view word : words_of(key)) CHECK(key.sentence.contains(fmt::format("\"{}\"", word)));
    auto parsed = parse_config(fmt::format("zone.a.{} = {}", key.name, default_of(key)), "", paths);
    if (!parsed) FAIL(parsed.error().detail);
  }
}

TEST_CASE("whatever a zone is set to is written and read back", "[conf]") {
  Config config = parse_config("", "", paths)->config;
  config.policy = config.zones["any"] = all_changed();
  config.policy.default_port = ZoneSettings{}.default_port;
  auto parsed = parse_config(to_toml(config), "", paths);
  if (!parsed) FAIL(parsed.error().detail);
  CHECK(parsed->config.policy == config.policy);
  CHECK(parsed->config.zones == config.zones);
}

// What the documents should say is printed here, because Catch would break its lines.
TEST_CASE("the sample configuration has the keys of [policy] as their rows say", "[conf]") {
  std::string want;
  for (const ZoneKey& key : zone_keys)
    if (key.in_policy) want += sample_text(key);
  if (between(file(SAMPLE_CONFIG), "[policy]", "\n# A zone is ") == want) return;
  std::cout << "conf/mtastsd.toml, all between the lines \"[policy]\" and \"# A zone is\":\n" << want << '\n';
  FAIL("conf/mtastsd.toml differs from core/zone_settings.hpp; copy what is printed above into it");
}

TEST_CASE("mtastsd.toml(5) has the keys of [policy] as their rows say", "[conf]") {
  auto section = between(file(MANUAL_CONFIG), ".SH [policy]", ".SH [zone.NAME]");
  std::string want;
  for (const ZoneKey& key : zone_keys) {
    if (!key.in_policy) continue;
    want += heading(key);
    auto entry = entry_of(key, section);
    bool told = entry.contains(roff(range(key)));
    for (std::string_view word : words_of(key)) told &= entry.contains(roff(fmt::format("\"{}\"", word)));
    if (told && !entry.empty()) continue;
    std::cout << "docs/man/mtastsd.toml.5, [policy], an entry that tells range and words, such as:\n"
              << heading(key) << roff(key.sentence) << '\n'
              << roff(range(key)) << '\n';
    FAIL_CHECK("docs/man/mtastsd.toml.5 lacks what core/zone_settings.hpp says of " << key.name
                                                                                    << "; see above");
  }
  INFO("docs/man/mtastsd.toml.5, [policy]: the order or the defaults differ from core/zone_settings.hpp");
  CHECK(test::headings(section) == want);
}

TEST_CASE("the keys of zones alone are in the sample configuration and the manual page", "[conf]") {
  auto section = between(file(MANUAL_CONFIG), ".SH [zone.NAME]", ".SH [override");
  for (const ZoneKey& key : zone_keys) {
    if (key.in_policy) continue;
    INFO(key.name);
    CHECK(file(SAMPLE_CONFIG).contains(fmt::format("\n#{} = ", key.name)));
    CHECK(section.contains(fmt::format(".TP\n.B {}\n", key.name)));
    CHECK(section.contains(range(key)));
    CHECK(section.contains(fmt::format("\n{} if it is not set.", default_of(key))));
  }
}

}  // namespace mtasts
