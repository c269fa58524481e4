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

TEST_CASE("a fetch that is still open is a failure of this host, not an answer", "[trace]") {
  FakeFetch fetch;
  fetch.delay = std::chrono::hours(1);
  FakeDns dns;
  Trace trace;
  TracingFetch tracing(fetch, trace);
  boost::asio::io_context loop;
  auto asked = start(loop, tracing.get_policy({name("a.example"), dns}));
  loop.poll();
  const HttpsStep* open = find_https(trace);
  REQUIRE(open != nullptr);
  REQUIRE_FALSE(open->answer);
  CHECK(open->answer.error().step == FetchStep::deadline);
  CHECK(open->answer.error().detail == no_answer_in_time);
  CHECK(open->answer.error().local);
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

namespace {

const Address first_address = parse_address("192.0.2.1").value();
const Address second_address = parse_address("2001:db8::1").value();

class FakeSmtp : public Smtp {
 public:
  boost::asio::awaitable<SmtpDialogue> talk(SmtpRequest request) override {
    co_await a_while(delay);
    SmtpDialogue dialogue;
    dialogue.greeting = {220, {request.host}};
    co_return dialogue;
  }
  std::chrono::milliseconds delay{0};
};

class FakePolicyHosts : public FakeFetch {
 public:
  boost::asio::awaitable<PolicyHostAnswer> get_policy_at(PolicyRequest request, Address address) override {
    co_await a_while(delay);
    PolicyHostAnswer answer;
    answer.answer = ok(std::string(request.domain.str()) + " at " + to_string(address));
    co_return answer;
  }
};

SmtpDialogue talk(Smtp& smtp, SmtpRequest request) {
  boost::asio::io_context loop;
  return run(loop, smtp.talk(std::move(request)));
}

PolicyHostAnswer get_at(Fetch& fetch, std::string_view domain, const Address& address) {
  FakeDns dns;
  boost::asio::io_context loop;
  return run(loop, fetch.get_policy_at({name(domain), dns}, address));
}

}  // namespace

TEST_CASE("a tracing Smtp notes dialogues, and a replay gives them back", "[trace]") {
  FakeSmtp smtp;
  smtp.delay = std::chrono::milliseconds(20);
  Trace trace;
  TracingSmtp tracing(smtp, trace);
  CHECK(talk(tracing, {first_address, 25, "mx.example"}).greeting.lines.front() == "mx.example");
  talk(tracing, {first_address, 25, "other.example"});
  REQUIRE(trace.size() == 2);
  CHECK(std::get<SmtpStep>(trace[0]).took >= std::chrono::milliseconds(19));
  ReplaySmtp replay(trace);
  CHECK(talk(replay, {first_address, 25, "other.example"}).greeting.lines.front() == "other.example");
  CHECK(talk(replay, {first_address, 25, "mx.example"}).greeting.lines.front() == "mx.example");
  CHECK(trace.size() == 2);
}

TEST_CASE("a dialogue is found by all of its request", "[trace]") {
  Trace trace;
  trace.emplace_back(SmtpStep{{first_address, 25, "mx.example"}, {}, {}});
  CHECK(find_smtp(trace, {first_address, 25, "mx.example"}) != nullptr);
  CHECK(find_smtp(trace, {second_address, 25, "mx.example"}) == nullptr);
  CHECK(find_smtp(trace, {first_address, 465, "mx.example"}) == nullptr);
  CHECK(find_smtp(trace, {first_address, 25, "mx2.example"}) == nullptr);
  CHECK(find_smtp(trace, {first_address, 25, "mx.example", true}) == nullptr);
}

TEST_CASE("a tracing Fetch notes single addresses, and a replay gives them back", "[trace]") {
  FakePolicyHosts hosts;
  Trace trace;
  TracingFetch tracing(hosts, trace);
  CHECK(get_at(tracing, "a.example", first_address).answer->body == "a.example at 192.0.2.1");
  get_at(tracing, "a.example", second_address);
  get_at(tracing, "b.example", first_address);
  REQUIRE(trace.size() == 3);
  ReplayFetch replay(trace);
  CHECK(get_at(replay, "a.example", second_address).answer->body == "a.example at 2001:db8::1");
  CHECK(get_at(replay, "b.example", first_address).answer->body == "b.example at 192.0.2.1");
  CHECK(trace.size() == 3);
  CHECK(find_https(trace) == nullptr);
}

TEST_CASE("a trace notes name servers and places, and a replay gives them back", "[trace]") {
  struct : NameServers {
    boost::asio::awaitable<DnsAnswer> ask_at(Address server, std::string, RrType) override {
      co_return txt({to_string(server)});
    }
  } servers;
  struct : FakeFetch {
    boost::asio::awaitable<PlaceFound> look_at(PolicyRequest, PolicyPlace place) override {
      co_return place == PolicyPlace::www ? PlaceFound::policy : PlaceFound::nothing;
    }
  } fetch;
  FakeDns dns;
  Trace trace;
  TracingNameServers tracing_servers(servers, trace);
  TracingFetch tracing_fetch(fetch, trace);
  boost::asio::io_context loop;
  for (const Address& each : {first_address, second_address})
    run(loop, tracing_servers.ask_at(each, "a.example", RrType::txt));
  for (PolicyPlace each : policy_places) run(loop, tracing_fetch.look_at({name("a.example"), dns}, each));
  REQUIRE(trace.size() == 6);
  ReplayNameServers replayed_servers(trace);
  ReplayFetch replayed_fetch(trace);
  CHECK(run(loop, replayed_servers.ask_at(second_address, "a.example", RrType::txt)).rdata ==
        txt({"2001:db8::1"}).rdata);
  CHECK(run(loop, replayed_fetch.look_at({name("a.example"), dns}, PolicyPlace::www)) == PlaceFound::policy);
  CHECK(run(loop, replayed_fetch.look_at({name("a.example"), dns}, PolicyPlace::root)) ==
        PlaceFound::nothing);
  CHECK(trace.size() == 6);
  CHECK(run(loop, replayed_servers.ask_at(first_address, "b.example", RrType::txt)).local);
  CHECK(run(loop, replayed_fetch.look_at({name("b.example"), dns}, PolicyPlace::www)) ==
        PlaceFound::not_asked);
  CHECK(trace.size() == 8);
  CHECK(find_step(trace, "a.example", RrType::txt) == nullptr);
}

TEST_CASE("until there is an answer, a step says that there was none in time", "[trace]") {
  FakeSmtp smtp;
  FakePolicyHosts hosts;
  smtp.delay = hosts.delay = std::chrono::hours(1);
  FakeDns dns;
  Trace trace;
  TracingSmtp tracing_smtp(smtp, trace);
  TracingFetch tracing_fetch(hosts, trace);
  TracingDns tracing_dns(dns, trace);
  dns.delay = std::chrono::hours(1);
  boost::asio::io_context loop;
  auto dialogue = start(loop, tracing_smtp.talk({first_address, 25, "mx.example"}));
  auto answer = start(loop, tracing_fetch.get_policy_at({name("a.example"), dns}, first_address));
  auto record = start(loop, tracing_dns.ask("a.example", RrType::txt));
  REQUIRE(run_until(loop, std::chrono::seconds(10), [&trace] { return trace.size() == 3; }));
  CHECK(std::get<SmtpStep>(trace[0]).dialogue.trouble == SmtpTrouble::local);
  CHECK(std::get<SmtpStep>(trace[0]).dialogue.detail == "no answer in time");
  CHECK(std::get<PolicyHostStep>(trace[1]).answer.timed_out);
  CHECK(std::get<PolicyHostStep>(trace[1]).answer.answer.error().detail == "no answer in time");
  CHECK(std::get<DnsStep>(trace[2]).answer.reason == "no answer in time");
  CHECK(std::get<DnsStep>(trace[2]).answer.local);
}

TEST_CASE("what a trace lacks of a check is unknown, says so, and is added", "[trace]") {
  Trace trace;
  ReplaySmtp smtp(trace);
  ReplayFetch fetch(trace);
  auto dialogue = talk(smtp, {first_address, 25, "mx.example"});
  CHECK(dialogue.reached == SmtpStage::none);
  CHECK(dialogue.trouble == SmtpTrouble::local);
  CHECK(dialogue.detail == "not in the saved trace");
  auto answer = get_at(fetch, "a.example", first_address);
  CHECK_FALSE(answer.asked);
  CHECK(answer.answer.error().detail == "not in the saved trace");
  CHECK(trace.size() == 2);
  CHECK(find_policy_host(trace, name("a.example"), first_address) != nullptr);
}

TEST_CASE("a Fetch that can't choose addresses says so", "[trace]") {
  FakeFetch fetch;
  auto answer = get_at(fetch, "a.example", first_address);
  CHECK_FALSE(answer.asked);
  CHECK(answer.answer.error().detail.contains("can't be asked here"));
  CHECK(fetch.asked == 0);
}

}  // namespace mtasts
