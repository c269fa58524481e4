// How long an asker of libunbound waits: timeouts, the queue, and askers that leave meanwhile. Where nobody
// answers, time is virtual; where an answer is awaited, the server says when.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch_test_macros.hpp>

#include "net/dns/unbound_dns.hpp"
#include "tests/unit/net/dns_server.hpp"
#include "tests/unit/net/run.hpp"
#include "tests/unit/virtual_time.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using std::chrono::steady_clock;
using Kind = DnsAnswer::Kind;
using Gate = std::shared_ptr<std::atomic<bool>>;
using Answers = std::vector<std::shared_ptr<std::optional<DnsAnswer>>>;

constexpr std::uint16_t type_txt = 16;

// "held..." is answered once the gate is open, "silent..." never, all else at once with its own name.
struct Bench {
  explicit Bench(std::chrono::milliseconds timeout, unsigned max_queries = 512) {
    UnboundOptions options;
    options.forward = {server.forward()};
    options.timeout = timeout;
    options.max_queries = max_queries;
    auto made = make_unbound_dns(loop, options);
    REQUIRE(made);
    dns = std::move(*made);
  }
  DnsAnswer ask(std::string name) { return run(loop, dns->ask(std::move(name), RrType::txt)); }
  void ask_at_once(std::size_t count, const std::string& label) {
    for (std::size_t i = 0; i < count; ++i)
      answers.push_back(start(loop, dns->ask(label + std::to_string(i) + ".example", RrType::txt)));
  }
  bool all_there() const {
    return std::ranges::all_of(answers, [](const auto& answer) { return answer->has_value(); });
  }
  bool until(const std::function<bool()>& done) { return run_until(loop, 60s, done); }
  // A question is with the server, and unanswered.
  bool until_asked() {
    return until([&] {
      run_for(loop, 1ms);
      return server.questions() > 0;
    });
  }

  Gate gate = std::make_shared<std::atomic<bool>>(false);
  DnsServer server{[gate = gate](const DnsQuestion& q) -> DnsReply {
    if (q.type != type_txt) return {};
    DnsReply reply{.answer = {{q.name, type_txt, dns_strings({q.name})}}};
    reply.silent = q.name.starts_with("silent");
    if (q.name.starts_with("held")) reply.until = gate;
    return reply;
  }};
  asio::io_context loop{1};
  std::unique_ptr<Dns> dns;
  Answers answers;
};

TEST_CASE("UB-13: a timeout ends the wait, and a late answer does no harm", "[net]") {
  Bench bench(100ms);
  auto begin = steady_clock::now();
  auto answer = bench.ask("held.example");
  auto took = steady_clock::now() - begin;
  CHECK(answer.kind == Kind::failed);
  CHECK(answer.reason == "timeout after 100 ms");
  CHECK(took >= 100ms);
  *bench.gate = true;
  auto cached = [&] { return bench.ask("held.example").kind == Kind::data; };
  for (int tries = 0; tries < 600 && !cached(); ++tries) {  // the answer arrives, for nobody
  }
  CHECK(cached());
  CHECK(bench.ask("n1.example").kind == Kind::data);
}

TEST_CASE("a silent server: every wait ends", "[net]") {
  bool answered = false;
  fake::VirtualTime virtual_time([&] { return !answered; });
  Bench bench(150ms);
  for (int i = 0; i < 3; ++i) {
    auto begin = steady_clock::now();
    CHECK(bench.ask("silent.example").reason == "timeout after 150 ms");
    CHECK(steady_clock::now() - begin == 150ms);
  }
  answered = true;
  CHECK(bench.ask("n1.example").kind == Kind::data);
}

TEST_CASE("UB-23: no more than max_queries at once, the rest in order", "[net]") {
  Bench bench(60s, 4);
  bench.ask_at_once(60, "held");
  REQUIRE(bench.until([&] {
    run_for(bench.loop, 1ms);
    return bench.server.most_at_once() == 4;
  }));
  *bench.gate = true;
  REQUIRE(bench.until([&] { return bench.all_there(); }));
  CHECK(std::ranges::all_of(bench.answers, [](auto& a) { return (*a)->kind == Kind::data; }));
  CHECK(bench.server.most_at_once() == 4);
}

TEST_CASE("the time in the queue counts", "[net]") {
  bool answered = false;
  fake::VirtualTime virtual_time([&] { return !answered; });
  Bench bench(2s, 1);
  auto begin = steady_clock::now();
  bench.ask_at_once(5, "silent");
  REQUIRE(bench.until([&] { return bench.all_there(); }));
  CHECK(steady_clock::now() - begin == 2s);  // five times that, if each had its own
  for (const auto& answer : bench.answers) {
    CHECK((*answer)->kind == Kind::failed);
    CHECK((*answer)->reason.starts_with("timeout"));
  }
  answered = true;
  CHECK(bench.ask("n1.example").kind == Kind::data);
}

TEST_CASE("UB-23: 2,000 questions at once all end, with their own answers", "[net]") {
  Bench bench(60s);
  bench.ask_at_once(2000, "n");
  REQUIRE(bench.until([&] { return bench.all_there(); }));
  int right = 0;
  for (std::size_t i = 0; i < bench.answers.size(); ++i) {
    const auto& rdata = (**bench.answers[i]).rdata;
    right += rdata.size() == 1 && rdata[0] == dns_strings({"n" + std::to_string(i) + ".example"});
  }
  CHECK(right == 2000);
}

TEST_CASE("UB-14: deleted with questions outstanding", "[net]") {
  Bench bench(60s, 10);
  bench.ask_at_once(50, "silent");
  REQUIRE(bench.until_asked());
  bench.dns.reset();
  // What is opened now may get the number of libunbound's old descriptor, which must not be closed again.
  std::vector<int> opened;
  for (int i = 0; i < 16; ++i) opened.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  REQUIRE(bench.until([&] { return bench.all_there(); }));
  for (const auto& answer : bench.answers) {
    CHECK((*answer)->kind == Kind::failed);
    CHECK((*answer)->reason == "the resolver is shut down");
  }
  bench.answers.clear();
  for (int descriptor : opened) CHECK(::close(descriptor) == 0);
}

TEST_CASE("a loop that is destroyed with askers in it", "[net]") {
  Bench bench(60s);
  bench.ask_at_once(1, "silent");
  REQUIRE(bench.until_asked());
  CHECK(!bench.all_there());
  // Bench's members go in reverse order: the Dns, then the loop with the coroutine's frame in it
}

asio::awaitable<bool> ask_impatiently(Dns& dns, std::string name) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(co_await asio::this_coro::executor, 50ms);
  auto done = co_await (dns.ask(std::move(name), RrType::txt) || timer.async_wait(asio::use_awaitable));
  co_return done.index() == 0;
}

TEST_CASE("an asker that is cancelled gives up its place", "[net]") {
  Bench bench(60s, 1);
  CHECK(!run(bench.loop, ask_impatiently(*bench.dns, "silent.example")));
  auto begin = steady_clock::now();
  CHECK(bench.ask("n1.example").kind == Kind::data);
  CHECK(steady_clock::now() - begin < 55s);  // the cancelled question would have kept the place for 60 s
}

}  // namespace
}  // namespace mtasts
