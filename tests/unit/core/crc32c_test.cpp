#include "core/crc32c.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <random>
#include <string>

using namespace mtasts;

TEST_CASE("CRC-32C of known texts (RFC 3720 appendix B.4)", "[core]") {
  struct Row {
    const char* why;
    std::string text;
    std::uint32_t want;
  };
  std::string rising(32, '\0');
  for (std::size_t i = 0; i < 32; ++i) rising[i] = static_cast<char>(i);
  auto row = GENERATE_COPY(values<Row>({
      {"nothing", "", 0},
      {"check value of the polynomial", "123456789", 0xE3069283},
      {"32 zeros", std::string(32, '\0'), 0x8A9136AA},
      {"32 ones", std::string(32, '\xFF'), 0x62A8AB43},
      {"0 to 31", rising, 0x46DD794E},
  }));
  INFO(row.why);
  CHECK(crc32c(row.text) == row.want);
  CHECK(crc32c_by_table(row.text) == row.want);
}

TEST_CASE("CRC-32C by instruction and by table agree at every length and alignment", "[core]") {
  std::mt19937 random(1);
  std::string bytes(600, '\0');
  for (char& c : bytes) c = static_cast<char>(random() & 0xFF);
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t size = 0; size + from <= bytes.size(); ++size) {
      std::string_view part = std::string_view(bytes).substr(from, size);
      REQUIRE(crc32c(part) == crc32c_by_table(part));
    }
  }
}
