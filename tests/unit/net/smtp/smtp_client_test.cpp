#include "net/smtp/smtp_client.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <optional>
#include <utility>

#include "tests/unit/net/smtp/mail_server.hpp"
#include "tests/unit/virtual_time.hpp"

using namespace std::chrono_literals;

namespace mtasts {
namespace {

using Steady = std::chrono::steady_clock;

struct Client {
  boost::asio::io_context loop{1};
  TempFile pem{authority().pem()};
  SmtpOptions options{.ehlo = "checker.example",
                      .ca_file = pem.path(),
                      .more_ca_file = {},
                      .timeout = 60s,
                      .allow_addresses = {parse_cidr("127.0.0.0/8").value()}};
  std::unique_ptr<Smtp> smtp;

  boost::asio::awaitable<SmtpDialogue> talk(std::uint16_t port, const char* address = "127.0.0.1",
                                            const char* host = mx_host) {
    if (!smtp) smtp = make_smtp(loop, options).value();
    return smtp->talk({.address = parse_address(address).value(), .port = port, .host = host});
  }
};

TEST_CASE("special-use addresses are refused, and not dialled", "[net]") {
  StreamServer server{MailScript()};
  Client client;
  client.options.allow_addresses.clear();
  for (const char* address : {"127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.1.1"}) {
    auto dialogue = run(client.loop, client.talk(server.port(), address));
    CHECK(words(dialogue.trouble) == words(SmtpTrouble::not_allowed));
    CHECK(dialogue.reached == SmtpStage::none);
    CHECK(dialogue.detail.contains("is special-use ("));
    CHECK(dialogue.detail.ends_with("allow_addresses of [https] or [check] can permit it"));
  }
  CHECK(server.connections() == 0);
}

TEST_CASE("a dialogue is held once and its result reused, also while it is under way", "[net]") {
  StreamServer server{MailScript()};
  Client client;
  auto first = start(client.loop, client.talk(server.port()));
  auto second = start(client.loop, client.talk(server.port()));
  REQUIRE(run_until(client.loop, 30s, [&] { return *first && *second; }));
  CHECK(first->value().reached == SmtpStage::ehlo_in_tls);
  CHECK(first->value() == second->value());
  CHECK(run(client.loop, client.talk(server.port())) == first->value());
  CHECK(server.connections() == 1);
  run(client.loop, client.talk(server.port(), "127.0.0.1", ""));
  CHECK(server.connections() == 2);
}

TEST_CASE("one connection at a time goes to an address, whatever its port; others do not wait", "[net]") {
  std::atomic<bool> may_go = false;
  StreamServer slow([&](Peer& peer) {
    while (!may_go && !peer.stopping()) peer.wait(1ms);
    MailScript()(peer);
  });
  StreamServer same{MailScript()}, other(MailScript(), "127.0.0.2");
  Client client;
  auto first = start(client.loop, client.talk(slow.port()));
  auto second = start(client.loop, client.talk(same.port()));
  auto third = start(client.loop, client.talk(other.port(), "127.0.0.2"));
  REQUIRE(run_until(client.loop, 30s, [&] { return slow.waiting() && third->has_value(); }));
  CHECK_FALSE(*first);
  CHECK(same.connections() == 0);
  may_go = true;
  REQUIRE(run_until(client.loop, 30s, [&] { return *first && *second; }));
  CHECK(second->value().reached == SmtpStage::ehlo_in_tls);
  CHECK(same.connections() == 1);
}

TEST_CASE("only so many dialogues are under way at once, over all addresses", "[net]") {
  std::atomic<bool> may_go = false;
  StreamServer slow([&](Peer& peer) {
    while (!may_go && !peer.stopping()) peer.wait(1ms);
    MailScript()(peer);
  });
  StreamServer other(MailScript(), "127.0.0.2");
  Client client;
  client.options.at_once = 1;
  auto first = start(client.loop, client.talk(slow.port()));
  auto second = start(client.loop, client.talk(other.port(), "127.0.0.2"));
  while (!slow.waiting()) run_for(client.loop, 1ms);
  CHECK(other.connections() == 0);
  may_go = true;
  REQUIRE(run_until(client.loop, 30s, [&] { return *first && *second; }));
  CHECK(second->value().reached == SmtpStage::ehlo_in_tls);
}

TEST_CASE("the wait for a turn counts against the timeout, and says nothing about the server", "[net]") {
  std::optional<StreamServer> silent;
  fake::VirtualTime virtual_time([&] { return silent && silent->waiting(); });
  silent.emplace([](Peer& peer) { peer.wait(60s); });
  Client client;
  auto begin = Steady::now();
  auto first = start(client.loop, client.talk(silent->port()));
  auto second = start(client.loop, client.talk(silent->port(), "127.0.0.1", "other.example"));
  while (!(*first && *second) && client.loop.run_one() != 0) {
  }
  CHECK(Steady::now() - begin == 60s);
  CHECK(words(first->value().trouble) == words(SmtpTrouble::timeout));
  CHECK(words(second->value().trouble) == words(SmtpTrouble::local));
  CHECK(second->value().detail.contains("other dialogues took the time"));
}

TEST_CASE("dialogues end by the end of it all, and one that begins late says nothing about the server",
          "[net]") {
  for (auto [left, trouble] : {std::pair(40s, SmtpTrouble::timeout), std::pair(20s, SmtpTrouble::local)}) {
    std::optional<StreamServer> silent;
    fake::VirtualTime virtual_time([&] { return silent && silent->waiting(); });
    silent.emplace([](Peer& peer) { peer.wait(60s); });
    Client client;
    auto begin = Steady::now();
    client.options.done_by = begin + left;
    auto dialogue = run(client.loop, client.talk(silent->port()));
    CHECK(Steady::now() - begin == left);
    CHECK(words(dialogue.trouble) == words(trouble));
    CHECK(dialogue.reached == SmtpStage::connected);
  }
}

TEST_CASE("the first to ask may leave: the others get the result", "[net]") {
  StreamServer server{MailScript()};
  Client client;
  boost::asio::cancellation_signal leave;
  bool left = false;
  boost::asio::co_spawn(client.loop, client.talk(server.port()),
                        boost::asio::bind_cancellation_slot(
                            leave.slot(), [&left](const std::exception_ptr&, SmtpDialogue) { left = true; }));
  auto other = start(client.loop, client.talk(server.port()));
  client.loop.poll();
  leave.emit(boost::asio::cancellation_type::terminal);
  REQUIRE(run_until(client.loop, 30s, [&] { return other->has_value() && left; }));
  CHECK(other->value().reached == SmtpStage::ehlo_in_tls);
  CHECK(server.connections() == 1);
}

TEST_CASE("a dialogue goes on if the Smtp is gone", "[net]") {
  StreamServer server{MailScript()};
  Client client;
  auto talk = start(client.loop, client.talk(server.port()));
  client.loop.poll();
  client.smtp.reset();
  REQUIRE(run_until(client.loop, 30s, [&] { return talk->has_value(); }));
  CHECK(talk->value().reached == SmtpStage::ehlo_in_tls);
}

TEST_CASE("a loop that ends while dialogues are under way and wait", "[net]") {
  StreamServer silent([](Peer& peer) { peer.wait(60s); });
  Client client;
  auto first = start(client.loop, client.talk(silent.port()));
  auto same = start(client.loop, client.talk(silent.port()));
  auto waiting = start(client.loop, client.talk(silent.port(), "127.0.0.1", ""));
  while (!silent.waiting()) run_for(client.loop, 1ms);
  CHECK_FALSE(*first);
}

TEST_CASE("authorities that can't be read are a fault of the configuration, in the factory too", "[net]") {
  boost::asio::io_context loop;
  auto made = make_smtp(
      loop,
      {.ehlo = {}, .ca_file = "/nonexistent", .more_ca_file = {}, .timeout = 1s, .allow_addresses = {}});
  REQUIRE(!made);
  CHECK(made.error().fault == Fault::config);
}

}  // namespace
}  // namespace mtasts
