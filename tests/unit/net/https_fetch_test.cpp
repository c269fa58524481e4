#include "net/https/https_fetch.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/net/fixed_dns.hpp"
#include "tests/unit/net/run.hpp"
#include "tests/unit/virtual_time.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a proxy's login or a CA file that can't be read is a fault of the configuration", "[net]") {
  fake::VirtualTime virtual_time;
  boost::asio::io_context loop{1};
  FixedDns dns;
  HttpsOptions proxy, ca;
  proxy.proxy = ProxyAddress{"proxy.example", 3128};
  proxy.proxy_credentials_file = "/nonexistent";
  ca.ca_file = "/nonexistent";
  for (const auto& options : {proxy, ca}) {
    auto made = make_https_fetch(loop, options);
    REQUIRE(!made);
    CHECK(made.error().fault == Fault::config);
  }
}

TEST_CASE("STS-8: the address of mta-sts.<domain> is looked up", "[net]") {
  fake::VirtualTime virtual_time;
  boost::asio::io_context loop{1};
  FixedDns dns;
  dns.add_address("mta-sts.example.com", parse_address("127.0.0.1").value());
  auto fetch = make_https_fetch(loop, {});
  REQUIRE(fetch);
  auto answer = run(loop, (*fetch)->get_policy({DomainName::parse("example.com").value(), dns}));
  REQUIRE(!answer);
  CHECK(answer.error().step == FetchStep::address);
  CHECK(answer.error().detail.starts_with("127.0.0.1 is special-use"));
}

TEST_CASE("a fetch that was begun asks for the addresses at once, and only once", "[net]") {
  fake::VirtualTime virtual_time;
  boost::asio::io_context loop{1};
  FixedDns dns;
  dns.add_address("mta-sts.example.com", parse_address("127.0.0.1").value());
  auto fetch = make_https_fetch(loop, {});
  REQUIRE(fetch);
  auto domain = DomainName::parse("example.com").value();
  auto started = (*fetch)->start(domain, dns);
  run_for(loop, 5ms);
  CHECK(dns.asked == 2);
  auto answer = run(loop, (*fetch)->get_policy({domain, dns, std::move(started)}));
  CHECK(answer.error().detail.starts_with("127.0.0.1 is special-use"));
  CHECK(dns.asked == 2);
}

TEST_CASE("a fetch that was begun and is not needed ends with its Fetch", "[net]") {
  fake::VirtualTime virtual_time;
  boost::asio::io_context loop{1};
  FixedDns dns;
  dns.silent.insert("mta-sts.example.com");
  auto fetch = make_https_fetch(loop, {});
  REQUIRE(fetch);
  auto started = (*fetch)->start(DomainName::parse("example.com").value(), dns);
  run_for(loop, 5ms);
  CHECK(dns.asked == 2);
  started.reset();
  fetch->reset();
  run_for(loop, 5ms);
}

TEST_CASE("nothing is begun while the Dns is busy", "[net]") {
  fake::VirtualTime virtual_time;
  boost::asio::io_context loop{1};
  FixedDns dns;
  dns.is_busy = true;
  auto fetch = make_https_fetch(loop, {});
  REQUIRE(fetch);
  CHECK((*fetch)->start(DomainName::parse("example.com").value(), dns) == nullptr);
  run_for(loop, 5ms);
  CHECK(dns.asked == 0);
}

TEST_CASE("nothing is begun where the proxy looks the host up, or for a name too long", "[net]") {
  fake::VirtualTime virtual_time;
  boost::asio::io_context loop{1};
  FixedDns dns;
  HttpsOptions options;
  std::string label(63, 'a');
  auto longest = DomainName::parse(label + "." + label + "." + label + "." + std::string(61, 'b'));
  CHECK(make_https_fetch(loop, options).value()->start(longest.value(), dns) == nullptr);
  options.proxy = ProxyAddress{"192.0.2.1", 3128};
  CHECK(make_https_fetch(loop, options).value()->start(DomainName::parse("example.com").value(), dns) ==
        nullptr);
  run_for(loop, 5ms);
  CHECK(dns.asked == 0);
}

TEST_CASE("each other place for a policy is looked for at its own host, at allowed addresses only", "[net]") {
  fake::VirtualTime virtual_time;
  boost::asio::io_context loop{1};
  auto domain = DomainName::parse("example.com").value();
  for (auto [place, host] :
       {std::pair(PolicyPlace::domain, "example.com"), std::pair(PolicyPlace::www, "www.example.com"),
        std::pair(PolicyPlace::root, "mta-sts.example.com"),
        std::pair(PolicyPlace::plain_http, "mta-sts.example.com")}) {
    FixedDns dns;
    dns.add_address(host, parse_address("127.0.0.1").value());
    auto fetch = make_https_fetch(loop, {}).value();
    CHECK(run(loop, fetch->look_at({domain, dns}, place)) == PlaceFound::nothing);
    CHECK(dns.asked == 2);
    HttpsOptions options;
    options.proxy = ProxyAddress{"192.0.2.1", 3128};
    auto through_proxy = make_https_fetch(loop, options).value();
    CHECK(run(loop, through_proxy->look_at({domain, dns}, place)) == PlaceFound::not_asked);
    CHECK(dns.asked == 2);
  }
}

TEST_CASE("a domain too long for a policy host", "[net]") {
  fake::VirtualTime virtual_time;
  boost::asio::io_context loop{1};
  FixedDns dns;
  auto fetch = make_https_fetch(loop, {});
  REQUIRE(fetch);
  std::string label(63, 'a');
  auto domain = DomainName::parse(label + "." + label + "." + label + "." + std::string(61, 'b'));
  auto answer = run(loop, (*fetch)->get_policy({domain.value(), dns}));
  REQUIRE(!answer);
  CHECK(answer.error().step == FetchStep::address);
  CHECK(answer.error().detail.contains("longer"));
}

TEST_CASE("a fetch goes on when its Fetch is replaced", "[net]") {
  fake::VirtualTime virtual_time;
  boost::asio::io_context loop{1};
  FixedDns dns;
  dns.silent.insert("mta-sts.example.com");
  HttpsOptions options;
  options.timeout = 100ms;
  auto fetch = make_https_fetch(loop, options);
  REQUIRE(fetch);
  auto answer = start(loop, (*fetch)->get_policy({DomainName::parse("example.com").value(), dns}));
  run_for(loop, 20ms);
  fetch->reset();
  run_for(loop, 300ms);
  REQUIRE(answer->has_value());
  CHECK(!(*answer)->has_value());
  CHECK((*answer)->error().step == FetchStep::deadline);
}

}  // namespace
}  // namespace mtasts
