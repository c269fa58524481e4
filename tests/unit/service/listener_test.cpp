#include "service/listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "sys/socket_address.hpp"
#include "tests/unit/folder.hpp"

using namespace mtasts;

namespace {

struct Folder : test::Folder {
  Endpoint socket(const std::string& file = "policy.sock") const { return unix_endpoint(*this / file); }
};

mode_t mode_of_file(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777u : 0;
}

}  // namespace

TEST_CASE("a unix listener has the configured rights, and its path goes with it", "[listen]") {
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

TEST_CASE("check() finds what can't be bound without binding it", "[listen]") {
  Folder folder;
  CHECK(Listening::check(folder.socket()));
  CHECK_FALSE(std::filesystem::exists(folder.socket().path));
  auto bound = Listening::bind(folder.socket(), 0666, "");
  REQUIRE(bound);
  CHECK(Listening::check(folder.socket()));  // the running daemon has it
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
