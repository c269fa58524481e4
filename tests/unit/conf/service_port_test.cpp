#include "conf/service_port.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

namespace mtasts {

TEST_CASE("PFX-44: a port is a number or the name of a service", "[conf]") {
  struct Row {
    std::string text;
    std::optional<std::uint16_t> want;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"1", 1},
      {"25", 25},
      {"00587", 587},
      {"65535", 65535},
      {"0", std::nullopt},
      {"65536", std::nullopt},
      {"4294967321", std::nullopt},
      {"99999999999999999999", std::nullopt},
      {"-25", std::nullopt},
      {"+25", std::nullopt},
      {" 25", std::nullopt},
      {"25 ", std::nullopt},
      {"0x19", std::nullopt},
      {"", std::nullopt},
      {"smtp", 25},
      {"Submission", 587},
      {"submissions", 465},
      {"smtps", 465},
      {"ssmtp", 465},
      {"URD", 465},
      {"lmtp", 24},
      {"no-such-service", std::nullopt},
      {std::string("smtp\0", 5), std::nullopt},
      {"smtp\n", std::nullopt},
      {"smtp/tcp", std::nullopt},
      {std::string(33, 'a'), std::nullopt},
      {std::string(33, '1'), std::nullopt},
      {"\xc3\xbc", std::nullopt},
  }));
  INFO(row.text);
  CHECK(service_port(row.text) == row.want);
}

}  // namespace mtasts
