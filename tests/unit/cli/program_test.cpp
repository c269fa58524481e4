// The program itself: its command line, its exit codes, its streams.
#include <sys/wait.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "tests/unit/cli/support.hpp"

namespace mtasts {
namespace {

struct Outcome {
  int code = -1;
  std::string out;
};

// before and arguments are shell text; stderr is caught only if they redirect it.
Outcome run(const std::string& before, const std::string& arguments) {
  Outcome outcome;
  std::FILE* pipe = popen((before + MTASTSCTL + " " + arguments).c_str(), "r");
  REQUIRE(pipe != nullptr);
  char part[4096];
  for (std::size_t count; (count = std::fread(part, 1, sizeof part, pipe)) > 0;)
    outcome.out.append(part, count);
  int status = pclose(pipe);
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  return outcome;
}

Outcome run(const std::string& arguments) { return run("", arguments); }

}  // namespace

TEST_CASE("exit codes: 0 yes, 1 no, 2 not done", "[cli]") {
  struct Row {
    const char* arguments;
    int want;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"lint record 'v=STSv1; id=1;'", 0},
      {"lint record 'v=STSv1; id=;'", 1},
      {"lint record 'v=spf1 -all'", 1},
      {"lint record a b 'v=STSv1; id=1;'", 0},
      {"lint record '[v=STSv1; id=1]'", 1},
      {"lint record policy", 1},
      {"lint record", 2},
      {"lint", 2},
      {"lint tlsrpt 'v=TLSRPTv1; rua=mailto:t@a.example'", 0},
      {"lint tlsrpt 'v=TLSRPTv1; rua=t@a.example'", 1},
      {"lint tlsrpt x", 1},
      {"lint tlsrpt", 2},
      {"lint tlsrpt - </dev/null", 2},
      {"lint tlsrpt --help", 0},
      {"lint spf x", 2},
      {"generate a.example --mx mx.a.example --no-network", 0},
      {"generate --no-network a.example --mx mx.a.example,mx2.a.example --mode enforce --json", 0},
      {"generate --no-network --mx mx.a.example a.example --mode testing", 0},
      {"generate --no-network a.example --mx mx.a.example mx2.a.example", 2},
      {"generate --no-network --mx=mx.a.example --mx=mx2.a.example --rua=mailto:t@b.example a.example", 0},
      {"--config /nonexistent generate --no-network a.example --mx mx.a.example", 0},
      {"--config /nonexistent generate a.example --mx mx.a.example", 2},
      {"generate a.example --no-network", 2},
      {"generate a.example --no-network --mx=", 2},
      {"generate a.example --no-network --mx mx.a.example --mode none", 2},
      {"generate a.example --no-network --mx mx.a.example --timeout 5s", 2},
      {"generate a.example --timeout 0s", 2},
      {"generate 192.0.2.1", 2},
      {"generate --no-network --mx mx.a.example", 2},
      {"lint tlsa 3 1 1 0000000000000000000000000000000000000000000000000000000000000000", 0},
      {"lint tlsa '3 1 1 00'", 1},
      {"lint tlsa", 2},
      {"explain", 2},
      {"explain --map", 2},
      {"--config /nonexistent explain a.example", 2},
      {"explain --offline /nonexistent", 2},
      {"explain --offline=", 2},
      {"explain --offline a --save b", 2},
      {"--config /dev/null explain a.example --map nosuch", 2},
      {"explain 192.0.2.1", 2},
      {"explain '[192.0.2.1]'", 2},
      {"explain ''", 2},
      {"query 192.0.2.1", 2},
      {"query '[192.0.2.1]'", 2},
      {"query ''", 2},
      {"show 192.0.2.1", 2},
      {"show ''", 2},
      {"show '[a.example]:25'", 2},
      {"echo", 2},
      {"echo --help", 2},
      {"--help echo", 2},
      {"--config /dev/null statsu", 2},
      {"status --help", 0},
      {"--control /nonexistent/s status", 2},
      {"--config /nonexistent status --control=/nonexistent/s", 2},
      {"query a.example --at nowhere", 2},
      {"--config /nonexistent query a.example --at unix:/nonexistent/s", 2},
      {"", 2},
      {"match '*.example.com' mx.example.com", 0},
      {"match '*.example.com' example.com", 1},
      {"match '*.example.com' 'b a d'", 1},
      {"match '*.example.com'", 2},
      {"match a b c", 2},
      {"codes", 0},
      {"codes mx-missing", 0},
      {"codes mx-missing --json", 0},
      {"codes --markdown", 0},
      {"codes --markdown mx-missing", 2},
      {"codes mx-mising", 2},
      {"codes mx-missing no-key", 2},
      {"--config /nonexistent codes", 0},
      {"lint policy /nonexistent/policy", 2},
      {"lint policy - --status 0 </dev/null", 1},
      {"lint policy - --status 999 </dev/null", 1},
      {"lint policy - --status 1000 </dev/null", 2},
      {"lint policy - --status=-1 </dev/null", 2},
      {"lint policy - </dev/null", 1},
      {"lint policy - --domain a.example </dev/null", 1},
      {"lint policy - --domain= </dev/null", 2},
      {"lint policy - --domain 192.0.2.1 </dev/null", 2},
      {"lint policy - --timeout 5s </dev/null", 2},
      {"lint record - </dev/null", 2},
      {"--config /nonexistent list", 2},
      {"--config /nonexistent match a.example a.example", 0},
      {"list --mode strict", 2},
      {"--config /dev/null list --expiring soon", 2},
      {"--color blue match a b", 2},
      {"--version", 0},
      {"--help", 0},
      {"lint record --help", 0},
  }));
  INFO(row.arguments);
  CHECK(run(std::string(row.arguments) + " 2>/dev/null").code == row.want);
}

TEST_CASE("check and smtp end with 3 where other verbs end with 2", "[cli]") {
  struct Row {
    const char* arguments;
    int want;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"check", 3},
      {"--json check", 3},
      {"--bogus check a.example", 3},
      {"--config check status", 2},  // the file is called so
      {"check a.example b.example", 3},
      {"check a.example --bogus", 3},
      {"check 192.0.2.1", 3},
      {"check ''", 3},
      {"check '[a.example]:25'", 3},
      {"check a.example --timeout soon", 3},
      {"check a.example --timeout 999ms", 3},
      {"check a.example --timeout 11m", 3},
      {"check a.example --warn-days=-1", 3},
      {"check a.example --warn-days many", 3},
      {"--config /dev/null check a.example --postfix new", 3},
      {"--config /dev/null check a.example --ignore nosuch", 3},
      {"--config /nonexistent check a.example", 3},
      {"check --offline /nonexistent", 3},
      {"check --offline /dev/null", 3},
      {"check 192.0.2.1 --offline /dev/null", 3},
      {"check a.example --save x --offline y", 3},
      {"check --file /nonexistent", 3},
      {"--config /dev/null check --file /dev/null", 3},
      {"--config /dev/null check a.example --file /dev/null", 3},
      {"--config /dev/null check --file - </dev/null", 3},
      {"check --file x --nagios", 3},
      {"check --watch 10m", 3},
      {"check a.example --watch=", 3},
      {"check --watch= a.example", 3},
      {"check 192.0.2.1 --watch 10m", 3},
      {"--config /nonexistent check a.example --watch 10m", 3},
      {"--config /dev/null check a.example --watch 10m --timeout 0s", 3},
      {"--config /dev/null check a.example --watch 10m --ignore nosuch", 3},
      {"check --file x --save y", 3},
      {"check --file x --offline y", 3},
      {"smtp", 3},
      {"smtp a.example b.example", 3},
      {"smtp 192.0.2.1", 3},
      {"smtp a.example --ports 0", 3},
      {"smtp a.example --ports 65536", 3},
      {"smtp a.example --ports 25,x", 3},
      {"smtp a.example --timeout 0s", 3},
      {"smtp a.example --postfix 3.10", 3},
      {"--config /dev/null smtp a.example --ignore nosuch", 3},
      {"--config /nonexistent smtp a.example", 3},
      {"check --help", 0},
      {"smtp --help", 0},
  }));
  INFO(row.arguments);
  CHECK(run(std::string(row.arguments) + " >/dev/null 2>&1").code == row.want);
}

TEST_CASE("an option of check and smtp does not take the domain behind its value", "[cli]") {
  auto refused = [](const std::string& arguments) {
    return run("--config /nonexistent " + arguments + " 2>&1").out;
  };
  for (const char* arguments :
       {"check --ignore mx-missing a.example --timeout 5s", "smtp --ignore mx-missing a.example --timeout 5s",
        "check --ignore mx-missing --ignore mx-is-address a.example",
        "smtp --ports 25 a.example --timeout 5s", "check --ignore mx-missing,mx-is-address a.example",
        "smtp --ports 25,465 --ports 587 a.example", "check --postfix= a.example",
        "check --file= a.example"}) {
    INFO(arguments);
    CHECK(refused(arguments).contains("/nonexistent"));  // it came as far as the configuration
  }
  CHECK(refused("check --timeout= a.example").contains("--timeout takes a number"));
  CHECK(refused("smtp --ports= a.example").contains("--ports: "));
}

TEST_CASE("wrong usage is told to monitoring", "[cli]") {
  for (const char* arguments :
       {"check --nagios", "check a.example b.example --nagios", "check --nagios a.example --bogus",
        "check --nagios --file x a.example", "smtp --nagios", "smtp a.example --nagios --ports x",
        "check 192.0.2.1 --nagios", "--config /nonexistent check a.example --nagios"}) {
    INFO(arguments);
    auto outcome = run(std::string(arguments) + " 2>/dev/null");
    CHECK(outcome.code == 3);
    CHECK(outcome.out.starts_with("MTA-STS UNKNOWN: "));
    CHECK(std::ranges::count(outcome.out, '\n') == 1);
  }
  CHECK(run("check a.example --bogus 2>/dev/null").out.empty());
  CHECK(run("codes --nagios 2>/dev/null").out.empty());
}

TEST_CASE("a file that can't be written is refused before anything is asked", "[cli]") {
  for (const char* verb : {"check", "explain"}) {
    auto outcome =
        run(std::string("--config /dev/null ") + verb + " a.example --save /nonexistent/x 2>&1 >/dev/null");
    CHECK(outcome.out.contains("/nonexistent/x cannot be written"));
    CHECK(outcome.code == (verb == std::string_view("check") ? 3 : 2));
  }
}

TEST_CASE("check says what is wrong with its options", "[cli]") {
  CHECK(run("--config /dev/null check a.example --ignore mx-mising 2>&1")
            .out.ends_with("mtastsctl: there is no code \"mx-mising\"; mtastsctl codes lists them\n"));
  CHECK(run("--config /dev/null check a.example --postfix new 2>&1")
            .out.ends_with("mtastsctl: \"new\" is not a version of Postfix; write it as 3.10\n"));
  CHECK(run("check 2>&1").out ==
        "mtastsctl: check needs a domain, for example: mtastsctl check example.com\n");
  CHECK(run("printf '# none\\n\\n \\t\\n192.0.2.1\\n' | ", "--config /dev/null check --file - 2>&1")
            .out.ends_with("mtastsctl: the list has no domain; write one on each line\n"));
  struct Row {
    const char *options, *says;
  };
  for (const Row& row :
       {Row{"--watch soon", "--watch takes a number followed by s, m, h or d, from 10s to 1d"},
        Row{"--watch 9999ms", "--watch takes a number"}, Row{"--watch 25h", "--watch takes a number"},
        Row{"--watch 10s --nagios", "monitoring runs a check by itself"},
        Row{"--watch 10s --save x", "--watch makes many checks, and --save keeps one"},
        Row{"--watch 10s --offline x", "--watch asks the network, and --offline does not"},
        Row{"--watch 10s --file x", "--watch checks one domain, not a list"}}) {
    INFO(row.options);
    auto refused = run(std::string("--config /dev/null check a.example ") + row.options + " 2>&1 >/dev/null");
    CHECK(refused.code == 3);
    CHECK(refused.out.starts_with(std::string("mtastsctl: ") + row.says));
  }
  CHECK(run("check 192.0.2.1 --nagios 2>/dev/null")
            .out.starts_with("MTA-STS UNKNOWN: \"192.0.2.1\" names an IP address"));
}

TEST_CASE("check --offline refuses what explain has saved", "[cli]") {
  test::Folder folder;
  std::ofstream(folder / "f.toml") << "[dns]\nprivate = [\"example\"]\n";  // so that nothing is looked up
  std::string file = folder / "trace";
  REQUIRE(
      run("--config " + (folder / "f.toml") + " explain a.example --save " + file + " 2>/dev/null").code ==
      0);
  auto outcome = run("check --offline " + file + " 2>&1");
  CHECK(outcome.code == 3);
  CHECK(outcome.out ==
        "mtastsctl: " + file + " was saved by explain; replay it with mtastsctl explain --offline\n");
}

TEST_CASE("explain --save: exit 2 if the file can't be written", "[cli]") {
  test::Folder folder;
  std::ofstream(folder / "f.toml") << "[dns]\nprivate = [\"example\"]\n";  // so that nothing is looked up
  auto explain = [&](const std::string& options) {
    return run("--config " + (folder / "f.toml") + " explain a.example " + options + " 2>/dev/null").code;
  };
  CHECK(explain("") == 0);
  CHECK(explain("--save " + (folder / "trace")) == 0);
  CHECK(explain("--save /dev/null") == 2);
  CHECK(explain("--save=") == 2);
}

TEST_CASE("every verb about a domain says how it understood the argument, and what it refuses", "[cli]") {
  test::Folder folder;
  std::ofstream(folder / "f.toml") << "[dns]\nprivate = [\"example\"]\n[cache]\npath = \""
                                   << (folder / "none") << "\"\n";
  const std::string note = "mtastsctl: note: \"Bob@A.example.\" is understood as a.example\n";
  for (const std::string verb : {"explain", "show", "query --at unix:/nonexistent/s"}) {
    INFO(verb);
    auto said = [&](const std::string& rest) {
      return run("--config " + (folder / "f.toml") + " " + verb + " " + rest + " 2>&1").out;
    };
    CHECK(said("Bob@A.example.").starts_with(note));
    CHECK_FALSE(said("a.example").contains("understood"));
    CHECK_FALSE(said("Bob@A.example. --json").contains("understood as"));
    CHECK(
        said("192.0.2.1").starts_with("mtastsctl: \"192.0.2.1\" names an IP address, which has no policy; "));
  }
  auto object = run("--config " + (folder / "f.toml") + " --json explain Bob@A.example. 2>/dev/null").out;
  CHECK(boost::json::parse(object).at("understood_as") == "a.example");
  CHECK(boost::json::parse(object).at("next_hop").at("asked") == "a.example");
}

TEST_CASE("an unknown verb is quoted, with the nearest one", "[cli]") {
  CHECK(run("statsu 2>&1").out == "mtastsctl: there is no verb \"statsu\"; did you mean \"status\"?\n");
  CHECK(run("--json frobnicate --help 2>&1").out ==
        "mtastsctl: there is no verb \"frobnicate\"; mtastsctl --help lists them\n");
}

TEST_CASE("a broken file does not hide the daemon", "[cli]") {
  test::Folder folder;
  std::ofstream(folder / "f.toml") << "[listen\n";
  auto status = run("--config " + (folder / "f.toml") + " --control " + (folder / "s") + " status 2>&1");
  CHECK(status.code == 2);
  CHECK(status.out.starts_with("mtastsctl: mtastsd can't be reached at " + (folder / "s")));
  auto without = run("--config " + (folder / "f.toml") + " status 2>&1");
  CHECK(
      without.out.starts_with("mtastsctl: the configuration can't be used, so mtastsctl tries the default"));
  auto query =
      run("--config " + (folder / "f.toml") + " query a.example --at unix:" + (folder / "p") + " 2>&1");
  CHECK(query.code == 2);
  CHECK_FALSE(query.out.contains("configuration can't be used"));
}

TEST_CASE("the option --json may stand anywhere", "[cli]") {
  for (const char* arguments :
       {"--json lint record 'v=STSv1; id=1;'", "lint --json record 'v=STSv1; id=1;'",
        "lint record --json 'v=STSv1; id=1;'", "lint record 'v=STSv1; id=1;' --json"}) {
    INFO(arguments);
    auto outcome = run(arguments);
    CHECK(outcome.code == 0);
    CHECK(outcome.out == "{\"verdict\":\"valid\",\"id\":\"1\",\"findings\":[]}\n");
  }
  CHECK(run("match --json a.example b.example").out == "{\"match\":false}\n");
}

TEST_CASE("lint policy reads files and stdin byte for byte", "[cli]") {
  test::Folder folder;
  std::ofstream(folder / "good") << "version: STSv1\r\nmode: none\r\nmax_age: 60\r\n";
  std::ofstream(folder / "nul") << std::string("version: STSv1\nmode: none\nmax_age: 60\nx: \0\n", 44);
  std::ofstream(folder / "long") << "version: STSv1\nmode: none\nmax_age: 60\nx: " << std::string(70'000, 'y')
                                 << "\n";
  auto good = run("lint policy --json " + (folder / "good"));
  CHECK(good.code == 0);
  CHECK(boost::json::parse(good.out).at("max_age") == 60);
  CHECK(run("lint policy - < " + (folder / "good")).code == 0);
  CHECK(run("lint policy " + (folder / "nul")).code == 1);
  CHECK(run("lint policy " + (folder / "long")).code == 1);
  CHECK(run("lint policy --status 404 --content-type text/plain " + (folder / "good")).code == 1);
  CHECK(run("lint policy --status 200 --content-type '' " + (folder / "good")).code == 1);
  CHECK(run("lint policy --status 200 --content-type= " + (folder / "good")).code == 1);
  CHECK(run("lint policy --status 200 --content-type= --json " + (folder / "good"))
            .out.contains("\"content-type"));
  CHECK(
      run("lint policy --status 200 --content-type 'text/plain; charset=utf-8' " + (folder / "good")).code ==
      0);
}

TEST_CASE("lint record - takes octets that no shell can pass", "[cli]") {
  auto outcome = run(R"(lint record --json - <<'END'
["v=STSv1; id=1\u0000;"]
END
)");
  CHECK(outcome.code == 1);
  CHECK(boost::json::parse(outcome.out).at("verdict") == "invalid");
}

TEST_CASE("lint record - takes octets that are not valid UTF-8", "[cli]") {
  auto outcome = run(R"(printf '["v=STSv1; id=1;", "x\377"]' | )", "lint record --json -");
  CHECK(outcome.code == 0);
  CHECK(boost::json::parse(outcome.out).at("verdict") == "valid");
}

TEST_CASE("lint tlsrpt - takes octets that no shell can pass", "[cli]") {
  auto outcome = run(R"(lint tlsrpt --json - <<'END'
["v=spf1", "v=TLSRPTv1; rua=mailto:t@a.example", "v=TLSRPTv1; rua=mailto:\u0000"]
END
)");
  CHECK(outcome.code == 1);
  CHECK(outcome.out.contains("\"tlsrpt-multiple\""));
  CHECK(run("lint tlsrpt '[v=TLSRPTv1; rua=mailto:t@a.example]'").out.starts_with("verdict  none\n"));
}

TEST_CASE("help fits into 80 columns", "[cli]") {
  for (const char* verb : {"", "query", "explain", "check", "smtp", "list", "show", "lint", "lint record",
                           "lint policy", "lint tlsa", "lint tlsrpt", "match", "generate"}) {
    INFO(verb);
    std::istringstream lines(run(std::string(verb) + " --help").out);
    for (std::string line; std::getline(lines, line);) {
      INFO(line);
      CHECK(line.size() <= 80);
    }
  }
}

TEST_CASE("errors go to stderr, JSON to stdout", "[cli]") {
  CHECK(run("--json lint policy /nonexistent 2>/dev/null").out.empty());
  CHECK(run("--json lint policy /nonexistent 2>&1")
            .out.starts_with("mtastsctl: /nonexistent cannot be read: No such file"));
  CHECK(run("--color always match a.example a.example").out == "\x1b[32mmatch\x1b[0m\n");
  CHECK(run("match a.example a.example").out == "match\n");
}

TEST_CASE("an error in the configuration comes with file, line and key", "[cli]") {
  test::Folder folder;
  std::ofstream(folder / "bad.toml") << "[listen]\nworkers = -1\n";
  auto outcome = run("list --config " + (folder / "bad.toml") + " 2>&1");
  CHECK(outcome.code == 2);
  CHECK(outcome.out.contains((folder / "bad.toml") + ":2: listen.workers: -1 is out of range"));
}

TEST_CASE("words of the configuration mean the same here as in the daemon", "[cli]") {
  test::Folder folder;
  std::ofstream(folder / "words.toml")
      << "[policy]\npostfix_dane = \"auto\"\non_dnssec_down = \"temp\"\npartial_dane = \"dane-only\"\n"
      << "[dns]\nprivate = [\"example\"]\n";  // so that nothing is looked up
  auto outcome = run("--json explain a.example --config " + (folder / "words.toml") + " 2>/dev/null");
  CHECK(outcome.code == 0);
  CHECK(boost::json::parse(outcome.out).at("rules").at("partial_dane") == "dane-only");
}

TEST_CASE("exit 2 if the output can't be written", "[cli]") {
  CHECK(run("match a.example a.example 2>&1 >/dev/full").code == 2);
}

}  // namespace mtasts
