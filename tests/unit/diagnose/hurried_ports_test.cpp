// What fails only because a check has less time than senders says nothing about the domain.
#include "diagnose/hurried_ports.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch_test_macros.hpp>

#include "diagnose/run_to_end.hpp"
#include "lookup/trace.hpp"
#include "tests/unit/lookup/fakes.hpp"
#include "tests/unit/virtual_time.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

asio::awaitable<void> pass(milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

struct SlowDns final : Dns {
  milliseconds takes{0};
  DnsAnswer answer;
  asio::awaitable<DnsAnswer> ask(std::string, RrType) override {
    co_await pass(takes);
    co_return answer;
  }
};

struct SlowFetch final : Fetch {
  milliseconds takes{0};
  PolicyHostAnswer answer{HttpAnswer{200, "text/plain", "body"}};
  StartPtr start(const DomainName&, Dns&) override { return nullptr; }
  asio::awaitable<std::expected<HttpAnswer, FetchError>> get_policy(PolicyRequest) override {
    co_await pass(takes);
    co_return answer.answer;
  }
  asio::awaitable<PolicyHostAnswer> get_policy_at(PolicyRequest, Address) override {
    co_await pass(takes);
    co_return answer;
  }
};

constexpr WaitingTime hurried{milliseconds(833), milliseconds(5000)},
    patient{milliseconds(5000), milliseconds(5000)};

DnsAnswer failed(std::string reason, DnsAnswer::Security security = DnsAnswer::Security::insecure) {
  DnsAnswer answer;
  answer.reason = std::move(reason);
  answer.security = security;
  return answer;
}

struct Bench {
  fake::VirtualTime clock;
  SlowDns dns;
  SlowFetch fetch;

  DnsAnswer ask(const WaitingTime& time, milliseconds takes, DnsAnswer answer) {
    asio::io_context loop{1};
    dns.takes = takes;
    dns.answer = std::move(answer);
    HurriedDns hurried_dns(dns, time);
    return run_to_end(loop, hurried_dns.ask("a.example", RrType::a));
  }
  // By both ways, which must agree.
  FetchError get(const WaitingTime& time, milliseconds takes, FetchStep step) {
    asio::io_context loop{1};
    fetch.takes = takes;
    fetch.answer.answer = std::unexpected(FetchError{step, "no answer in time"});
    fetch.answer.timed_out = true;
    HurriedFetch hurried_fetch(fetch, time);
    PolicyRequest request{fake::name("a.example"), dns}, again{fake::name("a.example"), dns};
    auto one = run_to_end(loop, hurried_fetch.get_policy(std::move(request)));
    auto other = run_to_end(loop, hurried_fetch.get_policy_at(std::move(again), Address{}));
    CHECK(other.timed_out);
    CHECK(one.error().local == other.answer.error().local);
    CHECK(one.error().detail == other.answer.error().detail);
    return one.error();
  }
};

}  // namespace

TEST_CASE("a DNS question that failed in less time than senders have is a failure of this host", "[check]") {
  Bench bench;
  DnsAnswer cut = bench.ask(hurried, hurried.here, failed("timeout after 833 ms"));
  CHECK(cut.local);
  CHECK(cut.reason == "no answer within 833 ms here; senders wait longer");
  CHECK_FALSE(bench.ask(patient, patient.here, failed("timeout after 5 s")).local);
  DnsAnswer servfail = bench.ask(hurried, milliseconds(20), failed("SERVFAIL"));
  CHECK_FALSE(servfail.local);
  CHECK(servfail.reason == "SERVFAIL");
  CHECK_FALSE(bench.ask(hurried, hurried.here, failed("why", DnsAnswer::Security::bogus)).local);
  DnsAnswer late;
  late.kind = DnsAnswer::Kind::no_data;
  CHECK_FALSE(bench.ask(hurried, hurried.here, late).local);
}

TEST_CASE("a policy host that is slower than a check has time for is not to blame", "[check]") {
  Bench bench;
  FetchError cut = bench.get(hurried, hurried.here, FetchStep::response);
  CHECK(cut.local);
  CHECK(cut.detail == "no answer within 833 ms here; senders wait longer");
  CHECK(bench.get(hurried, hurried.here, FetchStep::tls).local);
  CHECK_FALSE(bench.get(patient, patient.here, FetchStep::response).local);
  CHECK_FALSE(bench.get(hurried, milliseconds(20), FetchStep::tls).local);
  CHECK_FALSE(bench.get(hurried, hurried.here, FetchStep::connect).local);
}

}  // namespace mtasts
