// The sample must be true: every default it shows is the default, and every key is shown.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "conf/parse.hpp"

namespace mtasts {
namespace {

const DefaultPaths paths{"/var/lib/mtastsd", "/run/mtastsd/control.sock"};

std::string sample() {
  std::ifstream file(SAMPLE_CONFIG);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Settings are "#key = value" and "#[section]"; sentences have a blank after the "#".
std::string uncommented(const std::string& text) {
  std::istringstream in(text);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    bool setting = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    out += (setting ? line.substr(1) : line) + '\n';
  }
  return out;
}

// "section.key" of each line "key = value"; the zones and overrides left out.
std::set<std::string> keys(const std::string& text) {
  std::istringstream in(text);
  std::set<std::string> found;
  std::string section;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("# default: ")) line = line.substr(11);
    if (line.starts_with("[")) section = line;
    bool setting = !line.starts_with("#") && line.contains(" = ");
    bool example = section.starts_with("[zone.") || section.starts_with("[override.");
    if (setting && !example) found.insert(section + line.substr(0, line.find(' ')));
  }
  return found;
}

}  // namespace

TEST_CASE("the sample configuration as shipped gives the defaults", "[conf]") {
  REQUIRE_FALSE(sample().empty());
  auto parsed = parse_config(sample(), "mtastsd.toml", paths);
  REQUIRE(parsed);
  CHECK(parsed->warnings.empty());
  CHECK(parsed->config == parse_config("", "", paths)->config);
}

TEST_CASE("every value in the sample configuration is the default", "[conf]") {
  auto parsed = parse_config(uncommented(sample()), "mtastsd.toml", paths);
  if (!parsed) FAIL(parsed.error().detail);
  CHECK(parsed->warnings.empty());
  Config config = parsed->config;
  REQUIRE(config.zones.size() == 1);
  CHECK(config.zones.at("partners").testing_as_enforce);
  CHECK(config.zones.at("partners").default_port == 587);
  REQUIRE(config.overrides.size() == 1);
  CHECK(config.overrides[0].rule.action == OverrideAction::no_policy);
  CHECK(config.overrides[0].rule.until < Time::max());
  config.zones.clear();
  config.overrides.clear();
  CHECK(config.listen.socketmap_configured);
  config.listen.socketmap_configured = config.listen.user_configured = config.cache.path_configured = false;
  CHECK(config == parse_config("", "", paths)->config);
}

TEST_CASE("the sample configuration shows every key", "[conf]") {
  auto all = keys(to_toml(parse_config("", "", paths)->config));
  CHECK_FALSE(all.empty());
  CHECK(keys(uncommented(sample())) == all);
}

}  // namespace mtasts
