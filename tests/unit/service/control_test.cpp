#include "service/control.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
#include <string>

namespace mtasts {
namespace {

namespace json = boost::json;

boost::asio::awaitable<json::object> echo(json::object request) {
  co_return json::object{{"got", std::move(request)}};
}

boost::asio::awaitable<json::object> broken(json::object) {
  throw std::runtime_error("no memory");
  co_return json::object{};
}

struct Bench {
  Bench() {
    control.on("echo", echo);
    control.on("broken", broken);
    control.start();
  }
  // Connects; Control serves the other end.
  int connect() {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    control.adopt(pair[0]);
    return pair[1];
  }
  // Returns what comes back until the connection ends.
  std::string talk(const std::string& request) {
    int end = connect();
    CHECK(::send(end, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
    return rest(end);
  }
  static std::string rest(int end) {
    std::string text;
    char part[1024];
    for (ssize_t size; (size = ::recv(end, part, sizeof part, 0)) > 0;)
      text.append(part, static_cast<std::size_t>(size));
    ::close(end);
    return text;
  }

  Log log{LogConfig{.level = LogConfig::Level::error}};
  Control control{log};
};

}  // namespace

TEST_CASE("control: one line in, one line out, then the connection ends", "[daemon]") {
  Bench bench;
  CHECK(bench.talk("{\"verb\":\"echo\",\"a\":1}\n") == "{\"got\":{\"verb\":\"echo\",\"a\":1}}\n");
}

TEST_CASE("control: a malformed request gets an error in JSON", "[daemon]") {
  struct Row {
    const char* why;
    std::string request;
    const char* words;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"no JSON", "status\n", "not a JSON object"},
      {"no object", "[\"status\"]\n", "not a JSON object"},
      {"an empty line", "\n", "not a JSON object"},
      {"two objects", "{\"verb\":\"echo\"}{}\n", "not a JSON object"},
      {"deep", std::string(2000, '[') + "\n", "not a JSON object"},
      {"not valid UTF-8", "{\"verb\":\"\xff\"}\n", "not a JSON object"},
      {"no verb", "{}\n", "this mtastsd knows: broken, echo"},
      {"unknown verb", "{\"verb\":\"halt\"}\n", "unknown verb"},
      {"verb is a number", "{\"verb\":1}\n", "unknown verb"},
      {"too long", std::string(5000, ' ') + "\n", "longer than 4096 octets"},
  }));
  INFO(row.why);
  Bench bench;
  auto reply = bench.talk(row.request);
  REQUIRE(reply.ends_with('\n'));
  auto error = json::parse(reply).as_object().at("error").as_string();
  CHECK(std::string_view(error.data(), error.size()).contains(row.words));
}

TEST_CASE("control: a client that sends nothing, or half a line, or fails, harms no other", "[daemon]") {
  Bench bench;
  int silent = bench.connect();
  int half = bench.connect();
  CHECK(::send(half, "{\"verb\"", 7, MSG_NOSIGNAL) == 7);
  ::shutdown(half, SHUT_WR);
  CHECK(Bench::rest(half).empty());
  CHECK(bench.talk("{\"verb\":\"broken\"}\n").empty());
  CHECK(bench.talk("{\"verb\":\"echo\"}\n") == "{\"got\":{\"verb\":\"echo\"}}\n");
  ::close(silent);
}

TEST_CASE("control: silent clients make room for new ones, the longest silent first", "[daemon]") {
  Bench bench;
  std::vector<int> silent;
  for (int i = 0; i < 200; ++i) silent.push_back(bench.connect());
  CHECK(bench.talk("{\"verb\":\"echo\"}\n") == "{\"got\":{\"verb\":\"echo\"}}\n");
  CHECK(Bench::rest(silent.front()).empty());
  CHECK(::send(silent.back(), "{\"verb\":\"echo\"}\n", 16, MSG_NOSIGNAL) == 16);
  CHECK(Bench::rest(silent.back()) == "{\"got\":{\"verb\":\"echo\"}}\n");
  for (std::size_t i = 1; i + 1 < silent.size(); ++i) ::close(silent[i]);
}

TEST_CASE("control: stopped with conversations open", "[daemon]") {
  Bench bench;
  int end = bench.connect();
  bench.control.stop();
  ::close(end);
}

}  // namespace mtasts
