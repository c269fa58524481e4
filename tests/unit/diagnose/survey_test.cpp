// Which dialogues a survey holds, and when.
#include "diagnose/survey.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <string>
#include <vector>

#include "diagnose/run_to_end.hpp"
#include "tests/unit/diagnose/dialogues.hpp"
#include "tests/unit/virtual_time.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

const Address first_mx = *parse_address("192.0.2.1"), second_mx = *parse_address("192.0.2.2");

asio::awaitable<void> a_while(std::chrono::milliseconds delay) {
  asio::steady_timer timer(co_await asio::this_coro::executor, delay);
  co_await timer.async_wait(asio::use_awaitable);
}

DnsAnswer answer_of(DnsAnswer::Kind kind, std::vector<std::string> rdata = {}) {
  DnsAnswer answer;
  answer.kind = kind;
  answer.rdata = std::move(rdata);
  return answer;
}

DnsAnswer raw_answer(std::vector<std::string> rdata) {
  return answer_of(DnsAnswer::Kind::data, std::move(rdata));
}

std::string wire_name(std::string_view text) {
  std::string wire;
  while (!text.empty()) {
    auto label = text.substr(0, text.find('.'));
    wire += static_cast<char>(label.size());
    wire += label;
    text.remove_prefix(std::min(text.size(), label.size() + 1));
  }
  return wire + '\0';
}

// By "name/TYPE". To every other question there is no data.
struct FakeDns final : Dns {
  std::map<std::string, DnsAnswer> answers;
  std::map<std::string, std::chrono::milliseconds> delays;
  asio::awaitable<DnsAnswer> ask(std::string name, RrType type) override {
    std::string key = name + "/" + std::string(words(type));
    auto slow = delays.find(key);
    co_await a_while(slow == delays.end() ? std::chrono::milliseconds(0) : slow->second);
    auto found = answers.find(key);
    DnsAnswer answer = found == answers.end() ? answer_of(DnsAnswer::Kind::no_data) : found->second;
    co_return answer;
  }
};

// Every dialogue is good, unless `dialogues` says otherwise.
struct FakeSmtp final : Smtp {
  std::vector<SmtpRequest> asked;
  std::vector<std::pair<Address, SmtpDialogue>> dialogues;
  std::chrono::milliseconds delay{0};
  asio::awaitable<SmtpDialogue> talk(SmtpRequest request) override {
    asked.push_back(request);
    if (delay.count() > 0) co_await a_while(delay);
    SmtpDialogue dialogue = test::good_dialogue("mx.a.example");
    for (const auto& [address, other] : dialogues)
      if (address == request.address) dialogue = other;
    co_return dialogue;
  }
  std::ptrdiff_t count(std::uint16_t port, std::string_view host) const {
    return std::ranges::count_if(
        asked, [&](const SmtpRequest& each) { return each.port == port && each.host == host; });
  }
};

DnsAnswer at(const Address& address) {
  return raw_answer({std::string(address.octets.begin(), address.octets.begin() + 4)});
}

struct Srv {
  unsigned priority, port;
  std::string target;
};

DnsAnswer srv_answer(const std::vector<Srv>& records) {
  std::vector<std::string> rdata;
  for (const Srv& each : records)
    rdata.push_back(std::string{static_cast<char>(each.priority >> 8), static_cast<char>(each.priority), 0, 1,
                                static_cast<char>(each.port >> 8), static_cast<char>(each.port)} +
                    wire_name(each.target));
  return raw_answer(std::move(rdata));
}

struct World {
  fake::VirtualTime clock;
  FakeDns dns;
  Trace none;
  ReplayFetch fetch{none};
  ReplayNameServers name_servers{none};
  FakeSmtp smtp;
  std::vector<std::string> done;

  World() {
    dns.answers["a.example/MX"] = raw_answer({std::string("\0\12", 2) + wire_name("mx.a.example")});
    dns.answers["mx.a.example/A"] = raw_answer({at(first_mx).rdata.front(), at(second_mx).rdata.front()});
    for (const char* name : {"one", "two", "three", "four", "five"})
      dns.answers[std::string(name) + ".a.example/A"] = at(*parse_address("192.0.2.10"));
  }

  void submit(const char* service, const std::vector<Srv>& records) {
    dns.answers[std::string(service) + "._tcp.a.example/SRV"] = srv_answer(records);
  }

  std::shared_ptr<Survey> run(std::chrono::milliseconds time = std::chrono::hours(1)) {
    asio::io_context loop{1};
    auto all = std::make_shared<Survey>();
    auto until = time < std::chrono::hours(1) ? steady_clock::now() + time : steady_clock::time_point::max();
    run_to_end(loop, survey(all, {dns, dns, fetch, smtp, name_servers}, *DomainName::parse("a.example"),
                            until, [this](std::string_view part) { done.emplace_back(part); }));
    return all;
  }
};

SmtpDialogue busy() {
  auto dialogue = test::ended(test::good_dialogue("mx.a.example"), SmtpStage::connected, SmtpTrouble::reply);
  dialogue.greeting = {421, {"too many connections"}};
  return dialogue;
}

SmtpDialogue down() {
  return test::ended(test::good_dialogue("mx.a.example"), SmtpStage::none, SmtpTrouble::refused);
}

}  // namespace

TEST_CASE("an MX host is asked once without SNI, after the others", "[check]") {
  World world;
  auto all = world.run();
  CHECK(world.smtp.count(25, "mx.a.example") == 2);
  CHECK(world.smtp.count(25, "") == 1);
  CHECK(world.smtp.asked.back() == SmtpRequest{first_mx, 25, "", false});
  CHECK(all->hosts[0].addresses[0].without_sni);
  CHECK_FALSE(all->hosts[0].addresses[1].without_sni);
}

TEST_CASE("without SNI the first address is asked that talks", "[check]") {
  World world;
  world.smtp.dialogues = {{first_mx, down()}};
  world.run();
  CHECK(world.smtp.asked.back() == SmtpRequest{second_mx, 25, "", false});
}

TEST_CASE("an MX host that turns us away is not asked again", "[check]") {
  World world;
  world.smtp.dialogues = {{second_mx, busy()}};
  world.run();
  CHECK(world.smtp.asked.size() == 2);
}

TEST_CASE("nothing is asked without SNI once half of the time is over", "[check]") {
  World world;
  world.smtp.delay = std::chrono::seconds(6);
  world.run(std::chrono::seconds(10));
  CHECK(world.smtp.count(25, "mx.a.example") == 2);
  CHECK(world.smtp.count(25, "") == 0);
}

TEST_CASE("the servers that SRV records name are talked to", "[check]") {
  World world;
  world.submit("_submissions", {{0, 465, "one.a.example"}});
  world.submit("_submission", {{0, 587, "two.a.example"}, {0, 2587, "three.a.example"}});
  auto all = world.run();
  CHECK(world.smtp.count(465, "one.a.example") == 1);
  CHECK(world.smtp.count(587, "two.a.example") == 1);
  CHECK(world.smtp.count(2587, "three.a.example") == 1);
  for (const SmtpRequest& each : world.smtp.asked) CHECK(each.implicit_tls == (each.port == 465));
  CHECK(all->submission.failure.empty());
  CHECK(std::ranges::find(world.done, "submission") != world.done.end());
}

TEST_CASE("of the servers for submission, the first four are talked to", "[check]") {
  World world;
  world.submit("_submissions",
               {{3, 465, "five.a.example"}, {1, 465, "one.a.example"}, {2, 465, "two.a.example"}});
  world.submit("_submission", {{2, 587, "four.a.example"}, {1, 587, "three.a.example"}});
  auto all = world.run();
  CHECK(all->submission.servers.size() == 4);
  CHECK(all->submission.left_out == 1);
  CHECK(world.smtp.count(465, "five.a.example") == 0);
}

TEST_CASE("SRV records that name nobody", "[check]") {
  struct Row {
    const char* why;
    Srv record;
  };
  for (const Row& row : {Row{"RFC 2782: the service is not offered", {0, 0, ""}},
                         Row{"the port is 0", {0, 0, "one.a.example"}},
                         Row{"the target is not a host name", {0, 587, "o,ne.a.example"}}}) {
    INFO(row.why);
    World world;
    world.submit("_submission", {row.record});
    CHECK(world.run()->submission.servers.empty());
  }
}

TEST_CASE("a dialogue with a server for submission waits until those with MX hosts have begun", "[check]") {
  World world;
  world.submit("_submission", {{0, 587, "one.a.example"}});
  world.dns.delays["mx.a.example/A"] = std::chrono::seconds(2);
  world.run();
  auto of = [&](std::uint16_t port) { return std::ranges::find(world.smtp.asked, port, &SmtpRequest::port); };
  REQUIRE(of(587) != world.smtp.asked.end());
  CHECK(of(25) < of(587));
}

TEST_CASE("a server for submission is talked to where no MX host is", "[check]") {
  World world;
  world.dns.answers["a.example/MX"] = answer_of(DnsAnswer::Kind::nxdomain);
  world.submit("_submission", {{0, 587, "one.a.example"}});
  world.run();
  CHECK(world.smtp.asked.size() == 1);
}

TEST_CASE("without an answer it is not known who takes submissions", "[check]") {
  World world;
  world.dns.delays["_submission._tcp.a.example/SRV"] = std::chrono::hours(1);
  CHECK(world.run(std::chrono::seconds(5))->submission.failure == "no answer in time");
}

TEST_CASE("a failed lookup of SRV records is told", "[check]") {
  World world;
  DnsAnswer failed;
  failed.reason = "SERVFAIL";
  world.dns.answers["_submission._tcp.a.example/SRV"] = failed;
  CHECK(world.run()->submission.failure.contains("SRV _submission._tcp.a.example: SERVFAIL"));
}

}  // namespace mtasts
