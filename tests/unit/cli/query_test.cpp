// query against a fake daemon, a thread in this process that sends the replies it is given.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <memory>

#include "cli/commands.hpp"
#include "conf/values.hpp"
#include "core/netstring.hpp"
#include "service/client/socketmap_client.hpp"
#include "tests/unit/cli/support.hpp"
#include "tests/unit/service/fake_daemon.hpp"

using namespace std::chrono_literals;

namespace mtasts {
namespace {

using test::Caught;
using test::FakeSocketmap;

std::string framed(std::string_view payload) {
  std::string out;
  append_netstring(out, payload);
  return out;
}

const std::string secure = "OK secure match=mx.example.com servername=hostname";
// The object of the json map, with these replies.
std::string object_with(const std::string& replies) {
  return R"({"domain":"example.com","decision":"secure","reason":"enforce policy","detail":"","source":"cache",)"
         R"("replies":)" +
         replies + "}";
}
const std::string object = object_with(R"({"postfix":")" + secure + R"(","postfix310":"TEMP too long"})");

}  // namespace

TEST_CASE("query prints the reply exactly, and the reason below, from one answer", "[cli]") {
  test::Folder folder;
  FakeSocketmap daemon(folder / "s", {{"postfix example.com", framed("TEMP asked twice")},
                                      {"json example.com", framed("OK " + object)}});
  Caught caught;
  CHECK(query({daemon.endpoint()}, {{"example.com", {}}, "", 5s}, caught.text()) == exit_ok);
  CHECK(caught.out.str() == secure + "\nenforce policy (cache)\n");
  CHECK(caught.err.str().empty());
}

TEST_CASE("SM-7: query asks for the reply itself when the object is too long to hold it", "[cli]") {
  struct Row {
    std::string explained, want;
  };
  for (const Row& row : {Row{"OK " + object_with("null"), secure + "\nenforce policy (cache)\n"},
                         Row{"TEMP the JSON answer is too long", secure + "\n"}}) {
    INFO(row.explained);
    test::Folder folder;
    FakeSocketmap daemon(
        folder / "s", {{"postfix example.com", framed(secure)}, {"json example.com", framed(row.explained)}});
    Caught caught;
    CHECK(query({daemon.endpoint()}, {{"example.com", {}}, "", 5s}, caught.text()) == exit_ok);
    CHECK(caught.out.str() == row.want);
  }
}

TEST_CASE("query --map prints that reply alone; NOTFOUND is an answer", "[cli]") {
  test::Folder folder;
  FakeSocketmap daemon(folder / "s", {{"postfix310/partners [mx.example.com]:587", framed("NOTFOUND ")}});
  Caught caught;
  CHECK(query({daemon.endpoint()}, {{"[mx.example.com]:587", {}}, "postfix310/partners", 5s},
              caught.text()) == exit_ok);
  CHECK(caught.out.str() == "NOTFOUND \n");
}

TEST_CASE("SM-5: TEMP and PERM are exit 1", "[cli]") {
  for (const std::string reply : {"TEMP MX example.com: timeout", "PERM unknown map name 'x': use postfix"}) {
    test::Folder folder;
    FakeSocketmap daemon(folder / "s", {{"x example.com", framed(reply)}});
    Caught caught;
    CHECK(query({daemon.endpoint()}, {{"example.com", {}}, "x", 5s}, caught.text()) == exit_no);
    CHECK(caught.out.str() == reply + "\n");
  }
}

TEST_CASE("query --json prints the json map's object, of the zone if there is one", "[cli]") {
  test::Folder folder;
  FakeSocketmap daemon(folder / "s", {{"json/partners example.com", framed("OK " + object)}});
  Caught caught;
  CHECK(query({daemon.endpoint()}, {{"example.com", {}}, "postfix/partners", 5s}, caught.json()) == exit_ok);
  CHECK(caught.out.str() == object + "\n");
}

TEST_CASE("query: the exit code is that of the dialect asked for, in text and JSON alike", "[cli]") {
  const std::string deferred = object_with(R"({"postfix":"TEMP x","postfix310":"NOTFOUND "})");
  struct Row {
    std::string map, explained;
    int want;
  };
  for (const Row& row : {Row{"", "OK " + object, exit_ok}, Row{"postfix310", "OK " + object, exit_no},
                         Row{"", "OK " + deferred, exit_no}, Row{"postfix", "OK " + deferred, exit_no},
                         Row{"postfix310", "OK " + deferred, exit_ok}, Row{"json", "OK " + deferred, exit_no},
                         Row{"", "OK " + object_with("null"), exit_no},
                         Row{"json", "OK " + object_with("null"), exit_no}, Row{"", "TEMP x", exit_no}}) {
    INFO(row.map << ": " << row.explained);
    auto reply = row.map == "postfix310" && row.explained.contains("NOTFOUND") ? "NOTFOUND " : "TEMP x";
    test::Folder folder;
    auto daemon = [&](const std::string& name) {
      return std::make_unique<FakeSocketmap>(
          folder / name, std::map<std::string, std::string>{{"json example.com", framed(row.explained)},
                                                            {"postfix example.com", framed("TEMP x")},
                                                            {"postfix310 example.com", framed(reply)}});
    };
    auto first = daemon("1"), second = daemon("2");
    Caught text, json;
    CHECK(query({first->endpoint()}, {{"example.com", {}}, row.map, 5s}, text.text()) == row.want);
    CHECK(query({second->endpoint()}, {{"example.com", {}}, row.map, 5s}, json.json()) == row.want);
    CHECK(boost::json::parse(json.out.str()).is_object());
  }
}

TEST_CASE("query --json: a reply without an object is still JSON", "[cli]") {
  struct Row {
    std::string reply;
    int want;
  };
  for (const Row& row : {Row{"TEMP x", exit_no}, Row{"PERM x", exit_no}, Row{"OK {", exit_trouble},
                         Row{"OK []", exit_trouble}, Row{"NOTFOUND ", exit_trouble}}) {
    INFO(row.reply);
    test::Folder folder;
    FakeSocketmap daemon(folder / "s", {{"json example.com", framed(row.reply)}});
    Caught caught;
    CHECK(query({daemon.endpoint()}, {{"example.com", {}}, "", 5s}, caught.json()) == row.want);
    CHECK(boost::json::parse(caught.out.str()).at("error") == boost::json::string(row.reply));
  }
}

TEST_CASE("query --json: maps without an object are asked as they are", "[cli]") {
  struct Row {
    std::string map, reply, want;
    int code;
  };
  for (const Row& row :
       {Row{"prefetch", "OK queued", R"({"reply":"OK queued"})", exit_ok},
        Row{"prefetch/partners", "OK cached", R"({"reply":"OK cached"})", exit_ok},
        Row{"postfx", "PERM unknown map name", R"({"error":"PERM unknown map name"})", exit_no},
        Row{"postfix/BIG", "PERM unknown map name", R"({"error":"PERM unknown map name"})", exit_no}}) {
    INFO(row.map);
    test::Folder folder;
    FakeSocketmap daemon(folder / "s", {{row.map + " example.com", framed(row.reply)}});
    Caught caught;
    CHECK(query({daemon.endpoint()}, {{"example.com", {}}, row.map, 5s}, caught.json()) == row.code);
    CHECK(caught.out.str() == row.want + "\n");
  }
}

TEST_CASE("query waits longer than the daemon may take, in the zone asked for", "[cli]") {
  Config config;
  config.policy.answer_timeout = 8s;
  config.zones["slow"].answer_timeout = 90s;
  config.zones["fast"].answer_timeout = 1s;
  CHECK(query_limit(config, "") == 10s);
  CHECK(query_limit(config, "postfix/fast") == 10s);
  CHECK(query_limit(config, "json/slow") == 92s);
  config.policy.answer_timeout = 20s;
  CHECK(query_limit(config, "postfix") == 22s);
  CHECK(query_limit(config, "postfix/none") == 22s);
}

TEST_CASE("SM-1, SM-14: anything but a socketmap reply is refused", "[cli]") {
  for (const std::string raw : {"HTTP/1.0 400 Bad Request\r\n", "5:OK xy;", "1:,;", "200000:", "-1:x,"}) {
    INFO(raw);
    test::Folder folder;
    FakeSocketmap daemon(folder / "s", {{"postfix example.com", raw}});
    Caught caught;
    CHECK(query({daemon.endpoint()}, {{"example.com", {}}, "postfix", 60s}, caught.text()) == exit_trouble);
    CHECK(caught.out.str().empty());
    CHECK(caught.err.str().contains(folder / "s"));
  }
}

TEST_CASE("hostile bytes of a reply do not reach the terminal", "[cli]") {
  test::Folder folder;
  FakeSocketmap daemon(folder / "s", {{"postfix example.com", framed("TEMP \x1b[2J\n\xc2\x9b")},
                                      {"json example.com", framed("OK {\"reason\":\"\\u001b[2J\\u009b\"}")}});
  Caught caught;
  CHECK(query({daemon.endpoint()}, {{"example.com", {}}, "", 5s}, caught.text()) == exit_no);
  CHECK(caught.out.str() == "TEMP \\x1b[2J\\x0a\\xc2\\x9b\n\\x1b[2J\\xc2\\x9b\n");
}

TEST_CASE("query gives up in time if the daemon does not answer", "[cli]") {
  test::Folder folder;
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  std::string path = folder / "s";
  SocketAddress address = socket_address(unix_endpoint(path));
  REQUIRE(bind(listener, address.get(), address.size) == 0);
  REQUIRE(listen(listener, 1) == 0);
  Caught caught;
  CHECK(query({unix_endpoint(path)}, {{"example.com", {}}, "", 200ms}, caught.text()) == exit_trouble);
  CHECK(caught.err.str().contains("no answer from unix:" + path +
                                  " in time (200ms); mtastsd runs but did not answer, see its log"));
  CHECK_FALSE(caught.err.str().contains("check that mtastsd runs"));
  close(listener);
}

TEST_CASE("query asks the first endpoint that can be reached; if none can, the error names all", "[cli]") {
  test::Folder folder;
  Endpoint nobody = unix_endpoint(folder / "nobody");
  Endpoint closed = *read_endpoint("inet:127.0.0.1:1");
  FakeSocketmap daemon(folder / "s", {{"postfix example.com", framed(secure)}});
  Caught reached, lost;
  CHECK(query({nobody, closed, daemon.endpoint()}, {{"example.com", {}}, "postfix", 5s}, reached.text()) ==
        exit_ok);
  CHECK(reached.out.str() == secure + "\n");
  CHECK(query({nobody, closed}, {{"example.com", {}}, "postfix", 5s}, lost.text()) == exit_trouble);
  CHECK(lost.err.str().contains("unix:" + (folder / "nobody") + " (No such file or directory)"));
  CHECK(lost.err.str().contains("inet:127.0.0.1:1 ("));
  CHECK(lost.err.str().contains("check that mtastsd runs"));
}

TEST_CASE("SM-2: a map name with a blank or a control character is not sent", "[cli]") {
  for (const char* map : {"postfix x", "postfix\n",
                          "post\x7f"
                          "fix"}) {
    Caught caught;
    CHECK(query({}, {{"example.com", {}}, map, 1s}, caught.text()) == exit_trouble);
    CHECK(caught.err.str().contains("has a blank or a control character"));
  }
}

TEST_CASE("query --json: every object says how the next hop was understood, if not as written", "[cli]") {
  struct Row {
    std::string map, reply;
  };
  for (const Row& row :
       {Row{"postfix", "OK " + object}, Row{"postfix", "TEMP x"}, Row{"prefetch", "OK queued"}}) {
    INFO(row.map << ": " << row.reply);
    auto key = std::string(row.map == "prefetch" ? "prefetch" : "json") + " example.com";
    test::Folder folder;
    FakeSocketmap daemon(folder / "s", {{key, framed(row.reply)}});
    Caught caught;
    query({daemon.endpoint()}, {{"example.com", "note"}, row.map, 5s}, caught.json());
    CHECK(boost::json::parse(caught.out.str()).at("understood_as") == "example.com");
    CHECK(caught.err.str().empty());
  }
}

}  // namespace mtasts
