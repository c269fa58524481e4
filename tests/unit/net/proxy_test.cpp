#include "net/https/proxy.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace mtasts {
namespace {

using Catch::Generators::values;

TEST_CASE("[https] proxy that can be used", "[net]") {
  struct Row {
    const char *text, *host;
    unsigned port;
  };
  auto row = GENERATE(values<Row>({
      {"http://proxy.example:3128", "proxy.example", 3128},
      {"http://proxy.example:3128/", "proxy.example", 3128},
      {"http://192.0.2.1:8080", "192.0.2.1", 8080},
      {"http://[2001:db8::1]:65535", "2001:db8::1", 65535},
      {"http://proxy:1", "proxy", 1},
  }));
  INFO(row.text);
  auto proxy = parse_proxy(row.text);
  REQUIRE(proxy);
  CHECK(proxy->host == row.host);
  CHECK(proxy->port == row.port);
}

TEST_CASE("[https] proxy that can't, with the remedy", "[net]") {
  struct Row {
    const char *text, *word;
  };
  auto row = GENERATE(values<Row>({
      {"", "http://"},
      {"proxy.example:3128", "http://"},
      {"https://proxy.example:3128", "http://"},
      {"socks5://proxy.example:3128", "http://"},
      {"http://proxy.example", "port"},
      {"http://proxy.example:", "port"},
      {"http://proxy.example:0", "port"},
      {"http://proxy.example:65536", "port"},
      {"http://proxy.example:31a", "port"},
      {"http://proxy.example:3128/path", "port"},
      {"http://user:secret@proxy.example:3128", "proxy_credentials_file"},
      {"user:secret@proxy.example:3128", "proxy_credentials_file"},
      {"http://:3128", "host"},
      {"http://2001:db8::1:3128", "host"},
      {"http://[192.0.2.1]:3128", "host"},
      {"http://[]:3128", "host"},
      {"http://bad host:3128", "host"},
  }));
  INFO(row.text);
  auto proxy = parse_proxy(row.text);
  REQUIRE(!proxy);
  CHECK(proxy.error().fault == Fault::config);
  CHECK(proxy.error().detail.contains(row.word));
  CHECK(proxy.error().detail.contains("[https] proxy"));
  CHECK_FALSE(proxy.error().detail.contains("secret"));
}

}  // namespace
}  // namespace mtasts
