#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "conf/parse.hpp"

namespace mtasts {
namespace {

const DefaultPaths paths{"/var/lib/mtastsd", "/run/mtastsd/control.sock"};

}  // namespace

TEST_CASE("the effective configuration is read back unchanged", "[conf]") {
  auto text = GENERATE(Catch::Generators::values<std::string>({
      "",
      "[listen]\nsocketmap = [\"unix:/a \\\"b\\\\\", \"inet:[::1]:1\"]\nsocket_mode = \"0600\"\nworkers = 1",
      "[listen]\nuser = \"\"",
      "[listen]\nuser = \"mtastsd\"",
      "[cache]\npath = \"/\u00fc\"\nmax_size = 1048577",
      "[dns]\nforward = []",
      "[dns]\nforward = [\"192.0.2.1@54\"]\ntimeout = \"1001ms\"",
      "[https]\nallow_addresses = [\"203.0.113.0/24\", \"2001:db8::1\"]\nproxy = \"http://[::1]:1\"\n"
      "proxy_credentials_file = \"/run/credentials/mtastsd.service/proxy\"",
      "[policy]\ndane = false\n[zone.a]\ndane = true\n[zone.0-_]\nmx_hosts = 3",
      "[zone.a]\ndefault_port = \"submission\"\n[zone.b]\ndefault_port = 1\nmx_hosts = 3\n[zone.c]",
      "[override.\"B\u00fccher.Example.\"]\naction = \"ignore-sts\"\nreason = \"a \\\"b\\\" \\\\ \u00fc\"",
      "[override.\"[h.example]:smtp\"]\naction = \"enforce\"\nreason = \"x\"\nuntil = 9999-12-31",
      "[override.\"*.example\"]\naction = \"answer\"\nanswer = \"may,servername=hostname\"\n"
      "allow_plaintext = true\nreason = \"x\"\nuntil = 2028-02-29\n"
      "[override.'a.example:26']\naction = \"answer\"\nanswer = \"encrypt\"\nreason = \"x\"",
      "[milter]\nlisten = \"local:/a \\\"b\"\nheaders = []\nnot_smtp = []\nusers = [\"*\", \"a b\\\\\"]",
      "[milter]\nlisten = \"inet6:1@localhost\"\nheaders = [\"X-a:  b \\\"c: d \"]\nzone = \"p\"\n"
      "senders = [\"*\", \"\\\"a@b\\\"@B\u00fccher.example.\", \"*.Example\", \"@a.example\"]\n[zone.p]",
      "[log]\nlevel = \"error\"\nformat = \"json\"\ntarget = \"journal\"\n[limits]\nidle = \"61s\"",
  }));
  INFO(text);
  auto once = parse_config(text, "f", paths);
  REQUIRE(once);
  INFO(to_toml(once->config));
  auto twice = parse_config(to_toml(once->config), "f", paths);
  REQUIRE(twice);
  CHECK(twice->config == once->config);
}

TEST_CASE("overrides and ports of zones are shown as they are in effect", "[conf]") {
  auto parsed = parse_config(
      "[override.\"*.Example\"]\naction = \"answer\"\nanswer = \"encrypt\"\nuntil = 2027-01-31\nreason = "
      "\"x\"\n"
      "[zone.a]\ndefault_port = \"submission\"",
      "f", paths);
  REQUIRE(parsed);
  auto text = to_toml(parsed->config);
  CHECK(text.contains("\ndefault_port = 587\n"));
  CHECK(
      text.contains("\n[override.\"*.Example\"]\naction = \"answer\"\nanswer = \"encrypt\"\n"
                    "allow_plaintext = false\nreason = \"x\"\nuntil = 2027-01-31\n"));
}

TEST_CASE("addresses are printed as they are written", "[conf]") {
  for (std::string_view line : {"forward = [\"192.0.2.1\", \"2001:db8::1@5353\", \"127.0.0.1@54\"]",
                                "forward = []", "forward = \"auto\""}) {
    auto parsed = parse_config("dns." + std::string(line), "f", paths);
    REQUIRE(parsed);
    CHECK(to_toml(parsed->config).contains("\n" + std::string(line) + "\n"));
  }
  for (std::string_view line : {"proxy = \"http://Proxy.example:3128\"", "proxy = \"http://[2001:db8::1]:1\"",
                                "proxy = \"http://192.0.2.1:80\"", "proxy = \"\""}) {
    auto parsed = parse_config("https." + std::string(line), "f", paths);
    REQUIRE(parsed);
    CHECK(to_toml(parsed->config).contains("\n" + std::string(line) + "\n"));
  }
  for (std::string_view line :
       {"http = \"127.0.0.1:8464\"", "http = \"[::1]:9\"", "http = \"0.0.0.0:80\"", "http = \"\""}) {
    auto parsed = parse_config("listen." + std::string(line), "f", paths);
    REQUIRE(parsed);
    CHECK(to_toml(parsed->config).contains("\n" + std::string(line) + "\n"));
  }
}

TEST_CASE("defaults stay defaults when the printed configuration is used as a file", "[conf]") {
  auto text = to_toml(parse_config("", "f", paths)->config);
  CHECK(text.contains(
      "# default: socketmap = [\"unix:/var/spool/postfix/mtastsd/policy.sock\", \"inet:127.0.0.1:8463\"]\n"));
  CHECK(text.contains("# default: path = \"/var/lib/mtastsd\"\n"));
  auto again = parse_config(text, "f", paths);
  REQUIRE(again);
  CHECK(again->warnings.empty());
  CHECK_FALSE(again->config.listen.socketmap_configured);
  CHECK_FALSE(again->config.cache.path_configured);
}

}  // namespace mtasts
