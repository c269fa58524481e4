#include "idn/registrable_domain.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace mtasts;

TEST_CASE("a registrable domain is the public suffix and one more label", "[idn]") {
  struct Row {
    const char* domain;
    const char* registrable;
  };
  const Row rows[] = {
      {"example.com", "example.com"},
      {"a.b.example.com", "example.com"},
      {"a.b.example.co.uk", "example.co.uk"},
      {"a.xn--85x722f.com.cn", "xn--85x722f.com.cn"},
      {"com", "com"},
      {"co.uk", "co.uk"},
      {"a.b.unlisted-suffix", "b.unlisted-suffix"},
      {"_mail.example.com", "example.com"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.domain);
    CHECK(registrable_domain(DomainName::parse(row.domain).value()) == row.registrable);
  }
}
