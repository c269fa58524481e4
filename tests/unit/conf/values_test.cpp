#include "conf/values.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace std::chrono_literals;
using Catch::Generators::values;

namespace mtasts {

TEST_CASE("durations are digits and one unit", "[conf]") {
  struct Row {
    std::string_view text;
    std::optional<std::chrono::milliseconds> want;
  };
  auto row = GENERATE(values<Row>({{"5s", 5000ms},
                                   {"500ms", 500ms},
                                   {"2m", 120s},
                                   {"1h", 3600s},
                                   {"1d", 86400s},
                                   {"0s", 0ms},
                                   {"007s", 7s},
                                   {"36525d", 36525 * 24h},
                                   {"36526d", std::nullopt},
                                   {"99999999999999999999s", std::nullopt},
                                   {"18446744073709551615ms", std::nullopt},
                                   {"5", std::nullopt},
                                   {"", std::nullopt},
                                   {"s", std::nullopt},
                                   {"5 s", std::nullopt},
                                   {" 5s", std::nullopt},
                                   {"-5s", std::nullopt},
                                   {"+5s", std::nullopt},
                                   {"1.5s", std::nullopt},
                                   {"5S", std::nullopt},
                                   {"1h30m", std::nullopt}}));
  INFO(row.text);
  CHECK(parse_duration(row.text) == row.want);
}

TEST_CASE("durations are written in the largest unit that is exact", "[conf]") {
  struct Row {
    std::chrono::milliseconds value;
    std::string want;
  };
  auto row = GENERATE(values<Row>(
      {{0ms, "0s"}, {500ms, "500ms"}, {1500ms, "1500ms"}, {90s, "90s"}, {300s, "5m"}, {48h, "2d"}}));
  CHECK(format_duration(row.value) == row.want);
  if (row.value > 0ms) CHECK(parse_duration(row.want) == row.value);
}

TEST_CASE("sizes are octets or have a binary unit", "[conf]") {
  struct Row {
    std::string_view text;
    std::optional<std::uint64_t> want;
  };
  auto row = GENERATE(values<Row>({{"512KiB", 524288},
                                   {"64MiB", 67108864},
                                   {"1GiB", 1073741824},
                                   {"16TiB", 17592186044416},
                                   {"4096", 4096},
                                   {"9223372036854775807", 9223372036854775807ull},
                                   {"9223372036854775808", std::nullopt},
                                   {"8388608TiB", std::nullopt},
                                   {"1GB", std::nullopt},
                                   {"1gib", std::nullopt},
                                   {"1 GiB", std::nullopt},
                                   {"GiB", std::nullopt},
                                   {"", std::nullopt},
                                   {"-1", std::nullopt}}));
  INFO(row.text);
  CHECK(parse_size(row.text) == row.want);
  if (row.want) CHECK(parse_size(format_size(*row.want)) == row.want);
}

TEST_CASE("endpoints are read and written", "[conf]") {
  struct Row {
    std::string_view text, want;
  };
  auto row = GENERATE(values<Row>({{"unix:/run/mtastsd/policy.sock", "unix:/run/mtastsd/policy.sock"},
                                   {"inet:127.0.0.1:8463", "inet:127.0.0.1:8463"},
                                   {"inet:localhost:8463", "inet:127.0.0.1:8463"},
                                   {"inet:[::1]:8463", "inet:[::1]:8463"},
                                   {"inet:[0:0::1]:65535", "inet:[::1]:65535"}}));
  auto endpoint = read_endpoint(row.text);
  REQUIRE(endpoint);
  CHECK(to_string(*endpoint) == row.want);
  CHECK(read_endpoint(row.want) == endpoint);
}

TEST_CASE("a malformed endpoint is refused with a remedy", "[conf]") {
  auto text = GENERATE(values<std::string>({"",
                                            "unix:",
                                            "unix:policy.sock",
                                            "unix:/a\nb",
                                            "unix:/" + std::string(107, 'x'),
                                            "inet:",
                                            "inet:8463",
                                            "inet::8463",
                                            "inet:127.0.0.1",
                                            "inet:127.0.0.1:",
                                            "inet:127.0.0.1:0",
                                            "inet:127.0.0.1:65536",
                                            "inet:127.0.0.1:-1",
                                            "inet:127.0.0.1:0x50",
                                            "inet:::1:8463",
                                            "inet:[::1]8463",
                                            "inet:[127.0.0.1]:8463",
                                            "inet:mail.example:8463",
                                            "tcp:127.0.0.1:8463",
                                            "127.0.0.1:8463",
                                            std::string("unix:/a\0b", 9)}));
  INFO(text);
  auto endpoint = read_endpoint(text);
  REQUIRE_FALSE(endpoint);
  CHECK(endpoint.error().contains("; "));
}

TEST_CASE("a socket path may have 107 octets, as sun_path with its NUL", "[conf]") {
  CHECK(read_socket_path("/" + std::string(106, 'x')));
  CHECK_FALSE(read_socket_path("/" + std::string(107, 'x')));
}

TEST_CASE("single values: accepted or refused", "[conf]") {
  struct Row {
    std::string_view what;
    bool taken, want;
  };
  std::string_view v6 = "2001:db8::53@5353";
  auto row = GENERATE_COPY(values<Row>({
      {"forwarder address", read_forwarder("192.0.2.53").has_value(), true},
      {"forwarder with port", read_forwarder("192.0.2.53@5353").has_value(), true},
      {"forwarder IPv6", read_forwarder(v6).has_value(), true},
      {"forwarder port 0", read_forwarder("192.0.2.53@0").has_value(), false},
      {"forwarder without port digits", read_forwarder("192.0.2.53@").has_value(), false},
      {"forwarder name", read_forwarder("dns.example").has_value(), false},
      {"forwarder with colon", read_forwarder("192.0.2.53:53").has_value(), false},
      {"proxy name", read_proxy("http://proxy.example:3128").has_value(), true},
      {"proxy IPv6", read_proxy("http://[2001:db8::1]:3128").has_value(), true},
      {"no proxy", read_proxy("").has_value(), true},
      {"proxy without port", read_proxy("http://proxy.example").has_value(), false},
      {"proxy over TLS", read_proxy("https://proxy.example:3128").has_value(), false},
      {"proxy with path", read_proxy("http://proxy.example:3128/x").has_value(), false},
      {"proxy with credentials", read_proxy("http://u:p@proxy.example:3128").has_value(), false},
      {"proxy host with blank", read_proxy("http://a b:3128").has_value(), false},
      {"proxy host with CRLF", read_proxy("http://a\r\nX: y:3128").has_value(), false},
      {"http off", read_host_port("").has_value(), true},
      {"http", read_host_port("[::]:8464").has_value(), true},
      {"http name", read_host_port("metrics.example:8464").has_value(), false},
      {"group", read_group("postfix").has_value(), true},
      {"no group", read_group("").has_value(), true},
      {"group with blank", read_group("post fix").has_value(), false},
      {"relative path", read_absolute_path("lib").has_value(), false},
      {"empty path", read_absolute_path("").has_value(), false},
      {"no optional path", read_optional_path("").has_value(), true},
      {"NUL in a path", read_absolute_path(std::string_view("/a\0b", 4)).has_value(), false},
  }));
  INFO(row.what);
  CHECK(row.taken == row.want);
}

TEST_CASE("[https] proxy: host and port", "[conf]") {
  struct Row {
    const char *text, *host;
    std::uint16_t port;
    const char* written;
  };
  auto row = GENERATE(values<Row>({
      {"http://proxy.example:3128", "proxy.example", 3128, "http://proxy.example:3128"},
      {"http://Proxy.Example:3128", "Proxy.Example", 3128, "http://Proxy.Example:3128"},
      {"http://192.0.2.1:8080", "192.0.2.1", 8080, "http://192.0.2.1:8080"},
      {"http://[2001:db8::1]:65535", "2001:db8::1", 65535, "http://[2001:db8::1]:65535"},
      {"http://proxy:1", "proxy", 1, "http://proxy:1"},
  }));
  INFO(row.text);
  auto proxy = read_proxy(row.text);
  REQUIRE(proxy);
  CHECK(*proxy == ProxyAddress{row.host, row.port});
  CHECK(to_string(proxy->value()) == row.written);
}

TEST_CASE("[https] proxy that can't be used, with the remedy", "[conf]") {
  struct Row {
    const char *text, *word;
  };
  auto row = GENERATE(values<Row>({
      {"proxy.example:3128", "http://HOST:PORT"},
      {"https://proxy.example:3128", "http://HOST:PORT"},
      {"socks5://proxy.example:3128", "http://HOST:PORT"},
      {"http://proxy.example", "http://HOST:PORT"},
      {"http://proxy.example:", "http://HOST:PORT"},
      {"http://proxy.example:0", "http://HOST:PORT"},
      {"http://proxy.example:65536", "http://HOST:PORT"},
      {"http://proxy.example:31a", "http://HOST:PORT"},
      {"http://proxy.example:3128/", "http://HOST:PORT"},
      {"http://proxy.example:3128/path", "http://HOST:PORT"},
      {"http://user:secret@proxy.example:3128", "proxy_credentials_file"},
      {"user:secret@proxy.example:3128", "proxy_credentials_file"},
      {"http://:3128", "http://HOST:PORT"},
      {"http://2001:db8::1:3128", "http://HOST:PORT"},
      {"http://[192.0.2.1]:3128", "http://HOST:PORT"},
      {"http://[]:3128", "http://HOST:PORT"},
      {"http://bad host:3128", "http://HOST:PORT"},
  }));
  INFO(row.text);
  auto proxy = read_proxy(row.text);
  REQUIRE_FALSE(proxy);
  CHECK(proxy.error().contains(row.word));
  CHECK_FALSE(proxy.error().contains("secret"));
}

TEST_CASE("a resolver has an address and a port, and no interface", "[conf]") {
  CHECK(read_forwarder("192.0.2.53") == NameServer{*parse_address("192.0.2.53"), "", 53});
  CHECK(read_forwarder("2001:db8::53@5353") == NameServer{*parse_address("2001:db8::53"), "", 5353});
  CHECK_FALSE(read_forwarder("fe80::1%eth0"));
}

TEST_CASE("socket_mode: four octal digits, read and write bits only", "[conf]") {
  CHECK(read_socket_mode("0666") == 0666u);
  CHECK(read_socket_mode("0660") == 0660u);
  for (std::string_view text :
       {"0777", "0000", "666", "00666", "0668", "1666", "rw-rw-rw-", "", "-666", "0x66"}) {
    INFO(text);
    CHECK_FALSE(read_socket_mode(text));
  }
}

TEST_CASE("KEY-6: private zones may be written in U-labels", "[conf]") {
  CHECK(read_dns_zone("CORP.example.") == "corp.example");
  CHECK(read_dns_zone("b\u00fccher.example") == "xn--bcher-kva.example");
  CHECK_FALSE(read_dns_zone("10.0.0.1"));
  CHECK_FALSE(read_dns_zone("a..b"));
}

TEST_CASE("service names (RFC 6335)", "[conf]") {
  CHECK(read_service_port("smtp") == 25);
  CHECK(read_service_port("SMTP") == 25);
  CHECK(read_service_port("submission") == 587);
  for (std::string_view bad :
       {"", "25", "2-5", "-a", "a-", "a--b", "a_b", "a b", "abcdefghijklmnop", "\xc3\xbc", "no-such-thing"}) {
    INFO(bad);
    auto port = read_service_port(bad);
    REQUIRE_FALSE(port);
    CHECK(port.error().contains("; write its "));
  }
}

TEST_CASE("zone names", "[conf]") {
  CHECK(is_zone_name("partners-2_x"));
  CHECK(is_zone_name(std::string(32, 'a')));
  for (std::string text : {std::string(33, 'a'), std::string(), std::string("Partners"), std::string("a.b"),
                           std::string("a/b"), std::string("a b"), std::string("\xc3\xbc")}) {
    INFO(text);
    CHECK_FALSE(is_zone_name(text));
  }
}

}  // namespace mtasts
