#include "service/account.hpp"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/service/child.hpp"

namespace mtasts {

TEST_CASE("the account: which [listen] user a daemon becomes", "[account]") {
  struct Row {
    const char* why;
    const char* user;
    bool configured;
    bool becomes;  // if started as root
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"a user of this host", "nobody", true, true},
      {"as a default too", "nobody", false, true},
      {"no user: the daemon stays root", "", false, false},
      {"root is what it is already", "root", true, false},
      {"a default need not exist", "no-such-user", false, false},
  }));
  INFO(row.why);
  ListenConfig listen;
  listen.user = row.user;
  listen.user_configured = row.configured;
  auto account = account_to_become(listen);
  REQUIRE(account);
  REQUIRE(account->has_value() == (row.becomes && ::geteuid() == 0));
  if (!*account) return;
  CHECK((*account)->name == row.user);
  CHECK((*account)->uid != 0);
}

TEST_CASE("the account: a configured user must exist", "[account]") {
  ListenConfig listen;
  listen.user = "no-such-user";
  listen.user_configured = true;
  auto account = account_to_become(listen);
  REQUIRE_FALSE(account);
  CHECK(account.error().fault == Fault::config);
  CHECK(account.error().detail.starts_with(
      "[listen] user: there is no user \"no-such-user\"; make it (adduser --system --group no-such-user)"));
}

TEST_CASE("the account: root is given up for good, by user and group", "[account]") {
  if (::geteuid() != 0) SKIP("only root can become another user");
  auto end = test::in_child([] {
    if (!become({"nobody", 65534, 65534})) return 1;
    if (::getuid() != 65534 || ::geteuid() != 65534) return 2;
    if (::getgid() != 65534 || ::getegid() != 65534) return 3;
    std::array<gid_t, 64> groups{};
    int count = ::getgroups(groups.size(), groups.data());
    for (int i = 0; i < count; ++i)
      if (groups[static_cast<std::size_t>(i)] == 0) return 4;
    return ::setuid(0) == 0 ? 5 : 0;
  });
  CHECK(end.status == 0);
}

TEST_CASE("the account: only root can become another", "[account]") {
  auto end = test::in_child([] {
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) return 1;
    auto done = become({"daemon", 1, 1});
    if (done || done.error().fault != Fault::config) return 2;
    return done.error().detail.starts_with("can't become the [listen] user \"daemon\": ") ? 0 : 3;
  });
  CHECK(end.status == 0);
}

}  // namespace mtasts
