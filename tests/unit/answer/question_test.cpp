#include "answer/question.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "conf/override_name.hpp"

using namespace mtasts;
using namespace std::chrono_literals;
using Catch::Generators::values;

namespace {

const Moment now = certain(Time{1'769'860'800s});  // 2026-01-31 12:00:00 UTC

OverrideConfig over(std::string name, OverrideAction action, Time until = Time::max()) {
  OverrideKey key = read_override_name(name).value();
  return {std::move(name), key, {action, {}, "a test", until}, false};
}

SettingsPtr settings() {
  Config config;
  ZoneSettings lab = config.policy;
  lab.default_port = 587;
  lab.dane = false;
  config.zones.emplace("lab", lab);
  config.dns.private_zones = {"corp.example"};
  config.overrides = {over("example.com", OverrideAction::ignore_dane),
                      over("[mx.example.com]:587", OverrideAction::enforce),
                      over("old.example", OverrideAction::no_policy, now.now - 1s)};
  return make_settings(config);
}

std::expected<Asked, NotAsked> read(const Settings& settings, std::string_view map, std::string_view key,
                                    const Health* health = nullptr) {
  static std::string scratch;
  return read_question(settings, health, now, map, key, scratch);
}

}  // namespace

TEST_CASE("a request's next hop, zone and override", "[question]") {
  struct Row {
    const char *map, *key, *domain;
    Route route;
    std::optional<OverrideAction> over;
    bool in_private_zone, dane;
  };
  SettingsPtr all = settings();
  using enum OverrideAction;
  auto row = GENERATE(values<Row>({
      {"postfix", "example.org", "example.org", {false, 25}, {}, false, true},
      {"postfix", "example.com", "example.com", {false, 25}, ignore_dane, false, false},
      {"postfix", "example.com:587", "example.com", {false, 587}, ignore_dane, false, false},
      {"postfix", "[mx.example.com]:submission", "mx.example.com", {true, 587}, enforce, false, true},
      {"postfix", "[mx.example.com]", "mx.example.com", {true, 25}, {}, false, true},
      {"postfix", "example.org:no-such-service", "example.org", {false, 0}, {}, false, true},
      {"postfix", "old.example", "old.example", {false, 25}, {}, false, true},
      {"json/lab", "example.org", "example.org", {false, 587}, {}, false, false},
      {"postfix", "m\u00fcller.example", "xn--mller-kva.example", {false, 25}, {}, false, true},
      {"postfix", "host.corp.example", "host.corp.example", {false, 25}, {}, true, true},
      {"postfix", "xcorp.example", "xcorp.example", {false, 25}, {}, false, true},
  }));
  INFO(row.map << " " << row.key);
  auto asked = read(*all, row.map, row.key);
  REQUIRE(asked);
  CHECK(asked->domain.str() == row.domain);
  CHECK(asked->route == row.route);
  CHECK((asked->over == nullptr ? std::nullopt : std::optional(asked->over->action)) == row.over);
  CHECK(asked->in_private_zone == row.in_private_zone);
  CHECK(asked->rules.settings.dane == row.dane);
}

TEST_CASE("a request that does not ask about a policy domain", "[question]") {
  struct Row {
    const char *map, *key;
    NotAsked::Why why;
    const char* words;
    bool idna_failed;
  };
  using enum NotAsked::Why;
  SettingsPtr all = settings();
  auto row = GENERATE(values<Row>({
      {"postfx", "example.org", unknown_map, "", false},
      {"postfix/office", "example.org", unknown_map, "", false},
      {"postfix/", "example.org", unknown_map, "", false},
      {"postfix", ".example.org", no_domain, "a parent-domain key", false},
      {"postfix", "192.0.2.1", no_domain, "an IP address", false},
      {"postfix", "", no_domain, "not a host name", false},
      {"postfix", "a\xff.example", no_domain, "not a valid internationalised name", true},
  }));
  INFO(row.map << " " << row.key);
  auto asked = read(*all, row.map, row.key);
  REQUIRE_FALSE(asked);
  CHECK(asked.error().why == row.why);
  CHECK(asked.error().words == row.words);
  CHECK(asked.error().idna_failed == row.idna_failed);
}

TEST_CASE("sendmail does DANE itself, unless the configuration says \"no\"", "[question]") {
  struct Row {
    const char* why;
    PostfixDaneSetting postfix_dane;
    std::optional<bool> found;  // by the health check
    Dialect dialect;
    PostfixDane want;
  };
  auto row = GENERATE(values<Row>({
      {"not known yet", PostfixDaneSetting::automatic, {}, Dialect::postfix, PostfixDane::unknown},
      {"found: yes", PostfixDaneSetting::automatic, true, Dialect::postfix, PostfixDane::yes},
      {"found: no", PostfixDaneSetting::automatic, false, Dialect::postfix, PostfixDane::no},
      {"found: no, for sendmail", PostfixDaneSetting::automatic, false, Dialect::sts, PostfixDane::yes},
      {"not known yet, for sendmail", PostfixDaneSetting::automatic, {}, Dialect::sts, PostfixDane::yes},
      {"configured: no", PostfixDaneSetting::no, true, Dialect::postfix, PostfixDane::no},
      {"configured: no, for sendmail", PostfixDaneSetting::no, true, Dialect::sts, PostfixDane::no},
      {"configured: yes", PostfixDaneSetting::yes, false, Dialect::postfix, PostfixDane::yes},
  }));
  INFO(row.why);
  Config config;
  config.policy.postfix_dane = row.postfix_dane;
  SettingsPtr all = make_settings(config);
  Health health;
  health.postfix_dane = row.found;
  auto asked = read(*all, words(row.dialect), "example.org", &health);
  REQUIRE(asked);
  CHECK(asked->rules.postfix_dane == row.want);
  CHECK(rules_of(*asked, &health).postfix_dane == row.want);
}
