#include "net/smtp/dialogue.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "sys/local_shortage.hpp"
#include "tests/unit/net/smtp/mail_server.hpp"
#include "tests/unit/virtual_time.hpp"

using namespace std::chrono_literals;
using Catch::Generators::values;

namespace mtasts {
namespace {

using Lines = std::vector<std::string>;
using Steady = std::chrono::steady_clock;

TEST_CASE("a dialogue to its end: greeting, EHLO, STARTTLS, TLS, EHLO, QUIT", "[net]") {
  MailScript script;
  auto dialogue = talk_to(script);
  INFO(dialogue.detail);
  CHECK(dialogue.reached == SmtpStage::ehlo_in_tls);
  CHECK(dialogue.trouble == SmtpTrouble::none);
  CHECK(dialogue.detail.empty());
  CHECK(dialogue.greeting == SmtpReply{220, {"mx.good.example ESMTP"}});
  CHECK(dialogue.ehlo == SmtpReply{250, {"mx.good.example", "SIZE 1000", "STARTTLS"}});
  CHECK(dialogue.starttls == SmtpReply{220, {"2.0.0 go ahead"}});
  CHECK(dialogue.ehlo_in_tls == SmtpReply{250, {"mx.good.example", "AUTH PLAIN"}});
  CHECK(dialogue.helo == SmtpReply());
  CHECK(dialogue.surplus == 0);
  CHECK(dialogue.tls);
  CHECK(script.heard->lines() ==
        Lines{"EHLO checker.example", "STARTTLS", "SNI mx.good.example", "EHLO checker.example", "QUIT"});
}

TEST_CASE("without a host no SNI is sent", "[net]") {
  MailScript script;
  StreamServer server(script);
  Talker talker;
  talker.job.request.host = "";
  CHECK(talker.talk(server.port()).reached == SmtpStage::ehlo_in_tls);
  CHECK(script.heard->lines().at(2) == "SNI ");
}

TEST_CASE("without a name we go by the address that the connection comes from", "[net]") {
  MailScript script;
  StreamServer server(script);
  Talker talker;
  talker.job.ehlo = "";
  talker.talk(server.port());
  CHECK(script.heard->lines().at(0) == "EHLO [127.0.0.1]");
}

TEST_CASE("the greeting is waited for", "[net]") {
  std::atomic<bool> early = false;
  MailScript script;
  auto dialogue = talk_to([&, script](Peer& peer) {
    peer.wait(30ms);
    early = peer.has_input();
    script(peer);
  });
  CHECK(dialogue.trouble == SmtpTrouble::none);
  CHECK_FALSE(early);
}

TEST_CASE("implicit TLS, as on port 465", "[net]") {
  MailScript script;
  script.implicit_tls = true;
  auto dialogue = talk_to(script, true);
  INFO(dialogue.detail);
  CHECK(dialogue.reached == SmtpStage::ehlo_in_tls);
  CHECK(dialogue.trouble == SmtpTrouble::none);
  CHECK(dialogue.greeting.code == 220);
  CHECK(dialogue.ehlo == SmtpReply());
  CHECK(dialogue.ehlo_in_tls.code == 250);
  CHECK(script.heard->lines() == Lines{"SNI mx.good.example", "EHLO checker.example", "QUIT"});
}

// What differs from the good server, and how the dialogue ends.
struct Fault {
  const char* why;
  MailScript script;
  SmtpStage reached;
  SmtpTrouble trouble;
  const char* detail;  // is in it
  Lines heard;
};

MailScript changed(std::string MailScript::* step, std::string text) {
  MailScript script;
  script.*step = std::move(text);
  return script;
}

MailScript without_ehlo(std::string refusal, std::string helo) {
  MailScript script;
  script.ehlo = std::move(refusal);
  script.helo = std::move(helo);
  return script;
}

TEST_CASE("a server that says something else", "[net]") {
  using M = MailScript;
  const Lines greeted{"EHLO checker.example"};
  const Lines refused{"EHLO checker.example", "HELO checker.example", "QUIT"};
  const Lines asked{"EHLO checker.example", "STARTTLS"};
  const Lines in_tls{"EHLO checker.example", "STARTTLS", "SNI mx.good.example", "EHLO checker.example"};
  auto and_quit = [](Lines lines) {
    lines.emplace_back("QUIT");
    return lines;
  };
  auto fault = GENERATE_COPY(values<Fault>({
      {"554",
       changed(&M::greeting, "554 5.7.1 go away\r\n"),
       SmtpStage::connected,
       SmtpTrouble::reply,
       "554 5.7.1 go away",
       {"QUIT"}},
      {"421",
       changed(&M::greeting, "421-busy\r\n421 later\r\n"),
       SmtpStage::connected,
       SmtpTrouble::reply,
       "421 busy later",
       {"QUIT"}},
      {"hostile words",
       changed(&M::greeting, "554 \x1b[31m\xff\r\n"),
       SmtpStage::connected,
       SmtpTrouble::reply,
       "554 \\x1b[31m\\xff",
       {"QUIT"}},
      {"no greeting",
       changed(&M::greeting, ""),
       SmtpStage::connected,
       SmtpTrouble::closed,
       "the server closed the connection",
       {}},
      {"another protocol",
       changed(&M::greeting, "+OK POP3\r\n"),
       SmtpStage::connected,
       SmtpTrouble::garbage,
       "not an SMTP reply: \"+OK POP3\"",
       {}},
      {"closes at EHLO", changed(&M::ehlo, ""), SmtpStage::greeted, SmtpTrouble::closed, "closed", greeted},
      {"421 at EHLO", changed(&M::ehlo, "421 bye\r\n"), SmtpStage::greeted, SmtpTrouble::reply, "421 bye",
       and_quit(greeted)},
      {"EHLO refused, HELO taken", without_ehlo("502 what\r\n", "250 hi\r\n"), SmtpStage::greeted,
       SmtpTrouble::reply, "502 what", refused},
      {"EHLO refused, HELO too", without_ehlo("550 no\r\n", "550 no\r\n"), SmtpStage::greeted,
       SmtpTrouble::reply, "550 no", refused},
      {"EHLO refused, then closes",
       without_ehlo("502 what\r\n", ""),
       SmtpStage::greeted,
       SmtpTrouble::reply,
       "502 what",
       {"EHLO checker.example", "HELO checker.example"}},
      {"garbage at EHLO", changed(&M::ehlo, "what?\r\n"), SmtpStage::greeted, SmtpTrouble::garbage, "what?",
       greeted},
      {"no STARTTLS", changed(&M::ehlo, "250-mx.good.example\r\n250 SIZE\r\n"), SmtpStage::ehlo,
       SmtpTrouble::reply, "does not offer STARTTLS", and_quit(greeted)},
      {"mangled by a firewall", changed(&M::ehlo, "250-mx\r\n250 XXXXXXXA\r\n"), SmtpStage::ehlo,
       SmtpTrouble::reply, "does not offer STARTTLS", and_quit(greeted)},
      {"454 at STARTTLS", changed(&M::starttls, "454 TLS not available\r\n"), SmtpStage::ehlo,
       SmtpTrouble::reply, "454 TLS not available", and_quit(asked)},
      {"502 at STARTTLS", changed(&M::starttls, "502 no\r\n"), SmtpStage::ehlo, SmtpTrouble::reply, "502 no",
       and_quit(asked)},
      {"closes at STARTTLS", changed(&M::starttls, ""), SmtpStage::ehlo, SmtpTrouble::closed, "closed",
       asked},
      {"refuses EHLO in TLS", changed(&M::ehlo_in_tls, "503 no\r\n"), SmtpStage::tls, SmtpTrouble::reply,
       "503 no", and_quit(in_tls)},
      {"closes in TLS", changed(&M::ehlo_in_tls, ""), SmtpStage::tls, SmtpTrouble::closed, "closed", in_tls},
      {"garbage in TLS", changed(&M::ehlo_in_tls, "what?\r\n"), SmtpStage::tls, SmtpTrouble::garbage, "what?",
       in_tls},
  }));
  INFO(fault.why);
  SmtpDialogue dialogue = talk_to(fault.script);
  INFO(dialogue.detail);
  CHECK(dialogue.reached == fault.reached);
  CHECK(words(dialogue.trouble) == words(fault.trouble));
  CHECK(dialogue.detail.contains(fault.detail));
  CHECK(dialogue.tls.has_value() == (fault.reached >= SmtpStage::tls));
  CHECK(fault.script.heard->lines() == fault.heard);
}

TEST_CASE("a connection that ends with a line that can't be SMTP", "[net]") {
  auto dialogue = talk_to([](Peer& peer) { peer.write("\x15\x03\x01"); });
  CHECK(dialogue.reached == SmtpStage::connected);
  CHECK(words(dialogue.trouble) == words(SmtpTrouble::garbage));
  CHECK(dialogue.detail == "not an SMTP reply: \"\\x15\\x03\\x01\"");
}

TEST_CASE("the reply to HELO is noted", "[net]") {
  auto dialogue = talk_to(without_ehlo("502 what\r\n", "250 hi\r\n"));
  CHECK(dialogue.ehlo == SmtpReply{502, {"what"}});
  CHECK(dialogue.helo == SmtpReply{250, {"hi"}});
}

TEST_CASE("what is unusual but leads on", "[net]") {
  using M = MailScript;
  auto script = GENERATE(values<MailScript>({
      changed(&M::greeting, "220\r\n"),
      changed(&M::greeting, "220-a\n220-b\n220 c\n"),
      changed(&M::ehlo, "250-mx\r\n250 starttls\r\n"),
      changed(&M::ehlo, "250-mx\r\n250-STARTTLS now\r\n250 OK\r\n"),
      changed(&M::starttls, "220\r\n"),
      changed(&M::ehlo_in_tls, "250-mx\r\n250 STARTTLS\r\n"),
  }));
  auto dialogue = talk_to(script);
  INFO(dialogue.detail);
  CHECK(dialogue.reached == SmtpStage::ehlo_in_tls);
  CHECK(dialogue.trouble == SmtpTrouble::none);
}

TEST_CASE("octets behind the reply to STARTTLS are counted and never read as TLS", "[net]") {
  std::string surplus = GENERATE(values<std::string>({"x", "250 injected\r\n", std::string(20000, 'x')}));
  MailScript script;
  script.starttls += surplus;
  auto dialogue = talk_to(script);
  CHECK(dialogue.reached == SmtpStage::starttls);
  CHECK(dialogue.trouble == SmtpTrouble::reply);
  CHECK(dialogue.surplus > 0);
  CHECK(dialogue.surplus <= surplus.size());
  if (surplus.size() < 1000) CHECK(dialogue.surplus == surplus.size());
  CHECK(dialogue.detail.ends_with(" came in the clear behind the reply to STARTTLS"));
  CHECK_FALSE(dialogue.tls);
}

TEST_CASE("replies that come before they are asked for are read in their turn", "[net]") {
  auto dialogue = talk_to(changed(&MailScript::greeting, "220 a\r\n250-b\r\n250 STARTTLS\r\n"));
  CHECK(dialogue.ehlo == SmtpReply{250, {"b", "STARTTLS"}});
  // The server's own reply to EHLO is taken for the one to STARTTLS, and what came after it is surplus.
  CHECK(dialogue.starttls.code == 250);
}

PeerScript until_gone(std::string_view first, std::string text) {
  return [first, text = std::move(text)](Peer& peer) {
    peer.write(first);
    while (!peer.stopping() && peer.write(text)) {
    }
  };
}

TEST_CASE("endless octets end the dialogue", "[net]") {
  struct Row {
    const char* why;
    PeerScript script;
    SmtpTrouble trouble;
  };
  auto row = GENERATE(values<Row>({
      {"a greeting without end", until_gone("", "220-hello\r\n"), SmtpTrouble::too_long},
      {"one line without end", until_gone("220 ", std::string(10000, 'x')), SmtpTrouble::too_long},
      {"garbage without end", until_gone("", std::string(10000, 'x')), SmtpTrouble::garbage},
      {"NULs without end", until_gone("", std::string(10000, '\0')), SmtpTrouble::garbage},
      {"an EHLO reply without end", until_gone("220 a\r\n", "250-x\r\n"), SmtpTrouble::too_long},
  }));
  INFO(row.why);
  auto dialogue = talk_to(row.script);
  CHECK(words(dialogue.trouble) == words(row.trouble));
  CHECK(dialogue.detail.size() < 400);
}

TEST_CASE("a long reply is shortened once the dialogue has gone by all of it", "[net]") {
  MailScript script;
  script.ehlo = "250-mx.good.example\r\n250-" + std::string(4000, 'x') + "\r\n250-" + std::string(4000, 'y') +
                "\r\n250-\r\n250 STARTTLS\r\n";
  script.ehlo_in_tls = "250-" + std::string(4096, 'z') + "\r\n250 AUTH\r\n";
  auto dialogue = talk_to(script);
  CHECK(dialogue.reached == SmtpStage::ehlo_in_tls);
  REQUIRE(dialogue.ehlo.lines.size() == 3);
  CHECK(dialogue.ehlo.lines[1] == std::string(4000, 'x'));
  CHECK(dialogue.ehlo.lines[2] == std::string(4096 - 4000 - 15, 'y'));
  CHECK(dialogue.ehlo.cut);
  CHECK(dialogue.ehlo_in_tls == SmtpReply{250, {std::string(4096, 'z')}, true});
  CHECK_FALSE(dialogue.greeting.cut);
}

TEST_CASE("what a server sends below SMTP is limited too", "[net]") {
  auto send = GENERATE(values<bool (Peer::*)()>({&Peer::send_ticket, &Peer::update_keys}));
  auto dialogue = talk_to([send, script = MailScript()](Peer& peer) {
    peer.write(script.greeting);
    peer.read_line();
    peer.write(script.ehlo);
    peer.read_line();
    peer.write(script.starttls);
    if (!peer.start_tls(*script.tls)) return;
    while (!peer.stopping() && (peer.*send)()) {
    }
  });
  INFO(dialogue.detail);
  CHECK(dialogue.reached == SmtpStage::tls);
  CHECK(words(dialogue.trouble) == words(SmtpTrouble::too_long));
}

constexpr int all_steps = 5;  // to the handshake, and none of them

// The server does the first steps, and then something else.
void do_steps(Peer& peer, const MailScript& script, int steps) {
  if (steps >= 1) peer.write(script.greeting);
  if (steps >= 2) {
    peer.read_line();
    peer.write(script.ehlo);
  }
  if (steps >= 3) {
    peer.read_line();
    peer.write(script.starttls);
  }
  if (steps >= 4) peer.start_tls(*script.tls);
}

SmtpStage stage_after(int steps) {
  constexpr auto stages = std::to_array<SmtpStage>(
      {SmtpStage::connected, SmtpStage::greeted, SmtpStage::ehlo, SmtpStage::starttls, SmtpStage::tls});
  return stages.at(static_cast<std::size_t>(steps));
}

TEST_CASE("silence at each step ends with the deadline", "[net]") {
  int steps = GENERATE(Catch::Generators::range(0, all_steps));
  INFO(steps);
  std::optional<StreamServer> server;
  fake::VirtualTime virtual_time([&server] { return server && server->waiting(); });
  server.emplace([steps, script = MailScript()](Peer& peer) {
    do_steps(peer, script, steps);
    peer.wait(60s);
  });
  Talker talker;
  talker.timeout = 30s;
  auto begin = Steady::now();
  auto dialogue = talker.talk(server->port());
  CHECK(Steady::now() - begin == 30s);
  CHECK(words(dialogue.reached) == words(stage_after(steps)));
  CHECK(words(dialogue.trouble) == words(SmtpTrouble::timeout));
  CHECK(dialogue.detail == "no answer in time");
}

TEST_CASE("a server that does not answer QUIT costs two seconds", "[net]") {
  std::optional<StreamServer> server;
  fake::VirtualTime virtual_time([&server] { return server && server->waiting(); });
  server.emplace([script = MailScript()](Peer& peer) {
    peer.write("554 go away\r\n");
    peer.wait(60s);
  });
  Talker talker;
  auto begin = Steady::now();
  auto dialogue = talker.talk(server->port());
  CHECK(Steady::now() - begin == 2s);
  CHECK(words(dialogue.trouble) == words(SmtpTrouble::reply));
}

TEST_CASE("one octet after the other ends with the deadline, in the clear and in a handshake", "[net]") {
  std::string before = GENERATE(values<std::string>({"", "220 a\r\n250-b\r\n250 STARTTLS\r\n"}));
  std::optional<StreamServer> server;
  fake::VirtualTime virtual_time([&server] { return server && server->waiting(); });
  server.emplace([before](Peer& peer) {
    peer.write(before);
    for (int i = 0; !peer.stopping() && i < 10000 && peer.write("2"); ++i) peer.wait(1ms);
  });
  Talker talker;
  talker.timeout = 5s;
  auto begin = Steady::now();
  auto dialogue = talker.talk(server->port());
  CHECK(Steady::now() - begin <= 5s);
  CHECK(dialogue.trouble != SmtpTrouble::none);
}

TEST_CASE("a reset at each step", "[net]") {
  int steps = GENERATE(Catch::Generators::range(0, all_steps));
  INFO(steps);
  auto dialogue = talk_to([steps, script = MailScript()](Peer& peer) {
    do_steps(peer, script, steps);
    // Until the other side has its turn: a reset takes away what it has not read yet.
    while (steps > 0 && !peer.stopping() && !peer.has_input()) peer.wait(1ms);
    peer.reset();
  });
  INFO(dialogue.detail);
  CHECK(words(dialogue.reached) == words(stage_after(steps)));
  CHECK(words(dialogue.trouble) == words(SmtpTrouble::closed));
}

TEST_CASE("nobody listens", "[net]") {
  std::uint16_t port = 0;
  {
    StreamServer server([](Peer&) {});
    port = server.port();
  }
  Talker talker;
  auto dialogue = talker.talk(port);
  CHECK(dialogue.reached == SmtpStage::none);
  CHECK(words(dialogue.trouble) == words(SmtpTrouble::refused));
  CHECK(dialogue.detail == "Connection refused");
}

// No packet leaves the host: it has no route.
TEST_CASE("a host without IPv6 does not blame the server", "[net]") {
  if (has_ipv6()) SKIP("this host has IPv6");
  Talker talker;
  talker.job.request.address = parse_address("2001:db8::1").value();
  auto dialogue = talker.talk(25);
  CHECK(dialogue.reached == SmtpStage::none);
  CHECK(words(dialogue.trouble) == words(SmtpTrouble::local));
}

}  // namespace
}  // namespace mtasts
