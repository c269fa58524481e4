// Which rules list, show and explain use: the daemon's; and what they say if they can't get these.
#include "cli/rules_in_force.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>

#include "conf/parse.hpp"
#include "tests/unit/cli/support.hpp"
#include "tests/unit/service/fake_daemon.hpp"

namespace mtasts {
namespace {

namespace json = boost::json;
using test::FakeDaemon;

const DefaultPaths paths{"/var/lib/mtastsd", "/run/mtastsd/control.sock"};
constexpr std::string_view loaded_text =
    "[override.\"a.example\"]\naction = \"no-policy\"\nreason = \"loaded\"\nuntil = 2027-01-31\n";
constexpr std::string_view newer_text =
    "[override.\"b.example\"]\naction = \"enforce\"\nreason = \"newer\"\n";

std::string reply(bool changed, std::string_view file = "/etc/m.toml") {
  auto config = parse_config(loaded_text, "f", paths).value().config;
  json::object about{{"file", json::string(file)}, {"changed", changed}};
  json::object object{{"configuration", about},
                      {"text", to_toml(config)},
                      {"state", "/srv/cache"},
                      {"control", "/run/mtastsd/control.sock"}};
  return json::serialize(object) + "\n";
}

Result<Config> newer() { return parse_config(newer_text, "f", paths).value().config; }

}  // namespace

TEST_CASE("the rules are the daemon's, whatever the file says", "[cli]") {
  test::Folder folder;
  FakeDaemon daemon(folder / "s", reply(true));
  auto rules = rules_in_force(newer(), "/etc/m.toml", folder / "s");
  REQUIRE(rules);
  REQUIRE(rules->config.overrides.size() == 1);
  CHECK(rules->config.overrides[0].name == "a.example");
  CHECK(rules->config.cache.path == "/srv/cache");
  CHECK(rules->note ==
        "/etc/m.toml has changed since; these are the rules that the running mtastsd has loaded");
}

TEST_CASE("there is no note while the file is unchanged", "[cli]") {
  test::Folder folder;
  FakeDaemon daemon(folder / "s", reply(false));
  CHECK(rules_in_force(newer(), "/etc/m.toml", folder / "s")->note.empty());
}

TEST_CASE("the note says if the file is another one, or broken", "[cli]") {
  test::Folder folder;
  {
    FakeDaemon daemon(folder / "s", reply(false));
    CHECK(rules_in_force(newer(), "/etc/other.toml", folder / "s")->note.ends_with("has loaded /etc/m.toml"));
  }
  FakeDaemon daemon(folder / "t", reply(true));
  auto rules = rules_in_force(fail(Fault::syntax, "f:1: bad"), "/etc/m.toml", folder / "t");
  REQUIRE(rules);
  CHECK(rules->config.overrides[0].name == "a.example");
  CHECK(rules->note.starts_with("/etc/m.toml can't be used; "));
}

TEST_CASE("without the daemon the rules are the file's, and the note says so", "[cli]") {
  test::Folder folder;
  auto rules = rules_in_force(newer(), "/etc/m.toml", folder / "none");
  REQUIRE(rules);
  CHECK(rules->config.overrides[0].name == "b.example");
  CHECK(rules->note.starts_with("these are the rules of /etc/m.toml, because mtastsd did not say"));
  CHECK_FALSE(rules_in_force(fail(Fault::syntax, "f:1: bad"), "/etc/m.toml", folder / "none"));
}

TEST_CASE("a daemon without the verb config counts as one that does not answer", "[cli]") {
  test::Folder folder;
  FakeDaemon daemon(folder / "s", "{\"error\":\"unknown verb; this mtastsd knows: status\"}\n");
  CHECK(rules_in_force(newer(), "/etc/m.toml", folder / "s")->note.contains("knows: status"));
}

}  // namespace mtasts
