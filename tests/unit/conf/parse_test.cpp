#include "conf/parse.hpp"
#include "tests/unit/name_servers.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace std::chrono_literals;
using Catch::Generators::values;

namespace mtasts {
namespace {

const DefaultPaths paths{"/var/lib/mtastsd", "/run/mtastsd/control.sock"};

Result<Parsed> parse(std::string_view text) { return parse_config(text, "f.toml", paths); }

std::string errors(std::string_view text) {
  auto parsed = parse(text);
  return parsed ? "" : parsed.error().detail;
}

}  // namespace

TEST_CASE("an empty file gives the defaults, without a warning", "[conf]") {
  auto parsed = parse("");
  REQUIRE(parsed);
  CHECK(parsed->warnings.empty());
  const Config& c = parsed->config;
  REQUIRE(c.listen.socketmap.size() == 2);
  CHECK(to_string(c.listen.socketmap[0]) == "unix:/var/spool/postfix/mtastsd/policy.sock");
  CHECK(to_string(c.listen.socketmap[1]) == "inet:127.0.0.1:8463");
  CHECK_FALSE(c.listen.socketmap_configured);
  CHECK(c.listen.control == paths.control);
  CHECK(c.cache.path == paths.state);
  CHECK_FALSE(c.cache.path_configured);
  CHECK(c.dns.forward_auto);
  CHECK(c.policy.answer_timeout == 8s);
  CHECK(c.zones.empty());
}

TEST_CASE("every key reaches its field", "[conf]") {
  auto parsed = parse(R"(
[listen]
socketmap = ["unix:/p/s", "inet:[::1]:1"]
socket_mode = "0660"
socket_group = "postfix"
user = "postfix"
control = "/c"
http = "[::1]:9"
workers = 3
[cache]
path = "/cache"
max_size = 2097152
[dns]
forward = ["192.0.2.1", "2001:db8::1@5353"]
private = ["corp.example"]
root_hints = "/hints"
trust_anchor = "/key"
timeout = "2s"
[https]
ca_file = "/ca"
timeout = "1m"
proxy = "http://p.example:1"
proxy_credentials_file = "/secret"
allow_addresses = ["203.0.113.0/24", "2001:db8::/32"]
[policy]
dane = false
postfix_dane = "no"
partial_dane = "dane-only"
testing_as_enforce = true
first_fetch_wait = "1s"
answer_timeout = "3s"
on_dnssec_down = "temp"
mx_hosts = 4
[log]
level = "debug"
format = "json"
target = "syslog"
[limits]
connections = 5
idle = "2m"
query_bytes = 1000
)");
  REQUIRE(parsed);
  Config want;
  want.listen.socketmap = {unix_endpoint("/p/s"), {Endpoint::Kind::inet, {}, *parse_address("::1"), 1}};
  want.listen.socketmap_configured = true;
  want.listen.socket_mode = 0660;
  want.listen.socket_group = "postfix";
  want.listen.user = "postfix";
  want.listen.user_configured = true;
  want.listen.control = "/c";
  want.listen.http = Endpoint{Endpoint::Kind::inet, {}, *parse_address("::1"), 9};
  want.listen.workers = 3;
  want.cache = {"/cache", true, 2097152};
  want.dns = {
      false, test::name_servers({"192.0.2.1", "2001:db8::1@5353"}), {"corp.example"}, "/hints", "/key", 2s};
  want.https = {"/ca",
                1min,
                ProxyAddress{"p.example", 1},
                "/secret",
                {*parse_cidr("203.0.113.0/24"), *parse_cidr("2001:db8::/32")}};
  want.policy = {false, PostfixDaneSetting::no, PartialDane::dane_only, true, 1s, 3s, OnDnssecDown::temp, 4};
  want.log = {LogConfig::Level::debug, LogConfig::Format::json, LogConfig::Target::syslog};
  want.limits = {5, 120s, 1000};
  CHECK(parsed->config == want);
}

TEST_CASE("a byte order mark and CRLF are accepted", "[conf]") {
  auto parsed = parse("\xEF\xBB\xBF[listen]\r\nworkers = 7\r\n");
  REQUIRE(parsed);
  CHECK(parsed->config.listen.workers == 7);
}

TEST_CASE("forward: auto, recursion, or resolvers", "[conf]") {
  auto automatic = parse("dns.forward = \"auto\"");
  auto recursion = parse("dns.forward = []");
  REQUIRE(automatic);
  REQUIRE(recursion);
  CHECK(automatic->config.dns.forward_auto);
  CHECK_FALSE(recursion->config.dns.forward_auto);
  CHECK(recursion->config.dns.forward.empty());
  CHECK(errors("dns.forward = \"none\"") ==
        "f.toml:1: dns.forward: is a string; it must be \"auto\" or an array of resolver addresses");
}

TEST_CASE("a zone lies over [policy], wherever it stands in the file", "[conf]") {
  auto parsed = parse(R"(
[zone.partners]
first_fetch_wait = "1s"
[zone.empty]
[policy]
testing_as_enforce = true
answer_timeout = "9s"
)");
  REQUIRE(parsed);
  REQUIRE(parsed->config.zones.size() == 2);
  const ZoneSettings& partners = parsed->config.zones.at("partners");
  CHECK(partners.first_fetch_wait == 1s);
  CHECK(partners.testing_as_enforce);
  CHECK(partners.answer_timeout == 9s);
  CHECK(parsed->config.zones.at("empty") == parsed->config.policy);
}

TEST_CASE("PFX-44: default_port is a number or a service, of one zone", "[conf]") {
  auto parsed = parse(
      "[zone.a]\ndefault_port = 65535\n[zone.b]\ndefault_port = \"submission\"\n"
      "[zone.c]\ndefault_port = \"SMTPS\"\n[zone.d]\n");
  REQUIRE(parsed);
  const auto& zones = parsed->config.zones;
  CHECK(zones.at("a").default_port == 65535);
  CHECK(zones.at("b").default_port == 587);
  CHECK(zones.at("c").default_port == 465);
  CHECK(zones.at("d").default_port == 25);
  CHECK(parsed->config.policy.default_port == 25);
}

TEST_CASE("one mistake, one line: file, line, key, what and remedy", "[conf]") {
  struct Row {
    const char *text, *want;
  };
  auto row = GENERATE(values<Row>({
      {"[listen]\nsoketmap = []\n", "f.toml:2: listen.soketmap: unknown key; did you mean \"socketmap\"?"},
      {"[lisden]\n", "f.toml:1: lisden: unknown key; did you mean \"listen\"?"},
      {"[log]\nx = 1", "f.toml:2: log.x: unknown key; this section has level, format, target"},
      {"milter = 1\n", "f.toml:1: milter: is a number; it must be a section"},
      {"refresh = 1\n", "f.toml:1: refresh: is a number; it must be a section"},
      {"[listen]\nworkers = 2027-01-31", "f.toml:2: listen.workers: is a date; it must be a whole number"},
      {"listen = 5", "f.toml:1: listen: is a number; it must be a section that begins with a line [listen]"},
      {"zone = 5", "f.toml:1: zone: is a number; it must be a section"},
      {"zone.a = 5", "f.toml:1: zone.a: is not a section; begin it with a line [zone.NAME]"},
      {"[zone.Big]", "f.toml:1: zone.Big: is not a zone name; use 1 to 32 of a-z"},
      {"[zone.a]\ndefault_prot = 5", "f.toml:2: zone.a.default_prot: unknown key; "},
      {"[zone.a]\ndefault_port = 0", "f.toml:2: zone.a.default_port: 0 is out of range; use 1 to 65535"},
      {"[zone.a]\ndefault_port = 65536", "f.toml:2: zone.a.default_port: 65536 is out of range; "},
      {"[zone.a]\ndefault_port = \"25\"", "f.toml:2: zone.a.default_port: \"25\" is not a service; "},
      {"[zone.a]\ndefault_port = \"no-such-thing\"",
       "f.toml:2: zone.a.default_port: \"no-such-thing\" is not a service that this system knows; "},
      {"[zone.a]\ndefault_port = \"\"", "f.toml:2: zone.a.default_port: \"\" is not a service; "},
      {"[zone.a]\ndefault_port = true",
       "f.toml:2: zone.a.default_port: is true or false; it must be a port number, or "},
      {"[policy]\ndefault_port = 25", "f.toml:2: policy.default_port: unknown key; "},
      {"[dns]\nprivate = [\"a..b\"]", "f.toml:2: dns.private: \"a..b\" is not a domain name; "},
      {"[dns]\nforward = []\nx = 1", "f.toml:3: dns.x: unknown key; this section has forward, private, "},
      {"[listen]\nsocketmap = \"unix:/x\"",
       "f.toml:2: listen.socketmap: is a string; it must be an array of strings"},
      {"[listen]\nsocketmap = [5]", "f.toml:2: listen.socketmap: is a number; it must be a string in quotes"},
      {"[listen]\nsocketmap = [\n\"unix:/x\",\n\"foo\"]",
       "f.toml:4: listen.socketmap: \"foo\" is not an endpoint; write "},
      {"[listen]\nsocketmap = []", "f.toml:2: listen.socketmap: has no endpoint; "},
      {"[listen]\nsocket_mode = 438",
       "f.toml:2: listen.socket_mode: is a number; it must be a string in quotes"},
      {"[listen]\nsocket_mode = \"0777\"",
       "f.toml:2: listen.socket_mode: \"0777\" is not a mode for a socket; "},
      {"[listen]\nworkers = 1025", "f.toml:2: listen.workers: 1025 is out of range; use 0 to 1024"},
      {"[listen]\nworkers = -1", "f.toml:2: listen.workers: -1 is out of range; use 0 to 1024"},
      {"[listen]\nworkers = 9223372036854775807",
       "f.toml:2: listen.workers: 9223372036854775807 is out of range; "},
      {"[listen]\nworkers = \"2\"",
       "f.toml:2: listen.workers: is a string; it must be a whole number, without quotes"},
      {"[listen]\nworkers = 2.0", "f.toml:2: listen.workers: is a fraction; it must be a whole number"},
      {"[cache]\npath = \"cache\"",
       "f.toml:2: cache.path: \"cache\" is not an absolute path; begin it with \"/\""},
      {"[cache]\nmax_size = \"512KiB\"",
       "f.toml:2: cache.max_size: 512KiB is out of range; use 1MiB to 16TiB"},
      {"[cache]\nmax_size = \"17TiB\"", "f.toml:2: cache.max_size: 17TiB is out of range; "},
      {"[cache]\nmax_size = -1", "f.toml:2: cache.max_size: is not a size; "},
      {"[cache]\nmax_size = \"1GB\"", "f.toml:2: cache.max_size: is not a size; "},
      {"[dns]\ntimeout = 5", "f.toml:2: dns.timeout: is a number; it must be a string in quotes"},
      {"[dns]\ntimeout = \"5\"",
       "f.toml:2: dns.timeout: \"5\" is not a duration; write a number and one of ms, s, m, h, d"},
      {"[dns]\ntimeout = \"99ms\"", "f.toml:2: dns.timeout: \"99ms\" is out of range; use 100ms to 10m"},
      {"[dns]\ntimeout = \"11m\"", "f.toml:2: dns.timeout: \"11m\" is out of range; use 100ms to 10m"},
      {"[dns]\ntimeout = \"8s\"", "f.toml:2: dns.timeout: 8s is not below policy.answer_timeout (8s); "},
      {"[policy]\nanswer_timeout = \"5s\"",
       "f.toml:2: policy.answer_timeout: 5s is not above dns.timeout (5s); "},
      {"[zone.a]\nanswer_timeout = \"4s\"",
       "f.toml:2: zone.a.answer_timeout: 4s is not above dns.timeout (5s); "},
      {"[policy]\nanswer_timeout = \"91s\"",
       "f.toml:2: policy.answer_timeout: \"91s\" is out of range; use 100ms to 90s"},
      {"[policy]\ndane = \"yes\"",
       "f.toml:2: policy.dane: is a string; it must be true or false, without quotes"},
      {"[policy]\npartial_dane = \"dane\"",
       "f.toml:2: policy.partial_dane: \"dane\" is not known; use one of sts, dane-only"},
      {"[dns]\nforward = [\"dns.example\"]",
       "f.toml:2: dns.forward: \"dns.example\" is not the address of a resolver; "},
      {"[https]\nproxy = \"proxy:1\"", "f.toml:2: https.proxy: \"proxy:1\" is not a proxy; "},
      {"[https]\nproxy = \"http://user:pass@proxy:1\"",
       "f.toml:2: https.proxy: holds a login, which others could read here; write user:password into a file "
       "with mode 0600 and name it in proxy_credentials_file"},
      {"[https]\nproxy = \"user:pass@proxy:1\"", "f.toml:2: https.proxy: holds a login"},
      {"[https]\nproxy_credentials_file = \"secret\"", "f.toml:2: https.proxy_credentials_file: "},
      {"[https]\nallow_addresses = [\"10.0.0.0/33\"]",
       "f.toml:2: https.allow_addresses: \"10.0.0.0/33\" is not an address block; "},
      {"[log]\nlevel = \"loud\"",
       "f.toml:2: log.level: \"loud\" is not known; use one of error, warning, info, debug"},
      {"[limits]\nidle = \"1500ms\"", "f.toml:2: limits.idle: must be whole seconds; "},
      {"[limits]\nconnections = 0", "f.toml:2: limits.connections: 0 is out of range; use 1 to 1000000"},
  }));
  INFO(row.text);
  auto parsed = parse(row.text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().fault == Fault::config);
  CHECK(parsed.error().detail.starts_with(row.want));
  CHECK_FALSE(parsed.error().detail.contains('\n'));
}

TEST_CASE("all problems at once, in the order of the file", "[conf]") {
  CHECK(errors("[policy]\ndane = 1\n[listen]\nworkers = 5000\n[dns]\ntimeout = \"x\"\n") ==
        "f.toml:2: policy.dane: is a number; it must be true or false, without quotes\n"
        "f.toml:4: listen.workers: 5000 is out of range; use 0 to 1024\n"
        "f.toml:6: dns.timeout: \"x\" is not a duration; write a number and one of ms, s, m, h, d, such as "
        "\"5s\"");
}

TEST_CASE("text that is not TOML is refused with its line", "[conf]") {
  auto text = GENERATE(
      values<std::string>({"[listen]\n=\n", "[listen]\nworkers = \n", "[listen]\nhttp = \"\xff\"\n",
                           "[listen]\n\x01\n", "[listen]\n[listen]\n", "[listen]\nhttp = \"a\nb\"\n"}));
  INFO(text);
  auto parsed = parse(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().fault == Fault::syntax);
  CHECK(parsed.error().detail.starts_with("f.toml:2: "));
}

TEST_CASE("hostile text never reaches a message as it is", "[conf]") {
  for (std::string_view text : {"\"\\u001b[31m\\n\" = 1", "[zone.\"\\u001b\\n\"]",
                                "[log]\nlevel = \"\\u001b\\n\"", "[listen]\nsocketmap = [\"\\u001b\\n\"]",
                                "override.\"\\u001b\\n\" = {action = \"enforce\", reason = \"x\"}",
                                "[cache]\npath = \"/\\u001b\\n\""}) {
    INFO(text);
    auto detail = errors(text);
    CHECK_FALSE(detail.empty());
    CHECK(detail.find_first_of("\x1b\n") == std::string::npos);
  }
}

TEST_CASE("keys without effect warn only when they are not set to their default", "[conf]") {
  struct Row {
    const char *text, *want;
  };
  auto row = GENERATE(values<Row>({
      {"policy.dane = false", nullptr},
      {"policy.postfix_dane = \"no\"", nullptr},
      {"policy.partial_dane = \"dane-only\"", nullptr},
      {"policy.on_dnssec_down = \"temp\"", nullptr},
      {"policy.mx_hosts = 11", nullptr},
      {"zone.a.mx_hosts = 11", nullptr},
      {"dns.private = [\"corp.example\", \"b\u00fccher.example\"]", nullptr},
      {"zone.a.default_port = 587", nullptr},
      {"zone.a.default_port = \"submission\"", nullptr},
      {"[refresh]\nlisten = [1, 2]\nx.y = 2027-01-31", "f.toml:1: refresh: has no effect"},
      {"milter.http = \"127.0.0.1:8465\"", "f.toml:1: milter.http: has no effect"},
      {"milter.http = \"\"", nullptr},
      {"milter.listen = \"inet:1@127.0.0.1\"", nullptr},
      {"listen.control = \"/x\"", nullptr},
      {"listen.http = \"127.0.0.1:1\"", "f.toml:1: listen.http: has no effect"},
      {"listen.http = \"127.0.0.1:8464\"", nullptr},
      {"listen.http = \"\"", nullptr},
      {"policy.first_fetch_wait = \"9s\"",
       "f.toml:1: policy.first_fetch_wait: is longer than answer_timeout (8s)"},
  }));
  INFO(row.text);
  auto parsed = parse(row.text);
  REQUIRE(parsed);
  REQUIRE(parsed->warnings.size() == (row.want == nullptr ? 0 : 1));
  if (row.want != nullptr) CHECK(parsed->warnings[0].starts_with(row.want));
}

TEST_CASE("a file of 1 MiB is read, a larger one is not", "[conf]") {
  std::string text = "#" + std::string((1 << 20) - 1, 'x');
  CHECK(parse(text));
  CHECK(errors(text + "x") == "f.toml: the file is larger than 1 MiB; is it the right one?");
}

TEST_CASE("load_config reads a file, and says which it could not read", "[conf]") {
  auto file =
      std::filesystem::temp_directory_path() / ("mtastsd-load-test-" + std::to_string(std::rand()) + ".toml");
  std::ofstream(file) << "[listen]\nworkers = 7\n";
  auto parsed = load_config(file, paths);
  std::filesystem::remove(file);
  REQUIRE(parsed);
  CHECK(parsed->config.listen.workers == 7);
  auto missing = load_config(file, paths);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().detail ==
        file.string() + ": cannot be read: No such file or directory; check its name and permissions");
  CHECK_FALSE(load_config("/", paths));
  for (std::string_view cut_off :
       {std::string_view(""), std::string_view(" \n"), std::string_view("\0\0\0", 3)}) {
    std::ofstream(file) << cut_off;
    auto empty = load_config(file, paths);
    REQUIRE_FALSE(empty);
    CHECK(empty.error().detail.contains("is empty, perhaps because a write was cut short"));
  }
  std::ofstream(file) << "# the defaults\n";
  CHECK(load_config(file, paths));
  std::filesystem::remove(file);
  CHECK(load_config("/dev/null", paths));
}

}  // namespace mtasts
