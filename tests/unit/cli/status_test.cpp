// status against a fake daemon, a thread in this process that sends the replies it is given.
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "cli/commands.hpp"
#include "service/client/control_client.hpp"
#include "tests/unit/cli/support.hpp"
#include "tests/unit/service/fake_daemon.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;
using test::Caught;
using test::FakeDaemon;

const std::string healthy =
    R"({"version":"0.1.0","pid":4711,"started":"2026-01-31T12:00:00Z","uptime":90000,"config":null,)"
    R"("listeners":["unix:/var/spool/postfix/mtastsd/policy.sock","inet:127.0.0.1:8463"],"connections":3,)"
    R"("dns":{"way":"recursion: the root's keys validate"},)"
    R"("dnssec":{"works":true,"detail":"","checked":"2026-01-31T12:10:00Z","worked_once":true,"down_for":null},)"
    R"j("postfix_dane":{"mode":"auto","value":true,"answered":true,"doubtful":false,"detail":"AD from 127.0.0.1 (/etc/resolv.conf)",)j"
    R"("zones":{"partners":{"mode":"no","value":false}}},)"
    R"("cache":{"path":"/var/lib/mtastsd","policies":7,"negatives":8,"used_bytes":3145728,"file_bytes":4194304},)"
    R"("flights":{"flying":1,"waiting":5},"counters":{"requests":9,"cached":2,"missed":1,"refused":1,"no_host":3,)"
    R"("overridden":2,"unreadable":0},"configuration":{"file":null,"loaded":null,"sha256":null,)"
    R"("file_sha256":null,"changed":false},"problems":[]})"
    "\n";

std::string changed(std::string_view from, std::string_view to) {
  std::string text = healthy;
  auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("status for people", "[cli]") {
  test::Folder folder;
  FakeDaemon daemon(folder / "s", healthy);
  Caught caught;
  CHECK(status(folder / "s", caught.text()) == exit_ok);
  CHECK(daemon.request == R"({"verb":"status"})");
  CHECK(caught.out.str() ==
        "mtastsd      0.1.0, pid 4711, up for 25 hours, since 2026-01-31T12:00:00Z\n"
        "config       none: the defaults are in force\n"
        "listening    unix:/var/spool/postfix/mtastsd/policy.sock\n"
        "             inet:127.0.0.1:8463\n"
        "connections  3\n"
        "DNS          recursion: the root's keys validate\n"
        "DNSSEC       works, checked 2026-01-31T12:10:00Z\n"
        "Postfix      does DANE itself: AD from 127.0.0.1 (/etc/resolv.conf)\n"
        "             zone partners: does not do DANE (no)\n"
        "cache        /var/lib/mtastsd\n"
        "             7 policies, 8 domains without one; 3.0 MiB used\n"
        "lookups      1 under way, 5 waiting\n"
        "questions    9: 2 answered from the cache, 1 looked up, 2 by override, 3 without\n"
        "             a policy domain, 1 refused\n");
}

TEST_CASE("status: exit 1 if something is down, in words and in JSON", "[cli]") {
  struct Row {
    const char* why;
    std::string reply;
    int want;
    const char* words;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"DNSSEC", changed(R"("works":true,"detail":"")", R"("works":false,"detail":"timeout")"), exit_no,
       "DOWN: timeout"},
      {"an outage",
       changed(
           R"("works":true,"detail":"","checked":"2026-01-31T12:10:00Z","worked_once":true,"down_for":null)",
           R"("works":false,"detail":"timeout","down_for":7200)"),
       exit_no, "DOWN for 2 hours: timeout"},
      {"a warning is not a problem",
       changed(R"("works":true,"detail":"")", R"("works":true,"detail":"update it")"), exit_ok,
       "warning: update it"},
      {"Postfix's resolvers", changed(R"("value":true,"answered":true)", R"("value":false,"answered":false)"),
       exit_no, "does not do DANE"},
      {"Postfix's resolvers no longer validate", changed(R"("doubtful":false)", R"("doubtful":true)"),
       exit_no, "until they have said no for 24 hours"},
      {"no AD is not a problem",
       changed(R"("value":true,"answered":true)", R"("value":false,"answered":true)"), exit_ok,
       "does not do DANE"},
      {"not asked",
       changed(R"("mode":"auto","value":true,"answered":true)",
               R"("mode":"no","value":false,"answered":false)"),
       exit_ok, "postfix_dane = \"no\""},
      {"the cache", changed(R"("policies":7)", R"("error":"input/output error")"), exit_no,
       "input/output error"},
      {"a problem of the daemon's own",
       changed(R"("problems":[])", R"("problems":[{"code":"commits-fail","text":"nothing can be stored"}])"),
       exit_no, "PROBLEM      nothing can be stored"},
      {"the digest of the file", changed(R"("sha256":null)", R"("sha256":"abc")"), exit_ok,
       "loaded unknown, sha256 abc"},
      {"a cache that could not be read", changed(R"("unreadable":0)", R"("unreadable":5)"), exit_ok,
       "5 for which the"},
      {"another version's object",
       "{\"version\":7,\"dnssec\":[],\"listeners\":{},\"uptime\":\"x\",\"cache\":1}\n", exit_ok, "unknown"},
      {"an empty object", "{}\n", exit_ok, "unknown"},
  }));
  INFO(row.why);
  test::Folder folder;
  Caught text, json;
  {
    FakeDaemon daemon(folder / "text", row.reply);
    CHECK(status(folder / "text", text.text()) == row.want);
  }
  FakeDaemon daemon(folder / "json", row.reply);
  CHECK(status(folder / "json", json.json()) == row.want);
  CHECK(text.out.str().contains(row.words));
  CHECK(boost::json::parse(json.out.str()) == boost::json::parse(row.reply));
}

TEST_CASE("status: a hostile daemon can't write controls to the terminal", "[cli]") {
  test::Folder folder;
  FakeDaemon daemon(folder / "s", changed("recursion:", "\\u001b[31m\\n"));
  Caught caught;
  CHECK(status(folder / "s", caught.text()) == exit_ok);
  CHECK(!caught.out.str().contains('\x1b'));
}

TEST_CASE("status: exit 2 and a remedy if the daemon can't be asked", "[cli]") {
  test::Folder folder;
  Caught caught;
  SECTION("no socket") {
    CHECK(status(folder / "none", caught.text()) == exit_trouble);
    CHECK(caught.err.str().contains("systemctl start mtastsd"));
  }
  SECTION("too long a path") {
    CHECK(status(folder / std::string(200, 'x'), caught.text()) == exit_trouble);
    CHECK(caught.err.str().contains("shorten"));
  }
  SECTION("no JSON") {
    FakeDaemon daemon(folder / "s", "HTTP/1.1 400 Bad Request\r\n");
    CHECK(status(folder / "s", caught.text()) == exit_trouble);
    CHECK(caught.err.str().contains("does not answer as mtastsd does"));
  }
  SECTION("no reply") {
    FakeDaemon daemon(folder / "s", "");
    CHECK(status(folder / "s", caught.text()) == exit_trouble);
  }
  SECTION("an error of the daemon") {
    FakeDaemon daemon(folder / "s", "{\"error\":\"unknown verb; this mtastsd knows: none\"}\n");
    CHECK(status(folder / "s", caught.text()) == exit_trouble);
    CHECK(caught.err.str().contains("this mtastsd knows"));
  }
  SECTION("a reply without an end") {
    FakeDaemon daemon(folder / "s", std::string(3 << 20, 'x'));
    CHECK(status(folder / "s", caught.text()) == exit_trouble);
  }
}

TEST_CASE("the time for an answer is limited", "[cli]") {
  test::Folder folder;
  FakeDaemon daemon(folder / "s", "silence");
  auto answer = ask_daemon(folder / "s", ControlVerb::status, 100ms);
  REQUIRE(!answer);
  CHECK(answer.error().fault == Fault::timeout);
}

}  // namespace mtasts
