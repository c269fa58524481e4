// The sections [override."NAME"]. Any mistake in one is an error: a slip of the pen must not switch
// protection off.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "conf/override_name.hpp"
#include "conf/override_values.hpp"
#include "conf/parse.hpp"
#include "core/finding.hpp"

using namespace std::chrono_literals;
using Catch::Generators::values;

namespace mtasts {
namespace {

const Time now = std::chrono::sys_days(std::chrono::year(2027) / 1 / 31) + 12h;

Result<Parsed> parse(std::string_view text) { return parse_config(text, "f.toml", {"/s", "/c"}, now); }

std::string errors(std::string_view text) {
  auto parsed = parse(text);
  return parsed ? "" : parsed.error().detail;
}

// A section for a name, correct except for what is added.
std::string section(std::string_view name, std::string_view more = "action = \"no-policy\"") {
  return "[override.\"" + std::string(name) + "\"]\n" + std::string(more) + "\nreason = \"x\"\n";
}

std::string normalised(std::string_view name) {
  auto key = read_override_name(name);
  return key ? to_string(*key) : "refused";
}

}  // namespace

TEST_CASE("an override in a private zone never has an effect, and a warning says so", "[conf]") {
  struct Row {
    const char *why, *name;
    bool warned;
  };
  auto row = GENERATE(values<Row>({
      {"the zone itself", "corp.example", true},
      {"below it", "a.b.corp.example", true},
      {"a wildcard", "*.corp.example", true},
      {"a literal", "[relay.corp.example]:587", true},
      {"U-labels", "x.B\u00fccher.example", true},
      {"above it: other names match", "*.example", false},
      {"only the same end", "notcorp.example", false},
      {"elsewhere", "partner.example", false},
  }));
  INFO(row.why);
  auto parsed = parse("[dns]\nprivate = [\"x.example\", \"Corp.example\", \"b\u00fccher.example\"]\n" +
                      section(row.name));
  REQUIRE(parsed);
  CHECK(parsed->config.overrides.size() == 1);
  REQUIRE(parsed->warnings.size() == (row.warned ? 1 : 0));
  if (!row.warned) return;
  INFO(parsed->warnings[0]);
  auto named = "f.toml:3: override.\"" + printable(row.name) + "\": has no effect";
  CHECK(parsed->warnings[0].starts_with(named));
  CHECK(parsed->warnings[0].contains("of dns.private"));
}

TEST_CASE("every key of an override reaches its field", "[conf]") {
  auto parsed = parse(R"([override."*.Partner.example"]
action = "answer"
answer = "secure match=.partner.example servername=hostname"
reason = "ticket 4711: Bücher & Söhne"
until = 2027-01-31
allow_plaintext = true
[override."[relay.example]:submission"]
action = "ignore-dane"
reason = "y"
answer = ""
allow_plaintext = false
)");
  REQUIRE(parsed);
  CHECK(parsed->warnings.empty());
  REQUIRE(parsed->config.overrides.size() == 2);  // in the order of the file
  const OverrideConfig& first = parsed->config.overrides[0];
  CHECK(first.name == "*.Partner.example");
  CHECK(first.key == OverrideKey{*DomainName::parse("partner.example"), true, false, false, {}});
  CHECK(first.rule.action == OverrideAction::answer);
  CHECK(first.rule.answer == "secure match=.partner.example servername=hostname");
  CHECK(first.rule.reason == "ticket 4711: Bücher & Söhne");
  CHECK(first.rule.until == std::chrono::sys_days(std::chrono::year(2027) / 2 / 1));
  CHECK(first.allow_plaintext);
  const OverrideConfig& second = parsed->config.overrides[1];
  CHECK(second.key == OverrideKey{*DomainName::parse("relay.example"), false, true, true, 587});
  CHECK(second.rule == Override{OverrideAction::ignore_dane, {}, "y", Time::max()});
}

TEST_CASE("each action has its word", "[conf]") {
  for (std::string_view word : {"no-policy", "ignore-sts", "ignore-dane", "enforce"}) {
    auto parsed = parse(section("a.example", "action = \"" + std::string(word) + "\""));
    REQUIRE(parsed);
    CHECK(words(parsed->config.overrides.at(0).rule.action) == word);
  }
}

TEST_CASE("names of overrides are normalised (KEY-1, KEY-5, KEY-6, PFX-44)", "[conf]") {
  struct Row {
    const char *name, *want;
  };
  auto row = GENERATE(values<Row>({
      {"Example.COM", "example.com"},
      {"example.com.", "example.com"},
      {"b\u00fccher.example", "xn--bcher-kva.example"},
      {"xn--bcher-kva.example", "xn--bcher-kva.example"},
      {"localhost", "localhost"},
      {"*.Example.com.", "*.example.com"},
      {"*.b\u00fccher.example", "*.xn--bcher-kva.example"},
      {"*.com", "*.com"},
      {"[Relay.example]", "[relay.example]"},
      {"[relay.example]:587", "[relay.example]:587"},
      {"[relay.example]:submission", "[relay.example]:587"},
      {"[b\u00fccher.example]:25", "[xn--bcher-kva.example]:25"},
      {"relay.example:0025", "relay.example:25"},
      {"B\u00dcCHER.example:smtps", "xn--bcher-kva.example:465"},
  }));
  INFO(row.name);
  CHECK(normalised(row.name) == row.want);
  CHECK(normalised(row.want) == row.want);
}

TEST_CASE("a name that no override can have is refused with a remedy", "[conf]") {
  struct Row {
    const char *name, *want;
  };
  auto row = GENERATE(values<Row>({
      {"*", "stands for every domain; "},
      {"*.", "stands for every domain; "},
      {"**.example", "is not a next hop; "},
      {"*x.example", "is not a next hop; "},
      {"*.*.example", "has no domain name after \"*.\"; "},
      {"*..example", "has no domain name after \"*.\"; "},
      {"*.10.0.0.1", "has no domain name after \"*.\"; "},
      {"*.a b.example", "has no domain name after \"*.\"; "},
      {"*.example:25", "has a \"*\" beside brackets or a port; "},
      {"*.[example]", "has a \"*\" beside brackets or a port; "},
      {"[*.example]", "is not a next hop; "},
      {"a.*.example", "is not a next hop; "},
      {".example.com", "begins with a dot; "},
      {"192.0.2.1", "is an IP address, "},
      {"[192.0.2.1]", "is an IP address, "},
      {"[192.0.2.1]:25", "is an IP address, "},
      {"2001:db8::1", "is an IP address, "},
      {"[IPv6:2001:db8::1]", "is an IP address, "},
      {"192.0.2.1:25", "is an IP address, "},
      {"", "is not a next hop; "},
      {"a..b", "is not a next hop; "},
      {"exa mple.com", "is not a next hop; "},
      {"user@example.com", "is not a next hop; "},
      {"smtp:example.com", "has \"example.com\" as its port, "},
      {"example.com:", "has \"\" as its port, "},
      {"[example.com]:", "has \"\" as its port, "},
      {"example.com:0", "has \"0\" as its port, "},
      {"example.com:65536", "has \"65536\" as its port, "},
      {"example.com:no-such-thing", "has \"no-such-thing\" as its port, "},
      {"example.com:2:5", "has \"2:5\" as its port, "},
      {"[example.com", "is not a next hop; "},
      {"example.com]", "is not a next hop; "},
      {"[]", "is not a next hop; "},
      {"[example.com]25", "is not a next hop; "},
      {"x-\u2028.example", "is not a next hop; "},
  }));
  INFO(row.name);
  auto key = read_override_name(row.name);
  REQUIRE_FALSE(key);
  CHECK(key.error().starts_with(row.want));
  CHECK(errors(section(row.name)).contains("\": " + std::string(row.want)));
}

TEST_CASE("one mistake in an override, one line: file, line, key, what and remedy", "[conf]") {
  struct Row {
    std::string text;
    const char* want;
  };
  auto row = GENERATE(values<Row>({
      {"override = 1",
       "f.toml:1: override: is not a section; begin it with a line [override.\"example.com\"]"},
      {"[[override]]\nreason = \"x\"", "f.toml:1: override: is not a section; "},
      {"[override]\naction = \"no-policy\"",
       "f.toml:2: override.\"action\": is not a section; begin it with "},
      {"[override.example.com]\naction = \"no-policy\"\nreason = \"x\"",
       "f.toml:1: override.\"example\".com: is a section inside another one; put the name in quotes and "
       "begin it with a line [override.\"example.com\"]"},
      {"[override.\"a.example\"]\naction = \"no-policy\"",
       "f.toml:1: override.\"a.example\": has no reason; "},
      {"[override.\"a.example\"]\nreason = \"x\"", "f.toml:1: override.\"a.example\": has no action; "},
      {section("a.example", "action = \"no-polcy\""),
       "f.toml:2: override.\"a.example\".action: \"no-polcy\" is not known; did you mean \"no-policy\"?"},
      {section("a.example", "action = \"No-Policy\""),
       "f.toml:2: override.\"a.example\".action: \"No-Policy\" is not known; did you mean \"no-policy\"?"},
      {section("a.example", "action = \"off\""),
       "f.toml:2: override.\"a.example\".action: \"off\" is not known; use one of no-policy, ignore-sts, "
       "ignore-dane, enforce, answer"},
      {section("a.example", "action = 1"), "f.toml:2: override.\"a.example\".action: is a number; "},
      {section("a.example", "action = \"no-policy\"\nacton = 1"),
       "f.toml:3: override.\"a.example\".acton: unknown key; did you mean \"action\"?"},
      {section("a.example", "action = \"no-policy\"\nanswer = \"encrypt\""),
       "f.toml:3: override.\"a.example\".answer: is not used with action = \"no-policy\"; "},
      {section("a.example", "action = \"enforce\"\nallow_plaintext = true"),
       "f.toml:3: override.\"a.example\".allow_plaintext: is not used with action = \"enforce\"; "},
      {section("a.example", "action = \"answer\""), "f.toml:1: override.\"a.example\": has no answer; "},
      {section("a.example", "action = \"answer\"\nanswer = \"\""),
       "f.toml:3: override.\"a.example\".answer: is empty; "},
      {section("a.example", "action = \"answer\"\nanswer = 1"),
       "f.toml:3: override.\"a.example\".answer: is a number; it must be a string in quotes"},
      {section("a.example", "action = \"answer\"\nanswer = \"secure match=*.a.example\""),
       "f.toml:3: override.\"a.example\".answer: \"*.a.example\" is not a form that Postfix knows; write "},
      {section("a.example", "action = \"answer\"\nanswer = \"secure\\nOK may\""),
       "f.toml:3: override.\"a.example\".answer: \"secure\\x0aOK may\" holds a control character "},
      {section("a.example", "action = \"answer\"\nanswer = \"may\""),
       "f.toml:3: override.\"a.example\".answer: \"may\" lets others read mail on the way; "},
      {section("a.example", "action = \"answer\"\nanswer = \"none\"\nallow_plaintext = false"),
       "f.toml:3: override.\"a.example\".answer: \"none\" lets others read mail on the way; "},
      {section("a.example", "action = \"answer\"\nanswer = \"verify ciphers=null\""),
       "f.toml:3: override.\"a.example\".answer: \"verify ciphers=null\" lets others read mail "},
      {section("a.example", "action = \"answer\"\nanswer = \"dane\"\nallow_plaintext = \"yes\""),
       "f.toml:4: override.\"a.example\".allow_plaintext: is a string; it must be true or false"},
      {"[override.\"a.example\"]\naction = \"no-policy\"\nreason = \"\"",
       "f.toml:3: override.\"a.example\".reason: is empty; "},
      {"[override.\"a.example\"]\naction = \"no-policy\"\nreason = \" \"",
       "f.toml:3: override.\"a.example\".reason: is empty; "},
      {"[override.\"a.example\"]\naction = \"no-policy\"\nreason = 4711",
       "f.toml:3: override.\"a.example\".reason: is a number; "},
      {"[override.\"a.example\"]\naction = \"no-policy\"\nreason = \"a\\nb\"",
       "f.toml:3: override.\"a.example\".reason: \"a\\x0ab\" holds a control character or ends a line; "},
      {"[override.\"a.example\"]\naction = \"no-policy\"\nreason = \"" + std::string(501, 'x') + "\"",
       "f.toml:3: override.\"a.example\".reason: is too long; "},
      {section("a.example", "action = \"no-policy\"\nuntil = \"2027-01-31\""),
       "f.toml:3: override.\"a.example\".until: is a string; it must be a date such as 2027-01-31, "
       "without quotes and time of day"},
      {section("a.example", "action = \"no-policy\"\nuntil = 2027-01-31T12:00:00Z"),
       "f.toml:3: override.\"a.example\".until: is a date and time; it must be a date such as 2027-01-31, "
       "without quotes "},
      {section("a.example", "action = \"no-policy\"\nuntil = 2027"),
       "f.toml:3: override.\"a.example\".until: is a number; it must be a date "},
      {section("a.example") + section("A.Example."),
       "f.toml:4: override.\"A.Example.\": is the same next hop as override.\"a.example\" in line 1; "},
      {section("[a.example]:25") + section("[a.example]:smtp"),
       "f.toml:4: override.\"[a.example]:smtp\": is the same next hop as override.\"[a.example]:25\" in li"},
      {"override = {\"b.example\" = {action = \"enforce\", reason = \"x\"}, \"B.example\" = {action = "
       "\"enforce\", reason = \"x\"}}",
       "f.toml:1: override.\"B.example\": is the same next hop as override.\"b.example\" in line 1; "},
      {section("*.xn--bcher-kva.example") + section("*.b\u00fccher.example"),
       "f.toml:4: override.\"*.b\\xc3\\xbccher.example\": is the same next hop as "},
  }));
  INFO(row.text);
  auto detail = errors(row.text);
  CHECK(detail.starts_with(row.want));
  CHECK(detail.contains("; "));
  CHECK_FALSE(detail.contains('\n'));
}

TEST_CASE("a wrong name doesn't hide what else is wrong in its section", "[conf]") {
  auto detail = errors("[override.\"*\"]\naction = \"off\"\nreason = 1\n");
  CHECK(std::ranges::count(detail, '\n') == 2);
}

TEST_CASE("KEY-1: next hops that Postfix tells apart are told apart", "[conf]") {
  auto parsed = parse(section("a.example") + section("[a.example]") + section("a.example:25") +
                      section("[a.example]:25") + section("*.a.example"));
  REQUIRE(parsed);
  CHECK(parsed->config.overrides.size() == 5);
}

TEST_CASE("an override that is over gives a warning, one on its last day does not", "[conf]") {
  auto today = parse(section("a.example", "action = \"no-policy\"\nuntil = 2027-01-31"));
  REQUIRE(today);
  CHECK(today->warnings.empty());
  auto yesterday = parse(section("a.example", "action = \"no-policy\"\nuntil = 2027-01-30"));
  REQUIRE(yesterday);
  REQUIRE(yesterday->warnings.size() == 1);
  CHECK(yesterday->warnings[0] ==
        "f.toml:3: override.\"a.example\".until: has passed: the override ended at 2027-01-31T00:00:00Z and "
        "has no effect; remove the section, or write a later date");
  CHECK(yesterday->config.overrides.size() == 1);
}

TEST_CASE("a reason is one line that is displayed as it is", "[conf]") {
  for (std::string_view good : {"ticket 4711", "\u00fc \u20ac \U0001F600", " x ", "a \"b\" \\"}) {
    INFO(good);
    CHECK(read_override_reason(good) == std::string(good));
  }
  for (std::string_view bad : {"", " \t", "a\tb", "a\rb", "a\x1b[0m", "a\x7f", "a\u0085", "a\u009b",
                               "a\u2028b", "a\u2029", "a\u202e", "a\u2066", "a\xff", "a\xc3"}) {
    INFO(bad);
    CHECK_FALSE(read_override_reason(bad));
  }
  CHECK(read_override_reason("\u00a0\u2027\u202f\u2065\u206a"));
  CHECK(read_override_reason(std::string(500, 'x')));
}

TEST_CASE("the last day of an override is written as it was read", "[conf]") {
  CHECK(last_day(end_of_day(2027, 1, 31)) == "2027-01-31");
  CHECK(last_day(end_of_day(2028, 2, 29)) == "2028-02-29");
  CHECK(last_day(end_of_day(9999, 12, 31)) == "9999-12-31");
  CHECK(last_day(end_of_day(1, 1, 1)) == "0001-01-01");
}

}  // namespace mtasts
