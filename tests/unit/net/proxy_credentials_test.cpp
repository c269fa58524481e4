#include "net/https/proxy_credentials.hpp"

#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/net/temp_file.hpp"

namespace mtasts {
namespace {

using Catch::Generators::values;

TEST_CASE("RFC 7617: a login as the proxy gets it", "[net]") {
  struct Row {
    std::string text, want;
  };
  auto row = GENERATE(values<Row>({
      {"Aladdin:open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
      {"Aladdin:open sesame\n", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
      {"Aladdin:open sesame\r\n", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
      {"test:123\u00a3", "Basic dGVzdDoxMjPCow=="},
      {"a:", "Basic YTo="},
      {"a:b:c", "Basic YTpiOmM="},
  }));
  INFO(row.text);
  auto login = proxy_authorization(row.text, "/file");
  REQUIRE(login);
  CHECK(*login == row.want);
}

TEST_CASE("a file without a login", "[net]") {
  auto text =
      GENERATE(values<std::string>({"", "\n", "secret", ":secret", "secret\nuser:x", "user:secret\n\n",
                                    "user:sec\rret", std::string("user:secret\0", 12), "user:secret\x7f"}));
  auto login = proxy_authorization(text, "/file");
  REQUIRE(!login);
  CHECK(login.error().fault == Fault::config);
  CHECK(login.error().detail == "[https] proxy_credentials_file: /file must hold one line, user:password");
}

TEST_CASE("the modes that the file may have", "[net]") {
  struct Row {
    mode_t mode;
    bool want;
  };
  auto row = GENERATE(values<Row>({
      {0600, true},
      {0400, true},
      {0440, true},  // systemd's LoadCredential= with an access list
      {0640, true},
      {0660, false},
      {0644, false},
      {0604, false},
      {0601, false},
  }));
  TempFile file("user:secret\n");
  REQUIRE(::chmod(file.path().c_str(), row.mode) == 0);
  auto login = read_proxy_credentials(file.path());
  REQUIRE(login.has_value() == row.want);
  if (login) CHECK(*login == "Basic dXNlcjpzZWNyZXQ=");
  if (!login) CHECK(login.error().detail.ends_with("may be read or changed by others; run chmod 600 on it"));
}

TEST_CASE("a login that can't be read", "[net]") {
  auto missing = read_proxy_credentials("/nonexistent/login");
  REQUIRE(!missing);
  CHECK(missing.error().detail.contains("/nonexistent/login can't be read: No such file or directory"));
  auto folder = read_proxy_credentials("/tmp");
  REQUIRE(!folder);
  CHECK(folder.error().detail.contains("is not a regular file"));
  TempFile large("user:" + std::string(5000, 'x'));
  auto refused = read_proxy_credentials(large.path());
  REQUIRE(!refused);
  CHECK(refused.error().detail.contains("larger than 4 KiB"));
}

}  // namespace
}  // namespace mtasts
