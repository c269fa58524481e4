// What a session does with next hops, transports, lists, headers and the end of a message.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/unit/milter/session_world.hpp"

namespace mtasts {

using Catch::Matchers::ContainsSubstring;
using test::SessionWorld;
using Strings = std::vector<std::string>;

TEST_CASE("a demand known at RCPT refuses that recipient alone", "[milter]") {
  SessionWorld world;
  world.mail("<a@sender.example>", {"REQUIRETLS"});
  CHECK_FALSE(world.rcpt("good.example"));
  auto refusal = world.rcpt("bare.example");
  REQUIRE(refusal);
  CHECK(*refusal ==
        Refusal{550, "5.7.10",
                "<user@bare.example>: this message requires verified TLS (REQUIRETLS), which mail to "
                "bare.example does not get: no MTA-STS record"});
  CHECK_FALSE(world.end().refusal);
  REQUIRE(world.reports.size() == 1);
  const MessageReport& report = world.reports[0];
  CHECK(report.queue_id == "4ABC");
  CHECK(report.sender == "a@sender.example");
  CHECK_FALSE(report.tls_required_no);
  CHECK(report.demand == "REQUIRETLS");
  CHECK(report.recipients == 2);
  CHECK(report.refused == 1);
  CHECK(report.result == MessageReport::Result::accepted);
  CHECK(report.reason == "bare.example: no MTA-STS record");
}

TEST_CASE("what is not known at RCPT is answered 4xx with the reason", "[milter]") {
  SessionWorld world;
  world.mail("<a@sender.example>", {"requiretls"});
  auto refusal = world.rcpt("silent.example");
  REQUIRE(refusal);
  CHECK(*refusal ==
        Refusal{451, "4.7.10",
                "<user@silent.example>: this message requires verified TLS (REQUIRETLS), but it is not "
                "known yet whether mail to silent.example gets it: no answer in time"});
}

TEST_CASE("a demand in a header refuses the whole message at its end", "[milter]") {
  SessionWorld world;
  world.mail("<a@sender.example>");
  CHECK_FALSE(world.rcpt("good.example"));
  CHECK_FALSE(world.rcpt("bare.example"));
  CHECK_FALSE(world.rcpt("silent.example"));
  world.session->header("require-tls-esmtp", " YES ");
  auto refusal = world.end().refusal;
  REQUIRE(refusal);
  CHECK(*refusal ==
        Refusal{550, "5.7.10",
                "this message requires verified TLS (header Require-TLS-ESMTP), which mail to these "
                "recipients does not get: <user@bare.example> (bare.example: no MTA-STS record)"});
  CHECK(world.reports.at(0).result == MessageReport::Result::refused);
}

TEST_CASE("a message is deferred at its end only if nothing is known to fall short", "[milter]") {
  SessionWorld world;
  world.mail("<a@sender.example>");
  world.rcpt("good.example");
  world.rcpt("silent.example");
  world.session->header("Require-TLS-ESMTP", "yes");
  auto refusal = world.end().refusal;
  REQUIRE(refusal);
  CHECK(refusal->code == 451);
  CHECK_THAT(refusal->text, ContainsSubstring("<user@silent.example> (silent.example: no answer in time)"));
  CHECK(world.reports.at(0).result == MessageReport::Result::deferred);
}

TEST_CASE("the reply at the end names ten recipients and counts the others", "[milter]") {
  SessionWorld world;
  world.mail("<a@s.example>");
  for (int i = 0; i < 25; ++i)
    world.session->recipient("<u" + std::to_string(i) + "@b.example>", {"bare.example", "smtp"});
  world.session->header("Require-TLS-ESMTP", "yes");
  auto refusal = world.end().refusal;
  REQUIRE(refusal);
  CHECK_THAT(refusal->text, ContainsSubstring("<u9@b.example>"));
  CHECK_THAT(refusal->text, !ContainsSubstring("<u10@b.example>"));
  CHECK_THAT(refusal->text, ContainsSubstring(" and 15 more"));
  CHECK(world.reports.at(0).refused == 25);
}

TEST_CASE("mail from sendmail(1) is never refused at RCPT, and its recipients' domains count", "[milter]") {
  SessionWorld world;
  world.config.senders = {test::pattern(AddressPattern::Kind::every, {})};
  world.mail("root@relay.example");
  CHECK_FALSE(world.rcpt_local("user@bare.example"));
  CHECK_FALSE(world.rcpt_local("user@good.example"));
  CHECK(world.asker.prefetched == Strings{"bare.example", "good.example"});
  CHECK(world.asker.asked.empty());
  auto refusal = world.end().refusal;
  REQUIRE(refusal);
  CHECK(refusal->code == 550);
  CHECK_THAT(refusal->text, ContainsSubstring("(sender list)"));
  CHECK_THAT(refusal->text, ContainsSubstring("<user@bare.example>"));
}

TEST_CASE("mail from sendmail(1) to local domains and names without a domain is not sent by SMTP",
          "[milter]") {
  SessionWorld world;
  world.config.senders = {test::pattern(AddressPattern::Kind::every, {})};
  world.config.local_domains = {test::pattern(AddressPattern::Kind::domain, "relay.example")};
  world.mail("root@relay.example");
  CHECK_FALSE(world.rcpt_local("root@Relay.Example"));
  CHECK_FALSE(world.rcpt_local("root"));
  CHECK_FALSE(world.end().refusal);
  CHECK(world.asker.prefetched.empty());
}

TEST_CASE("transports that are not SMTP are not asked about", "[milter]") {
  SessionWorld world;
  world.mail("<a@sender.example>", {"REQUIRETLS"});
  CHECK_FALSE(world.rcpt("bare.example", "discard"));
  CHECK_FALSE(world.rcpt("bare.example", "local"));
  CHECK(world.asker.asked.empty());
  CHECK(world.asker.prefetched.empty());
  CHECK(world.rcpt("bare.example", "relay"));
}

TEST_CASE("the next hop is asked as the transport writes it", "[milter]") {
  SessionWorld world;
  world.asker.answers.emplace("[mx.good.example]:587", test::decided(Verdict::dane_only, "mx.good.example"));
  world.mail("<a@sender.example>", {"REQUIRETLS"});
  CHECK_FALSE(world.session->recipient("<user@bare.example>", {"[mx.good.example]:587", "smtp"}));
  CHECK(world.asker.asked == Strings{"[mx.good.example]:587"});
}

TEST_CASE("an empty next hop leaves the recipient's domain", "[milter]") {
  SessionWorld world;
  world.mail("<a@sender.example>", {"REQUIRETLS"});
  CHECK(world.session->recipient("<user@bare.example>", {"", "smtp"}));
  CHECK(world.asker.asked == Strings{"bare.example"});
}

TEST_CASE("a next hop is asked about once for a message", "[milter]") {
  SessionWorld world;
  world.mail("<a@sender.example>", {"REQUIRETLS"});
  for (int i = 0; i < 3; ++i) world.rcpt("good.example");
  world.session->header("Require-TLS-ESMTP", "yes");
  CHECK_FALSE(world.end().refusal);
  CHECK(world.asker.asked == Strings{"good.example"});
}

TEST_CASE("a recipient list binds the listed recipients alone", "[milter]") {
  SessionWorld world;
  world.config.recipients = {test::pattern(AddressPattern::Kind::address, "bare.example", "boss")};
  world.mail("<a@sender.example>");
  CHECK(world.session->recipient("<Boss@BARE.example>", {"bare.example", "smtp"}));
  CHECK_FALSE(world.session->recipient("<staff@bare.example>", {"bare.example", "smtp"}));
  CHECK_FALSE(world.end().refusal);
}

TEST_CASE("a recipient list that yields binds the listed recipients alone, at the end", "[milter]") {
  SessionWorld world;
  world.config.list_beats_tls_required = false;
  world.config.recipients = {test::pattern(AddressPattern::Kind::address, "bare.example", "boss")};
  world.mail("<a@sender.example>");
  CHECK_FALSE(world.session->recipient("<staff@bare.example>", {"bare.example", "smtp"}));
  CHECK_FALSE(world.session->recipient("<boss@bare.example>", {"bare.example", "smtp"}));
  auto refusal = world.end().refusal;
  REQUIRE(refusal);
  CHECK_THAT(refusal->text, ContainsSubstring("<boss@bare.example>"));
  CHECK_THAT(refusal->text, !ContainsSubstring("staff"));
}

TEST_CASE("lists take U-labels in an address for the A-labels that they hold", "[milter]") {
  SessionWorld world;
  world.config.recipients = {test::pattern(AddressPattern::Kind::domain, "xn--bcher-kva.example")};
  world.mail("<a@sender.example>");
  CHECK(world.session->recipient("<user@b\xC3\xBC\x63her.example>", {"bare.example", "smtp"}));
}

TEST_CASE("lists are compared with the addresses that Postfix delivers to", "[milter]") {
  SessionWorld world;
  world.config.recipients = {test::pattern(AddressPattern::Kind::domain, "bare.example")};
  world.config.senders = {test::pattern(AddressPattern::Kind::domain, "relay.example")};
  world.mail("<a@sender.example>");
  for (std::string_view path : {"<x%bare.example>", "<bare.example!x>", "<\"x@bare.example\">"})
    CHECK(world.session->recipient(path, {"bare.example", "smtp", "x@bare.example"}));
  world.session->mail("<x%relay.example>", {}, {"", "x@relay.example"});
  CHECK(world.rcpt("bare.example"));
  world.session->mail("<\"\">", {}, {"", ""});
  CHECK_FALSE(world.rcpt("bare.example"));
}

TEST_CASE("REQUIRETLS that is switched off does not come back as the header that Postfix writes",
          "[milter]") {
  SessionWorld world;
  world.config.requiretls = false;
  for (bool by_parameter : {true, false}) {
    world.mail("<a@sender.example>", {by_parameter ? "REQUIRETLS" : "SIZE=1"});
    CHECK_FALSE(world.rcpt("bare.example"));
    world.session->header("Require-TLS-ESMTP", "yes");
    CAPTURE(by_parameter);
    CHECK(world.end().refusal.has_value() != by_parameter);
  }
}

TEST_CASE("users are compared by their exact login names", "[milter]") {
  struct Row {
    Strings users;
    std::string_view login;
    bool bound;
  };
  for (const Row& row :
       {Row{{"alice"}, "alice", true}, Row{{"alice"}, "Alice", false}, Row{{"alice"}, "", false},
        Row{{"*"}, "bob", true}, Row{{"*"}, "", false}, Row{{}, "alice", false}}) {
    SessionWorld world;
    world.config.users = row.users;
    world.mail("<a@sender.example>", {}, row.login);
    CAPTURE(row.users, row.login);
    CHECK(world.rcpt("bare.example").has_value() == row.bound);
  }
}

TEST_CASE("REQUIRETLS has no value, and can be switched off", "[milter]") {
  for (auto [parameter, enabled, bound] : {std::tuple{"REQUIRETLS", true, true},
                                           {"requiretls", true, true},
                                           {"REQUIRETLS=1", true, false},
                                           {"REQUIRETLSX", true, false},
                                           {"REQUIRETLS", false, false}}) {
    SessionWorld world;
    world.config.requiretls = enabled;
    world.mail("<a@sender.example>", {parameter});
    CAPTURE(parameter, enabled);
    CHECK(world.rcpt("bare.example").has_value() == bound);
  }
}

TEST_CASE("a report says that the message asks for the opposite", "[milter]") {
  SessionWorld world;
  world.config.senders = {test::pattern(AddressPattern::Kind::every, {})};
  world.mail("<a@sender.example>");
  CHECK_FALSE(world.rcpt("good.example"));
  world.session->header("TLS-Required", "No");
  CHECK_FALSE(world.end().refusal);
  CHECK(world.reports.at(0).tls_required_no);
}

TEST_CASE("a field demands only by its exact value", "[milter]") {
  for (auto [name, value, bound] : {std::tuple{"Require-TLS-ESMTP", "yes", true},
                                    {"REQUIRE-TLS-ESMTP", "\tYes\r\n", true},
                                    {"Require-TLS-ESMTP", "no", false},
                                    {"Require-TLS-ESMTP", "yes please", false},
                                    {"X-Require-TLS-ESMTP", "yes", false}}) {
    SessionWorld world;
    world.mail("<a@sender.example>");
    world.rcpt("bare.example");
    world.session->header(name, value);
    CAPTURE(name, value);
    CHECK(world.end().refusal.has_value() == bound);
  }
}

TEST_CASE("Require-TLS-ESMTP counts only while it is configured", "[milter]") {
  SessionWorld world;
  world.config.headers = {{"X-Secure", "yes"}};
  world.mail("<a@sender.example>");
  world.rcpt("bare.example");
  world.session->header("Require-TLS-ESMTP", "yes");
  CHECK_FALSE(world.end().refusal);
}

TEST_CASE("reply sets code and status of what falls short", "[milter]") {
  SessionWorld world;
  world.config.reply = {451, "4.7.30"};
  world.mail("<a@sender.example>", {"REQUIRETLS"});
  auto refusal = world.rcpt("bare.example");
  REQUIRE(refusal);
  CHECK(refusal->code == 451);
  CHECK(refusal->status == "4.7.30");
  world.session->abort("");
  CHECK(world.reports.at(0).deferred == 1);
}

TEST_CASE("a message is never asked to wait longer than 20 seconds in all", "[milter]") {
  SessionWorld world;
  world.config.wait = std::chrono::seconds(7);
  world.mail("<a@sender.example>", {"REQUIRETLS"});
  world.rcpt("good.example");
  CHECK(world.asker.each == std::chrono::seconds(7));
  CHECK(world.asker.all <= std::chrono::seconds(20));
  CHECK(world.asker.all > std::chrono::seconds(10));
}

TEST_CASE("warn_off_policy refuses a recipient whose MX hosts the policy does not list", "[milter]") {
  SessionWorld world;
  world.config.warn_off_policy = ReplyCode{450, "4.7.5"};
  NextHopDecision off = test::decided(Verdict::secure, "off.example", "enforce policy");
  off.no_host_fits = true;
  world.asker.answers.emplace("off.example", off);
  world.mail("<a@sender.example>");
  CHECK_FALSE(world.rcpt("good.example"));
  CHECK_FALSE(world.rcpt("silent.example"));
  auto refusal = world.rcpt("off.example");
  REQUIRE(refusal);
  CHECK(refusal->code == 450);
  CHECK_THAT(refusal->text,
             ContainsSubstring("the MTA-STS policy of off.example lists none of its MX hosts"));
  CHECK_FALSE(world.rcpt_local("user@off.example"));
  CHECK(world.asker.asked.empty());  // only what is cached
  CHECK_FALSE(world.end().refusal);
  CHECK(world.reports.at(0).off_policy == 1);
}

TEST_CASE("add_header tells the decision of each recipient domain", "[milter]") {
  SessionWorld world;
  world.config.add_header = "X-TLS-Decision";
  world.mail("<a@sender.example>");
  world.rcpt("good.example");
  world.rcpt("good.example");
  world.rcpt("bare.example");
  world.rcpt("silent.example");
  world.session->header("x-tls-decision", "forged");
  world.session->header("X-TLS-Decision", "forged again");
  auto end = world.end();
  CHECK(end.decisions == "bare.example=none;\n\tgood.example=secure;\n\tsilent.example=unknown");
  CHECK(end.forged == 2);
  CHECK(world.asker.asked.empty());
}

TEST_CASE("add_header names no recipient that was refused", "[milter]") {
  SessionWorld world;
  world.config.add_header = "X-TLS-Decision";
  world.mail("<a@sender.example>", {"REQUIRETLS"});
  world.rcpt("good.example");
  CHECK(world.rcpt("bare.example"));
  CHECK(world.end().decisions == "good.example=secure");
}

TEST_CASE("no message of a session inherits from the one before", "[milter]") {
  SessionWorld world;
  world.mail("<a@sender.example>", {"REQUIRETLS"});
  CHECK(world.rcpt("bare.example"));
  world.session->header("Require-TLS-ESMTP", "yes");
  world.end();
  world.mail("<a@sender.example>");
  CHECK_FALSE(world.rcpt("bare.example"));
  CHECK_FALSE(world.end().refusal);
  CHECK(world.reports.size() == 2);
}

TEST_CASE("a message that does not end is reported too", "[milter]") {
  SessionWorld world;
  world.mail("<a@sender.example>", {"REQUIRETLS"});
  CHECK(world.rcpt("bare.example"));
  world.session->abort("");
  world.session->abort("");
  world.mail("<a@sender.example>", {"REQUIRETLS"});
  CHECK_FALSE(world.rcpt("good.example"));
  world.mail("<b@sender.example>");
  world.session.reset();
  REQUIRE(world.reports.size() == 3);
  CHECK(world.reports[0].result == MessageReport::Result::refused);
  CHECK(world.reports[1].result == MessageReport::Result::gone);
  CHECK(world.reports[2].result == MessageReport::Result::gone);
}

TEST_CASE("a failure within a message defers it", "[milter]") {
  SessionWorld world;
  world.mail("<a@sender.example>");
  world.rcpt("good.example");
  world.session->note_failure();
  auto refusal = world.end().refusal;
  REQUIRE(refusal);
  CHECK(refusal->code == 451);
}

TEST_CASE("a failure to begin a message defers it, and not the next one", "[milter]") {
  SessionWorld world;
  world.mail("<a@sender.example>");
  world.end();
  world.session->note_failure();  // the next mail() threw
  auto refusal = world.end().refusal;
  REQUIRE(refusal);
  CHECK(refusal->code == 451);
  world.mail("<a@sender.example>");
  CHECK_FALSE(world.end().refusal);
}

TEST_CASE("a report that throws does not change the answer", "[milter]") {
  SessionWorld world;
  Session session(std::make_shared<const MilterConfig>(), world.asker,
                  [](const MessageReport&) { throw std::bad_alloc(); });
  session.mail("<a@sender.example>", {}, {});
  session.recipient("<user@bare.example>", {"bare.example", "smtp"});
  session.header("Require-TLS-ESMTP", "yes");
  CHECK(session.end("4ABC").refusal);
}

TEST_CASE("a message with very many fields of our name is refused", "[milter]") {
  SessionWorld world;
  world.config.add_header = "X-TLS-Decision";
  for (std::size_t fields : {100u, 101u}) {
    world.mail("<a@sender.example>");
    world.rcpt("good.example");
    for (std::size_t i = 0; i < fields; ++i) world.session->header("X-TLS-Decision", "forged");
    auto end = world.end();
    CAPTURE(fields);
    CHECK(end.refusal.has_value() == (fields > 100));
    if (!end.refusal) CHECK(end.forged == fields);
  }
}

TEST_CASE("a message without a return path is never refused", "[milter]") {
  SessionWorld world;
  world.config.senders = world.config.recipients = {test::pattern(AddressPattern::Kind::every, {})};
  world.config.users = {"*"};
  world.mail("<>", {"REQUIRETLS"}, "alice");
  CHECK_FALSE(world.rcpt("bare.example"));
  world.session->header("Require-TLS-ESMTP", "yes");
  CHECK_FALSE(world.end().refusal);
}

TEST_CASE("what warn_off_policy could not learn is asked for again", "[milter]") {
  SessionWorld world;
  world.config.warn_off_policy = ReplyCode{450, "4.7.5"};
  world.mail("<a@sender.example>");
  CHECK_FALSE(world.rcpt("bogus.example"));
  world.session->header("Require-TLS-ESMTP", "yes");
  CHECK(world.end().refusal);
  CHECK(world.asker.asked == Strings{"bogus.example"});
}

TEST_CASE("what comes outside of a message is ignored", "[milter]") {
  SessionWorld world;
  world.mail("<a@sender.example>");
  world.end();
  CHECK_FALSE(world.rcpt("bare.example"));
  world.session->header("Require-TLS-ESMTP", "yes");
  CHECK_FALSE(world.end().refusal);
  CHECK(world.reports.size() == 1);
}

}  // namespace mtasts
