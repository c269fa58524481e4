// The small parts of the daemon: log lines, cores, settings, listening sockets.
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "postfix-policy/listener.hpp"
#include "postfix-policy/log.hpp"
#include "setup/settings.hpp"
#include "sys/socket_address.hpp"

using namespace mtasts;
using namespace std::chrono_literals;

TEST_CASE("log lines are one printable line, in text and in JSON", "[log]") {
  using Format = LogConfig::Format;
  auto text = [](std::initializer_list<LogField> fields) {
    return format_event(Format::text, "T", Log::Level::info, "answer", fields);
  };
  CHECK(text({{"domain", "a.example"}, {"ms", std::int64_t{12}}}) == "T info answer domain=a.example ms=12");
  CHECK(text({{"answer", "OK secure"}}) == "T info answer answer=\"OK secure\"");
  CHECK(text({{"empty", ""}}) == "T info answer");
  CHECK(text({{"evil", "a\nb\"c"}}).find('\n') == std::string::npos);
  CHECK(text({{"path", "C:\\new \"x\""}}) == R"(T info answer path="C:\\new \"x\"")");
  CHECK(text({{"escape", "a\x01"}}) == R"(T info answer escape="a\\x01")");
  CHECK(text({{"mx", LogList{"a.example\n*.b.example"}}}) == "T info answer mx=a.example,*.b.example");
  CHECK(text({{"mx", LogList{""}}}) == "T info answer");
  CHECK(format_event(Format::json, "T", Log::Level::info, "policy",
                     {{"mx", LogList{"a.example\n*.b.example"}}}) ==
        R"({"time":"T","level":"info","event":"policy","mx":["a.example","*.b.example"]})");
  CHECK(text({{"long", std::string(5000, 'x')}}).size() < 1100);
  CHECK(format_event(Format::json, "T", Log::Level::warning, "fetch",
                     {{"reason", "a\"b"}, {"ms", std::int64_t{1}}}) ==
        R"({"time":"T","level":"warning","event":"fetch","reason":"a\"b","ms":1})");
}

TEST_CASE("settings: zones, and no wait longer than answer_timeout", "[settings]") {
  Config config;
  config.policy.first_fetch_wait = 20s;
  config.policy.answer_timeout = 8s;
  config.zones["lab"] = config.policy;
  config.zones["lab"].first_fetch_wait = 1s;
  auto settings = make_settings(config);
  CHECK(find_zone(*settings, "")->first_fetch_wait == 8s);
  CHECK(find_zone(*settings, "lab")->first_fetch_wait == 1s);
  CHECK(find_zone(*settings, "other") == nullptr);
}

namespace {

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/mtasts-listen-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Endpoint socket(const std::string& file = "policy.sock") const {
    Endpoint endpoint;
    endpoint.kind = Endpoint::Kind::unix_path;
    endpoint.path = path + "/" + file;
    return endpoint;
  }
};

mode_t mode_of_file(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777u : 0;
}

}  // namespace

TEST_CASE("a unix listener has the rights asked for and goes with its owner", "[listen]") {
  Folder folder;
  {
    auto listening = Listening::bind(folder.socket(), 0660, "");
    REQUIRE(listening);
    CHECK(mode_of_file(folder.socket().path) == 0660);
    auto second = Listening::bind(folder.socket(), 0660, "");
    REQUIRE_FALSE(second);
    CHECK(second.error().detail.find("another program listens there") != std::string::npos);
  }
  CHECK_FALSE(std::filesystem::exists(folder.socket().path));
}

TEST_CASE("an abandoned socket is replaced, anything else is left alone", "[listen]") {
  Folder folder;
  int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  SocketAddress address = socket_address(folder.socket());
  REQUIRE(::bind(fd, address.get(), address.size) == 0);
  ::close(fd);  // crashed: the path stays, nobody accepts
  CHECK(Listening::bind(folder.socket(), 0666, ""));

  std::FILE* file = std::fopen(folder.socket("data").path.c_str(), "w");
  std::fclose(file);
  CHECK_FALSE(Listening::bind(folder.socket("data"), 0666, ""));
  CHECK(std::filesystem::exists(folder.socket("data").path));
}

TEST_CASE("a listener that can't be bound says why and what to do", "[listen]") {
  Folder folder;
  auto missing = Listening::bind(folder.socket("no/such/policy.sock"), 0666, "");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().detail.find("install -d") != std::string::npos);
  CHECK_FALSE(Listening::bind(folder.socket(std::string(200, 'x')), 0666, ""));
  auto group = Listening::bind(folder.socket(), 0666, "no-such-group-here");
  REQUIRE_FALSE(group);
  CHECK(group.error().detail ==
        "[listen] socket_group: there is no group \"no-such-group-here\"; make it "
        "(addgroup --system no-such-group-here), or name another");
}

TEST_CASE("what can't be bound is seen without binding", "[listen]") {
  Folder folder;
  CHECK(Listening::check(folder.socket()));
  CHECK_FALSE(std::filesystem::exists(folder.socket().path));
  auto bound = Listening::bind(folder.socket(), 0666, "");
  REQUIRE(bound);
  CHECK(Listening::check(folder.socket()));  // the daemon that runs has it
  CHECK_FALSE(Listening::check(folder.socket("no/such/policy.sock")));
  CHECK_FALSE(Listening::check(folder.socket(std::string(200, 'x'))));
  std::fclose(std::fopen(folder.socket("data").path.c_str(), "w"));
  CHECK_FALSE(Listening::check(folder.socket("data")));
  Endpoint nowhere;
  nowhere.address = parse_address("192.0.2.1").value();
  nowhere.port = 8463;
  CHECK_FALSE(Listening::check(nowhere));
}

TEST_CASE("a reload keeps what stays, and changes nothing when one address can't be bound", "[listen]") {
  Folder folder;
  boost::asio::io_context loop;
  Log log{LogConfig{.level = LogConfig::Level::error}};
  Shortages shortages;
  DescriptorReserve reserve(2);
  Listeners listeners(loop, log, shortages, reserve, [](int fd, bool) { ::close(fd); });
  ListenConfig config;
  config.socketmap = {folder.socket("a"), folder.socket("b")};
  config.socketmap_configured = true;
  REQUIRE(listeners.apply(config));
  auto inode = [](const Endpoint& e) {
    struct stat info{};
    return ::stat(e.path.c_str(), &info) == 0 ? info.st_ino : 0;
  };
  auto before = inode(folder.socket("a"));

  config.socketmap = {folder.socket("a"), folder.socket("c"), folder.socket("no/dir")};
  CHECK_FALSE(listeners.apply(config));
  CHECK(listeners.endpoints() == std::vector{to_string(folder.socket("a")), to_string(folder.socket("b"))});
  CHECK_FALSE(std::filesystem::exists(folder.socket("c").path));

  config.socketmap = {folder.socket("a"), folder.socket("c")};
  REQUIRE(listeners.apply(config));
  loop.poll();
  CHECK(inode(folder.socket("a")) == before);
  CHECK_FALSE(std::filesystem::exists(folder.socket("b").path));
  CHECK(std::filesystem::exists(folder.socket("c").path));

  SECTION("defaults: one that can't be bound is only a warning while another works") {
    config.socketmap_configured = false;
    config.socketmap = {folder.socket("a"), folder.socket("no/dir")};
    CHECK(listeners.apply(config));
    config.socketmap = {folder.socket("no/dir")};
    CHECK_FALSE(listeners.apply(config));
  }
  listeners.close();
  loop.poll();
}
