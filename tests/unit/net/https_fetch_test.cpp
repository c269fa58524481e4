#include "net/https/https_fetch.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/net/fixed_dns.hpp"
#include "tests/unit/net/run.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a proxy or a CA file that can't be used is a fault of the configuration", "[net]") {
  boost::asio::io_context loop{1};
  FixedDns dns;
  HttpsOptions proxy, ca;
  proxy.proxy = "proxy.example";
  ca.ca_file = "/nonexistent";
  for (const auto& options : {proxy, ca}) {
    auto made = make_https_fetch(loop, dns, options);
    REQUIRE(!made);
    CHECK(made.error().fault == Fault::config);
  }
}

TEST_CASE("STS-8: the address of mta-sts.<domain> is looked up", "[net]") {
  boost::asio::io_context loop{1};
  FixedDns dns;
  dns.add_address("mta-sts.example.com", parse_address("127.0.0.1").value());
  auto fetch = make_https_fetch(loop, dns, {});
  REQUIRE(fetch);
  auto answer = run(loop, (*fetch)->get_policy(DomainName::parse("example.com").value()));
  REQUIRE(!answer);
  CHECK(answer.error().step == FetchStep::address);
  CHECK(answer.error().detail.starts_with("127.0.0.1 is special-use"));
}

TEST_CASE("a domain too long for a policy host", "[net]") {
  boost::asio::io_context loop{1};
  FixedDns dns;
  auto fetch = make_https_fetch(loop, dns, {});
  REQUIRE(fetch);
  std::string label(63, 'a');
  auto domain = DomainName::parse(label + "." + label + "." + label + "." + std::string(61, 'b'));
  auto answer = run(loop, (*fetch)->get_policy(domain.value()));
  REQUIRE(!answer);
  CHECK(answer.error().step == FetchStep::address);
  CHECK(answer.error().detail.contains("longer"));
}

TEST_CASE("a fetch goes on when its Fetch is replaced", "[net]") {
  boost::asio::io_context loop{1};
  FixedDns dns;
  dns.silent.insert("mta-sts.example.com");
  HttpsOptions options;
  options.timeout = 100ms;
  auto fetch = make_https_fetch(loop, dns, options);
  REQUIRE(fetch);
  auto answer = start(loop, (*fetch)->get_policy(DomainName::parse("example.com").value()));
  run_for(loop, 20ms);
  fetch->reset();
  run_for(loop, 300ms);
  REQUIRE(answer->has_value());
  CHECK(!(*answer)->has_value());
  CHECK((*answer)->error().step == FetchStep::deadline);
}

}  // namespace
}  // namespace mtasts
