// Hostile input: very many recipients and headers, long and broken addresses, NUL.
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "tests/unit/milter/session_world.hpp"

namespace mtasts {

using test::SessionWorld;

TEST_CASE("more next hops than are kept are refused, if a demand is in force", "[milter]") {
  SessionWorld world;
  for (bool demand : {false, true}) {
    world.mail("<a@sender.example>");
    for (int i = 0; i < 30'000; ++i) {
      std::string domain = "d" + std::to_string(i) + ".example";
      CHECK_FALSE(world.session->recipient("<u@" + domain + ">", {domain, "smtp"}));
    }
    if (demand) world.session->header("Require-TLS-ESMTP", "yes");
    auto refusal = world.end().refusal;
    CHECK(refusal.has_value() == demand);
    if (refusal) {
      CHECK(refusal->code == 550);
      CHECK(refusal->status == "5.5.3");
      CHECK(world.reports.back().demand == "header Require-TLS-ESMTP");
      CHECK(world.reports.back().refused == 30'000);
    }
  }
  CHECK(world.asker.asked.empty());
  CHECK(world.asker.prefetched.size() == 40'000);
}

TEST_CASE("a recipient list counts for next hops that are not kept only if a listed one is among them",
          "[milter]") {
  SessionWorld world;
  world.config.list_beats_tls_required = false;
  world.config.recipients = {test::pattern(AddressPattern::Kind::domain, "bare.example")};
  for (bool listed : {false, true}) {
    world.mail("<a@sender.example>");
    for (int i = 0; i < 20'001; ++i) {
      std::string hop = "d" + std::to_string(i) + ".example";
      world.session->recipient("<u@x.example>", {hop, "smtp"});
    }
    if (listed) world.session->recipient("<u@bare.example>", {"last.example", "smtp"});
    CAPTURE(listed);
    CHECK(world.end().refusal.has_value() == listed);
  }
}

TEST_CASE("many recipients of one next hop are kept as a count", "[milter]") {
  SessionWorld world;
  world.mail("<a@sender.example>");
  for (int i = 0; i < 100'000; ++i)
    world.session->recipient("<u" + std::to_string(i) + "@bare.example>", {"bare.example", "smtp"});
  CHECK(world.asker.prefetched.size() == 1);
  world.session->header("Require-TLS-ESMTP", "yes");
  auto refusal = world.end().refusal;
  REQUIRE(refusal);
  CHECK(refusal->text.ends_with(" and 99990 more"));
}

TEST_CASE("long texts are cut", "[milter]") {
  SessionWorld world;
  std::string long_text(1 << 20, 'x');
  world.mail("<" + long_text + "@" + long_text + ">", {long_text, "REQUIRETLS"}, long_text);
  auto refusal = world.session->recipient("<" + long_text + "@" + long_text + ">", {long_text, "smtp"});
  REQUIRE(refusal);
  CHECK(refusal->text.size() <= longest_reply_text);
  world.session->header(long_text, long_text);
  world.end();
  CHECK(world.reports.at(0).sender.size() <= 320);
  CHECK(world.asker.asked.at(0).size() == 512);
}

TEST_CASE("replies to hostile addresses are one line of printable ASCII", "[milter]") {
  for (std::string path : {std::string("<a\r\n250 OK@bare.example>"), std::string("<\0@bare.example>", 17),
                           std::string("<@one.example,@two.example:a@bare.example>"),
                           std::string("<%s%n@bare.example>"), std::string("<\xFF\xFE@b\xC3\xBC.example>"),
                           std::string("<<<>>>"), std::string("@"), std::string("<\"a@b\"@bare.example>")}) {
    SessionWorld world;
    world.mail("<a@sender.example>", {"REQUIRETLS"});
    auto refusal = world.session->recipient(path, {"bare.example", "smtp"});
    REQUIRE(refusal);
    CAPTURE(path);
    for (char c : refusal->text) CHECK((c >= 0x20 && c <= 0x7E));
  }
}

TEST_CASE("a source route does not hide the recipient's domain", "[milter]") {
  SessionWorld world;
  world.mail("root@relay.example", {"REQUIRETLS"});
  world.rcpt_local("<@good.example,@two.example:a@bare.example>");
  CHECK(world.asker.prefetched == std::vector<std::string>{"bare.example"});
  CHECK(world.end().refusal);
}

}  // namespace mtasts
