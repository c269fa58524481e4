// check_start(), which --check-config, the start and a reload call, refuses what a start would refuse.
#include "postfix-policy/preflight.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "postfix-policy/privileges.hpp"

namespace mtasts {
namespace {

constexpr const char* anchor =
    ". IN DS 20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d\n";

class Host {
 public:
  Host() {
    char name[] = "/tmp/mtasts-preflight-XXXXXX";
    path_ = ::mkdtemp(name);
    write("anchor", anchor);
    std::filesystem::create_directory(path_ + "/cache");
    config.listen.socketmap = {unix_endpoint(path_ + "/policy.sock")};
    config.listen.socketmap_configured = true;
    config.cache.path = path_ + "/cache";
    config.dns.trust_anchor = path_ + "/anchor";
    config.listen.user.clear();
  }
  ~Host() { std::filesystem::remove_all(path_); }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  void write(const std::string& name, std::string_view text) { std::ofstream(path_ + "/" + name) << text; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  std::string why(const MakeNetwork& network) const {
    auto checked = check_start(config, ::geteuid() == 0, network);
    return checked ? "" : checked.error().detail;
  }

  Config config;

 private:
  std::string path_;
};

Result<void> no_network(const Config&) { return {}; }

}  // namespace

TEST_CASE("preflight: on a good host nothing is changed", "[preflight]") {
  Host host;
  CHECK(host.why(no_network).empty());
  CHECK_FALSE(std::filesystem::exists(host / "policy.sock"));
  host.config.cache.path = host / "new/cache";
  CHECK(host.why(no_network).empty());
  CHECK_FALSE(std::filesystem::exists(host / "new"));
}

TEST_CASE("preflight: a problem is reported with its key", "[preflight]") {
  struct Row {
    const char* key;
    void (*spoil)(Host&);
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"[listen] socket_group: there is no group",
       [](Host& h) { h.config.listen.socket_group = "no-such-group"; }},
      {"[listen] user: there is no user",
       [](Host& h) {
         h.config.listen.user = "no-such-user";
         h.config.listen.user_configured = true;
       }},
      {"[cache] path: ",
       [](Host& h) {
         h.write("file", "x");
         h.config.cache.path = h / "file";
       }},
      {"[cache] path: ",
       [](Host& h) {
         h.write("file", "x");
         h.config.cache.path = h / "file/cache";
       }},
      {"can't listen on unix:", [](Host& h) { h.config.listen.socketmap[0].path = h / "no/policy.sock"; }},
      {"[dns] trust_anchor: can't read", [](Host& h) { h.config.dns.trust_anchor = h / "none"; }},
      {"[dns] trust_anchor: can't use", [](Host& h) { h.write("anchor", "; nothing\n"); }},
      {"[dns] root_hints: can't read", [](Host& h) { h.config.dns.root_hints = h / "none"; }},
      {"[https] ca_file: can't use", [](Host& h) { h.config.https.ca_file = h / "none"; }},
  }));
  INFO(row.key);
  Host host;
  row.spoil(host);
  INFO(host.why(try_network));
  CHECK(host.why(try_network).starts_with(row.key));
}

TEST_CASE("preflight: all problems are reported at once, and the default user need not exist",
          "[preflight]") {
  Host host;
  host.config.listen.user = "no-such-user";
  CHECK(host.why(no_network).empty());
  host.config.listen.socket_group = "no-such-group";
  auto why = host.why([](const Config&) -> Result<void> { return fail(Fault::config, "no network"); });
  CHECK(why.contains("socket_group"));
  CHECK(why.ends_with("\nno network"));
}

TEST_CASE("root's cache folder is given to the user, a folder with something else is not", "[preflight]") {
  if (::geteuid() != 0) SKIP("only root can give a folder away");
  Host host;
  Account nobody{"nobody", 65534, 65534};
  auto owner = [&](const std::string& name) {
    struct stat info{};
    REQUIRE(::lstat((host / name).c_str(), &info) == 0);
    return info.st_uid;
  };
  host.write("cache/data.mdb", "x");
  host.write("cache/data.mdb.new", "x");  // left by an interrupted salvage
  std::filesystem::create_symlink(host / "anchor", host / "cache/lock.mdb");
  REQUIRE(give_folder(host / "cache", nobody));
  CHECK(owner("cache") == nobody.uid);
  CHECK(owner("cache/data.mdb") == nobody.uid);
  CHECK(owner("cache/data.mdb.new") == nobody.uid);
  CHECK(owner("anchor") == 0);

  REQUIRE(give_folder(host / "made", nobody));
  CHECK(owner("made") == nobody.uid);

  std::filesystem::create_directory(host / "other");
  host.write("other/data.mdb", "x");
  host.write("other/letters", "x");
  REQUIRE(give_folder(host / "other", nobody));
  CHECK(owner("other") == 0);
  CHECK(owner("other/data.mdb") == 0);
}

}  // namespace mtasts
