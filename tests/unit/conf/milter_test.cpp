// The section [milter]: each key is read, checked, written and documented.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <sstream>

#include "conf/parse.hpp"
#include "core/enum_words.hpp"
#include "tests/unit/conf/documents.hpp"

using namespace std::chrono_literals;
using Catch::Generators::values;

namespace mtasts {
namespace {

const DefaultPaths paths{"/var/lib/mtastsd", "/run/mtastsd/control.sock"};

Result<Parsed> parse(std::string_view text) { return parse_config(text, "f.toml", paths); }

constexpr const char* every_key = R"(
[zone.partners]
[milter]
listen = "inet6:1@::1"
requiretls = false
headers = ["X-A: b", "X-C: d"]
senders = ["bob@a.example", "*"]
recipients = ["*.b.example"]
users = ["bob", "alice"]
list_beats_tls_required = false
reply = "450 4.7.30"
on_unknown = "accept"
wait = "20s"
socketmap = "unix:/p/s"
zone = "partners"
not_smtp = ["lmtp", "lmtp"]
local_domains = ["@c.example", "*"]
warn_off_policy = "550 5.7.5"
add_header = "X-TLS-Decision"
http = "[::1]:9"
)";

MilterConfig other_than_defaults() {
  using Kind = AddressPattern::Kind;
  MilterConfig want;
  want.listen = {Endpoint::Kind::inet, {}, *parse_address("::1"), 1};
  want.requiretls = false;
  want.headers = {{"X-A", "b"}, {"X-C", "d"}};
  want.senders = {{Kind::address, "bob", "a.example"}, {}};
  want.recipients = {{Kind::below, "", "b.example"}};
  want.users = {"bob", "alice"};
  want.list_beats_tls_required = false;
  want.reply = {450, "4.7.30"};
  want.on_unknown = OnUnknown::accept;
  want.wait = 20s;
  want.socketmap = unix_endpoint("/p/s");
  want.zone = "partners";
  want.not_smtp = {"lmtp", "lmtp"};
  want.local_domains = {{Kind::domain, "", "c.example"}, {}};
  want.warn_off_policy = ReplyCode{550, "5.7.5"};
  want.add_header = "X-TLS-Decision";
  want.http = Endpoint{Endpoint::Kind::inet, {}, *parse_address("::1"), 9};
  return want;
}

// "KEY = VALUE" of each key in the order of the effective configuration.
std::vector<std::pair<std::string, std::string>> defaults() {
  auto text = to_toml(parse("")->config);
  std::istringstream lines(text.substr(text.find("\n[milter]\n") + 10));
  std::vector<std::pair<std::string, std::string>> all;
  for (std::string line; std::getline(lines, line) && line.contains(" = ");)
    all.emplace_back(line.substr(0, line.find(' ')), line.substr(line.find(" = ") + 3));
  return all;
}

}  // namespace

TEST_CASE("[milter]: without the section the defaults hold", "[conf]") {
  auto parsed = parse("");
  REQUIRE(parsed);
  const MilterConfig& milter = parsed->config.milter;
  CHECK(milter == MilterConfig());
  CHECK(to_string(milter.listen) == "inet:127.0.0.1:18899");
  CHECK(milter.requiretls);
  CHECK(milter.headers == std::vector<HeaderMatch>{{"Require-TLS-ESMTP", "yes"}});
  CHECK(milter.list_beats_tls_required);
  CHECK(milter.reply == ReplyCode{550, "5.7.10"});
  CHECK(milter.on_unknown == OnUnknown::tempfail);
  CHECK(milter.wait == 5s);
  CHECK_FALSE(milter.socketmap);
  CHECK_FALSE(milter.warn_off_policy);
  CHECK_FALSE(milter.http);
}

TEST_CASE("[milter]: every key reaches its field, and is written and read back", "[conf]") {
  auto parsed = parse(every_key);
  if (!parsed) FAIL(parsed.error().detail);
  CHECK(parsed->config.milter == other_than_defaults());
  CHECK(parsed->warnings ==
        std::vector<std::string>{
            "f.toml:20: milter.http: has no effect in this version; remove it, or leave it for a later one"});
  auto again = parse(to_toml(parsed->config));
  if (!again) FAIL(again.error().detail);
  CHECK(again->config == parsed->config);
}

TEST_CASE("[milter]: each key of the file above changes something", "[conf]") {
  auto written = to_toml(parse(every_key)->config);
  for (const auto& [key, value] : defaults()) {
    INFO(key);
    CHECK(written.contains(fmt::format("\n{} = ", key)));
    CHECK_FALSE(written.substr(written.find("[milter]")).contains(fmt::format("\n{} = {}\n", key, value)));
  }
}

TEST_CASE("[milter]: one mistake, one line: file, line, key, what and remedy", "[conf]") {
  struct Row {
    const char *text, *want;
  };
  auto row = GENERATE(values<Row>({
      {"lisden = \"\"", "lisden: unknown key; did you mean \"listen\"?"},
      {"listen = 18899", "listen: is a number; it must be a string in quotes"},
      {"listen = \"\"", "listen: \"\" is not where a milter can listen; write inet:18899@127.0.0.1, "},
      {"listen = \"inet:0@127.0.0.1\"", "listen: \"inet:0@127.0.0.1\" is not where a milter can listen; "},
      {"listen = \"unix:x\"", "listen: \"x\" is not an absolute path; "},
      {"listen = \"inet:127.0.0.1:8463\"",
       "listen: \"inet:8463@127.0.0.1\" is in [listen] socketmap too, where mtastsd listens; write another "},
      {"requiretls = \"yes\"", "requiretls: is a string; it must be true or false, without quotes"},
      {"headers = \"X: y\"", "headers: is a string; it must be an array of strings"},
      {"headers = [\"\"]", "headers: \"\" is not a header field with a value; write \"NAME: VALUE\""},
      {"headers = [\"X: y\", \"TLS-Required: No\"]", "headers: \"TLS-Required: No\" is understood already"},
      {"senders = [\"\"]", "senders: \"\" is not an address; write \"user@example.com\""},
      {"recipients = [\"a b\"]", "recipients: \"a b\" is not an address; "},
      {"users = [\"\"]", "users: \"\" is not a login name; "},
      {"users = [5]", "users: is a number; it must be a string in quotes"},
      {"list_beats_tls_required = 1", "list_beats_tls_required: is a number; it must be true or false"},
      {"reply = \"\"", "reply: \"\" is not a reply that refuses mail; write a code of 4xx or 5xx and "},
      {"reply = 550", "reply: is a number; it must be a string in quotes"},
      {"reply = \"550 4.7.10\"",
       "reply: \"550 4.7.10\" mixes 4, which defers mail, and 5, which refuses it; "},
      {"reply = \"421 4.7.0\"", "reply: \"421 4.7.0\" would end the whole SMTP session; "},
      {"on_unknown = \"reject\"", "on_unknown: \"reject\" is not known; use one of tempfail, accept"},
      {"wait = \"99ms\"", "wait: \"99ms\" is out of range; use 100ms to 20s"},
      {"wait = \"20001ms\"", "wait: \"20001ms\" is out of range; use 100ms to 20s"},
      {"wait = 5", "wait: is a number; it must be a string in quotes"},
      {"socketmap = \"/x\"", "socketmap: \"/x\" is not an endpoint; write unix:/PATH or inet:ADDRESS:PORT"},
      {"socketmap = [\"unix:/x\"]", "socketmap: is an array; it must be a string in quotes"},
      {"zone = \"partners\"",
       "zone: there is no section [zone.partners] in this file; add it, or write \"\" for the rules of "},
      {"zone = \"a\\u001b\"", "zone: there is no section [zone.a\\x1b] in this file; "},
      {"not_smtp = [\"lmtp\", \"\"]", "not_smtp: \"\" is not the name of a transport; "},
      {"local_domains = [\"bob@a.example\"]",
       "local_domains: \"bob@a.example\" is one address; write its domain, \"a.example\""},
      {"warn_off_policy = \"reject\"", "warn_off_policy: \"reject\" is not a reply that refuses mail; "},
      {"warn_off_policy = \"450 5.7.5\"",
       "warn_off_policy: \"450 5.7.5\" mixes 4, which defers mail, and 5, "},
      {"add_header = \"Subject\"", "add_header: \"Subject\" is a header field that mail itself uses; "},
      {"add_header = \"X A\"", "add_header: \"X A\" is not the name of a header field; "},
      {"add_header = \"x-b\"\nheaders = [\"X-A: y\", \"X-B: y\"]",
       "add_header: \"x-b\" is in headers too, where it demands TLS; write another name"},
      {"http = \"localhost\"", "http: \"localhost\" is not an address with a port; "},
  }));
  INFO(row.text);
  auto parsed = parse(fmt::format("[milter]\n{}\n", row.text));
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().fault == Fault::config);
  INFO(parsed.error().detail);
  CHECK(parsed.error().detail.starts_with(fmt::format("f.toml:2: milter.{}", row.want)));
  CHECK_FALSE(parsed.error().detail.contains('\n'));
}

TEST_CASE("[milter]: what looks like a mistake and is none", "[conf]") {
  auto text = GENERATE(values<std::string>({
      "zone.a.dane = true\nmilter.zone = \"a\"",
      "milter.zone = \"a\"\nzone.a.dane = true",
      "milter.zone = \"\"",
      "milter.headers = []",
      "milter.not_smtp = []",
      "milter.senders = [\"a.example\", \"a.example\"]",
      // The milter's default place is free to be mtastsd's, as long as nobody wants a milter there.
      "listen.socketmap = [\"inet:127.0.0.1:18899\"]",
      "milter.socketmap = \"inet:127.0.0.1:8463\"",
      "milter.listen = \"inet6:8463@::1\"",
  }));
  INFO(text);
  auto parsed = parse(text);
  if (!parsed) FAIL(parsed.error().detail);
  CHECK(parsed->warnings.empty());
}

TEST_CASE("[milter]: mtastsd.toml(5) has every key with its default, in the same order", "[conf]") {
  std::string want;
  for (const auto& [key, value] : defaults()) want += test::heading(key, value);
  CHECK_FALSE(want.empty());
  auto section = test::between(test::file(MANUAL_CONFIG), ".SH [milter]", ".SH ");
  CHECK(test::headings(section) == want);
  CHECK(section.contains("100ms to 20s"));
  for (const auto& each : enum_words<OnUnknown>)
    CHECK(section.contains(test::roff(fmt::format("\"{}\"", each.word))));
}

TEST_CASE("[milter]: the sample configuration has the keys in the same order", "[conf]") {
  auto sample = test::file(SAMPLE_CONFIG);
  auto at = sample.find("\n[milter]\n");
  REQUIRE(at != std::string::npos);
  for (const auto& [key, value] : defaults()) {
    INFO(key);
    at = sample.find(fmt::format("\n#{} = ", key), at);
    REQUIRE(at != std::string::npos);
  }
}

}  // namespace mtasts
