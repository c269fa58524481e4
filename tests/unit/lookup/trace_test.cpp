#include "lookup/trace.hpp"

#include <catch2/catch_test_macros.hpp>

#include "fakes.hpp"
#include "tests/unit/net/run.hpp"

namespace mtasts {
namespace {

using namespace fake;

DnsAnswer ask(Dns& dns, std::string name, RrType type) {
  boost::asio::io_context loop;
  return run(loop, dns.ask(std::move(name), type));
}

HttpResult get(Fetch& fetch, std::string_view domain) {
  FakeDns dns;
  boost::asio::io_context loop;
  return run(loop, fetch.get_policy({name(domain), dns}));
}

DnsStep step(std::string name_of_step, RrType type, DnsAnswer answer) {
  DnsStep result;
  result.name = std::move(name_of_step);
  result.type = type;
  result.answer = std::move(answer);
  return result;
}

}  // namespace

TEST_CASE("a tracing Dns notes questions and answers as they are", "[trace]") {
  FakeDns dns;
  dns.answers["a.example/A"] = dns_failure("SERVFAIL");
  dns.answer = txt({"v=STSv1; id=1;"}, 77);
  dns.delay = std::chrono::milliseconds(20);
  Trace trace;
  TracingDns tracing(dns, trace);
  CHECK(ask(tracing, "_mta-sts.a.example", RrType::txt).ttl == 77);
  CHECK(ask(tracing, "a.example", RrType::a).reason == "SERVFAIL");
  REQUIRE(trace.size() == 2);
  const DnsStep* first = find_step(trace, "_mta-sts.a.example", RrType::txt);
  REQUIRE(first != nullptr);
  CHECK(first->answer.rdata == dns.answer.rdata);
  CHECK(first->took >= std::chrono::milliseconds(19));
  CHECK(std::get<DnsStep>(trace[1]).answer.reason == "SERVFAIL");
  CHECK(find_step(trace, "_mta-sts.a.example", RrType::a) == nullptr);
}

TEST_CASE("questions asked at once keep their own answers", "[trace]") {
  FakeDns dns;
  dns.answers["a.example/A"] = dns_failure("first");
  dns.answers["b.example/A"] = dns_failure("second");
  Trace trace;
  TracingDns tracing(dns, trace);
  boost::asio::io_context loop;
  auto first = start(loop, tracing.ask("a.example", RrType::a));
  auto second = start(loop, tracing.ask("b.example", RrType::a));
  loop.run();
  CHECK((*first)->reason == "first");
  CHECK(find_step(trace, "a.example", RrType::a)->answer.reason == "first");
  CHECK(find_step(trace, "b.example", RrType::a)->answer.reason == "second");
}

TEST_CASE("a tracing Fetch notes answers and failures", "[trace]") {
  FakeFetch fetch;
  Trace trace;
  TracingFetch tracing(fetch, trace);
  CHECK_FALSE(get(tracing, "a.example"));
  CHECK(find_https(trace)->answer.error().detail == "nothing set");
  fetch.answer = ok("x");
  CHECK(get(tracing, "b.example")->body == "x");
  CHECK(std::get<HttpsStep>(trace[1]).domain == name("b.example"));
}

TEST_CASE("a replay gives each answer once and in order, the last one for ever", "[trace]") {
  Trace trace{step("a.example", RrType::a, dns_failure("first")),
              step("a.example", RrType::aaaa, dns_failure("other")),
              step("a.example", RrType::a, dns_failure("second"))};
  ReplayDns replay(trace);
  CHECK(ask(replay, "a.example", RrType::a).reason == "first");
  CHECK(ask(replay, "a.example", RrType::a).reason == "second");
  CHECK(ask(replay, "a.example", RrType::a).reason == "second");
  CHECK(ask(replay, "a.example", RrType::aaaa).reason == "other");
  CHECK(trace.size() == 3);
}

TEST_CASE("what is not in the trace fails, says so, and is added", "[trace]") {
  Trace trace;
  ReplayDns dns(trace);
  ReplayFetch fetch(trace);
  DnsAnswer answer = ask(dns, "a.example", RrType::mx);
  CHECK(answer.kind == DnsAnswer::Kind::failed);
  CHECK(answer.reason == "not in the saved trace");
  auto fetched = get(fetch, "a.example");
  REQUIRE_FALSE(fetched);
  CHECK(fetched.error().detail == "not in the saved trace");
  CHECK(trace.size() == 2);
  CHECK(ask(dns, "b.example", RrType::mx).reason == "not in the saved trace");
  CHECK(trace.size() == 3);
}

}  // namespace mtasts
