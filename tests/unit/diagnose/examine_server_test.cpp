// What is asked of one mail server, and how that is judged.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <utility>

#include "diagnose/examine_server.hpp"
#include "diagnose/first_expiry.hpp"
#include "diagnose/run_to_end.hpp"
#include "tests/unit/diagnose/dialogues.hpp"
#include "tests/unit/lookup/dane_fakes.hpp"

namespace mtasts {
namespace {

using namespace fake;
namespace asio = boost::asio;

const std::string host = "mx.a.example";
const Address first = *parse_address("192.0.2.1"), second = *parse_address("2001:db8::1");

// Every dialogue is good.
struct FakeSmtp final : Smtp {
  std::vector<SmtpRequest> asked;
  asio::awaitable<SmtpDialogue> talk(SmtpRequest request) override {
    asked.push_back(request);
    SmtpDialogue dialogue = test::good_dialogue(request.host);
    co_return dialogue;
  }
};

std::vector<SmtpHostFacts> talked(FakeSmtp& smtp, std::vector<unsigned> ports) {
  asio::io_context loop;
  return run_to_end(loop, talk_to_server(smtp, host, {first, second}, std::move(ports)));
}

ServerAddresses found(FakeDns& dns) {
  asio::io_context loop;
  return run_to_end(loop, find_server(dns, host));
}

}  // namespace

TEST_CASE("each address of a server is talked to on each port", "[check]") {
  FakeSmtp smtp;
  auto facts = talked(smtp, {25, 465});
  REQUIRE(facts.size() == 2);
  CHECK(facts[0].port == 25);
  CHECK_FALSE(facts[0].implicit_tls);
  CHECK(facts[1].port == 465);
  CHECK(facts[1].implicit_tls);
  CHECK(smtp.asked.size() == 4);
  for (const Address& each : {first, second}) {
    CHECK(std::ranges::count(smtp.asked, SmtpRequest{each, 25, host, false}) == 1);
    CHECK(std::ranges::count(smtp.asked, SmtpRequest{each, 465, host, true}) == 1);
  }
}

TEST_CASE("a step of a server names its port, if there are several", "[check]") {
  FakeSmtp smtp;
  ServerAddresses addresses{{first, second}, {}};
  auto both = judge_server(host, addresses, talked(smtp, {25, 465}), WantedPorts::all, 14, test::now);
  REQUIRE(both.steps.size() == 2);
  CHECK(both.steps[0].words.starts_with("port 25: 192.0.2.1"));
  CHECK(both.steps[1].words.starts_with("port 465: 192.0.2.1"));
  auto one = judge_server(host, addresses, talked(smtp, {25}), WantedPorts::all, 14, test::now);
  REQUIRE(one.steps.size() == 1);
  CHECK(one.steps[0].words.starts_with("192.0.2.1"));
}

TEST_CASE("the addresses of a server", "[check]") {
  FakeDns dns;
  dns.answers[host + "/AAAA"] = no_data(secure);
  dns.answers[host + "/A"] = raw_answer({std::string("\xC0\x00\x02\x01", 4)});
  auto good = found(dns);
  CHECK(good.addresses == std::vector<Address>{first});
  CHECK(good.failure.empty());
  dns.answers[host + "/A"] = nxdomain(secure);
  CHECK(found(dns).addresses.empty());
  CHECK(found(dns).failure.empty());
}

TEST_CASE("a server without an address is an error, one whose lookup failed is unknown", "[check]") {
  auto none = judge_server(host, {}, {}, WantedPorts::all, 14, test::now);
  REQUIRE(none.findings.size() == 1);
  CHECK(none.findings[0].code == "mx-no-address");
  CHECK(none.findings[0].severity == Severity::error);
  CHECK(none.steps.at(0).state == StepState::found);
  auto failed = judge_server(host, {{}, "SERVFAIL"}, {}, WantedPorts::all, 14, test::now);
  CHECK(failed.findings.empty());
  CHECK(failed.steps.at(0).state == StepState::unknown);
  CHECK(failed.steps.at(0).words == "its addresses could not be looked up (SERVFAIL)");
}

TEST_CASE("each port is judged for itself, and only port 25 must be there", "[check]") {
  const ServerAddresses addresses{{first, second}, {}};
  const auto good = test::good_dialogue(host);
  const auto refused = test::ended(good, SmtpStage::none, SmtpTrouble::refused, "refused");
  struct Row {
    const char* why;
    std::vector<unsigned> down;
    WantedPorts wanted;
    std::vector<StepState> states;  // of ports 25, 465 and 587
    std::vector<Severity> findings;
  };
  using enum StepState;
  for (const Row& row : {
           Row{"an MX host without submission",
               {465, 587},
               WantedPorts::as_mx,
               {ok, ok, ok},
               {Severity::info, Severity::info}},
           Row{"port 25 is blocked here", {25}, WantedPorts::as_mx, {unknown, ok, ok}, {}},
           Row{"ports that somebody named", {465, 587}, WantedPorts::all, {ok, unknown, unknown}, {}},
           Row{"all is blocked", {25, 465, 587}, WantedPorts::all, {unknown, unknown, unknown}, {}},
       }) {
    INFO(row.why);
    FakeSmtp smtp;
    auto facts = talked(smtp, {25, 465, 587});
    for (SmtpHostFacts& port : facts) {
      bool is_down = std::ranges::find(row.down, port.port) != row.down.end();
      for (SmtpAddressFacts& each : port.addresses) each.dialogue = is_down ? refused : good;
    }
    auto judgement = judge_server(host, addresses, std::move(facts), row.wanted, 14, test::now);
    std::vector<StepState> states;
    for (const CheckStep& each : judgement.steps) states.push_back(each.state);
    std::vector<Severity> findings;
    for (const Finding& each : judgement.findings) findings.push_back(each.severity);
    CHECK(states == row.states);
    CHECK(findings == row.findings);
  }
}

TEST_CASE("of many addresses, neither IPv6 nor IPv4 keeps the other out", "[check]") {
  auto many = [](std::size_t count, std::size_t size) {
    std::vector<std::string> rdata;
    for (std::size_t i = 0; i < count; ++i) rdata.emplace_back(size, static_cast<char>(i + 1));
    return raw_answer(std::move(rdata));
  };
  struct Row {
    std::size_t v6, v4, chosen_v6, chosen_v4, left_out;
  };
  for (const Row& row :
       {Row{8, 1, 7, 1, 1}, Row{8, 8, 4, 4, 8}, Row{2, 9, 2, 6, 3}, Row{0, 9, 0, 8, 1}, Row{1, 1, 1, 1, 0}}) {
    INFO(row.v6 << " of IPv6, " << row.v4 << " of IPv4");
    FakeDns dns;
    dns.answers[host + "/AAAA"] = many(row.v6, 16);
    dns.answers[host + "/A"] = many(row.v4, 4);
    auto all = found(dns);
    CHECK(std::ranges::count(all.addresses, true, &Address::v6) ==
          static_cast<std::ptrdiff_t>(row.chosen_v6));
    CHECK(std::ranges::count(all.addresses, false, &Address::v6) ==
          static_cast<std::ptrdiff_t>(row.chosen_v4));
    CHECK(all.left_out == row.left_out);
    FakeSmtp smtp;
    asio::io_context loop;
    auto facts = run_to_end(loop, talk_to_server(smtp, host, all.addresses, {25}));
    auto step = judge_server(host, all, std::move(facts), WantedPorts::all, 14, test::now).steps.at(0);
    auto words = "further addresses not asked: " + std::to_string(row.left_out);
    CHECK(step.words.ends_with(words) == (row.left_out > 0));
  }
}

TEST_CASE("the first certificate to expire", "[check]") {
  CHECK_FALSE(first_expiry(Trace{}));
  SmtpDialogue soon = test::good_dialogue(host), late = soon;
  test::Wanted wanted;
  wanted.ends = test::now + std::chrono::days(3);
  soon.tls = test::shown({test::certificate_for(host, wanted)});
  SmtpDialogue without = late;
  without.tls.reset();
  SmtpRequest request{first, 25, host, false}, without_sni{first, 25, "", false};
  SmtpDialogue expired = soon;
  expired.tls = test::shown({test::certificate_for(host, {.ends = test::now - std::chrono::days(1)})});
  Trace trace{SmtpStep{request, late, {}}, SmtpStep{request, soon, {}}, SmtpStep{request, without, {}},
              SmtpStep{without_sni, expired, {}}};
  CHECK(first_expiry(trace) == wanted.ends);
  PolicyHostAnswer answer{std::unexpected(FetchError{FetchStep::tls, ""})};
  wanted.ends = test::now + std::chrono::days(2);
  answer.seen.chain = {test::certificate_for("mta-sts.a.example", wanted).der()};
  trace.emplace_back(PolicyHostStep{*DomainName::parse("a.example"), first, answer, {}});
  CHECK(first_expiry(trace) == wanted.ends);

  SmtpHostFacts facts;
  facts.addresses = {{first, late}, {second, soon}};
  CHECK(first_expiry(std::vector{facts}) == test::now + std::chrono::days(3));
}

}  // namespace mtasts
