#include "conf/services.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

namespace mtasts {

TEST_CASE("PFX-44: services(5), line by line", "[conf]") {
  struct Row {
    const char* why;
    std::string text, name;
    std::optional<std::uint16_t> want;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"a name and its port", "smtp\t\t25/tcp\t\tmail\n", "smtp", 25},
      {"an alias", "submissions 465/tcp ssmtp smtps urd # RFC 8314\n", "urd", 465},
      {"no name behind #", "a 1/tcp # b\n", "b", std::nullopt},
      {"a comment", "# smtp 25/tcp\n", "smtp", std::nullopt},
      {"blanks before", " \t x 1/tcp\n", "x", 1},
      {"CRLF", "x 1/tcp y\r\n", "y", 1},
      {"without a last newline", "x 1/tcp", "x", 1},
      {"UDP is not TCP", "tftp 69/udp\n", "tftp", std::nullopt},
      {"after a line of UDP", "domain 53/udp\ndomain 54/tcp\n", "domain", 54},
      {"the first counts", "x 1/tcp\nx 2/tcp\n", "x", 1},
      {"also as an alias", "a 1/tcp x\nx 2/tcp\n", "x", 1},
      {"the case counts", "x 1/tcp\n", "X", std::nullopt},
      {"port 0", "x 0/tcp\n", "x", std::nullopt},
      {"too large", "x 65536/tcp\n", "x", std::nullopt},
      {"the largest", "x 65535/tcp\n", "x", 65535},
      {"negative", "x -1/tcp\n", "x", std::nullopt},
      {"no protocol", "x 1\n", "x", std::nullopt},
      {"another protocol", "x 1/tcpx\n", "x", std::nullopt},
      {"no port", "x /tcp\n", "x", std::nullopt},
      {"beyond 1 MiB", std::string(1 << 20, '\n') + "x 1/tcp\n", "x", std::nullopt},
  }));
  INFO(row.why);
  CHECK(Services::parse(row.text).port(row.name) == row.want);
}

TEST_CASE("octets that are not text do not affect other lines", "[conf]") {
  std::string text("a 1/tcp\n\0\xff b\nc 3/tcp\0\nd 4/tcp\n", 30);
  auto services = Services::parse(text);
  CHECK(services.port("a") == 1);
  CHECK(!services.port("c"));
  CHECK(services.port("d") == 4);
}

}  // namespace mtasts
