#include "diagnose/senders.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "core/reply.hpp"
#include "tests/unit/diagnose/dialogues.hpp"

using Catch::Generators::values;

namespace mtasts {
namespace {

using namespace test;

constexpr std::string_view mx = "mx.a.example", enforce = "OK secure match=mx.a.example servername=hostname";
constexpr std::string_view none = not_found_reply;

enum class Shown { good, expired, no_starttls, silent };

SmtpDialogue dialogue_of(Shown shows) {
  SmtpDialogue good = good_dialogue(std::string(mx));
  switch (shows) {
    case Shown::good: return good;
    case Shown::expired:
      good.tls = shown({certificate_for(std::string(mx), {.ends = now - 24h})});
      return good;
    case Shown::no_starttls: {
      SmtpDialogue clear = ended(good, SmtpStage::ehlo, SmtpTrouble::none);
      clear.ehlo = {250, {std::string(mx), "SIZE 1000"}};
      return clear;
    }
    case Shown::silent: return ended(good, SmtpStage::none, SmtpTrouble::timeout, "no answer in time");
  }
  return good;
}

SendersFacts facts_of(Shown shows, HostTlsa tlsa, DaneVerdict::State dane, std::string_view sts_reply) {
  PredictedHost host{.name = std::string(mx), .preference = 10, .tlsa = tlsa};
  SmtpAddressFacts address;
  address.address = parse_address("192.0.2.1").value();
  address.dialogue = dialogue_of(shows);
  address.dane.state = dane;
  host.addresses.push_back(address);
  PredictedRoute route{.domain = "a.example", .mx_secure = tlsa != HostTlsa::none, .hosts = {host}};
  PredictedPostfix postfix{.main_level = TlsLevel::dane};
  bool dane_decides = tlsa == HostTlsa::usable;
  return {route, std::string(sts_reply), predict(dane_decides ? "OK dane" : sts_reply, route, postfix)};
}

TEST_CASE("senders of different kinds differ where one of them refuses or sends in the clear", "[diagnose]") {
  using State = DaneVerdict::State;
  struct Row {
    Shown shows;
    HostTlsa tlsa;
    State dane;
    std::string_view sts_reply;
    std::string_view both, sts, dane_alone, neither;  // one letter each, see fate()
    bool differ;
  };
  auto row = GENERATE(values<Row>({
      {Shown::good, HostTlsa::none, State{}, enforce, "v", "v", "u", "u", false},
      {Shown::good, HostTlsa::none, State{}, none, "u", "u", "u", "u", false},
      {Shown::good, HostTlsa::usable, State::match, enforce, "v", "v", "v", "u", false},
      {Shown::good, HostTlsa::usable, State::no_match, enforce, "d", "v", "d", "u", true},
      {Shown::expired, HostTlsa::usable, State::match, enforce, "v", "d", "v", "u", true},
      {Shown::expired, HostTlsa::none, State{}, enforce, "d", "d", "u", "u", true},
      {Shown::expired, HostTlsa::none, State{}, none, "u", "u", "u", "u", false},
      {Shown::no_starttls, HostTlsa::none, State{}, enforce, "d", "d", "c", "c", true},
      {Shown::no_starttls, HostTlsa::none, State{}, none, "c", "c", "c", "c", false},
      {Shown::silent, HostTlsa::none, State{}, enforce, "?", "?", "?", "?", false},
  }));
  auto letter = [](const Prediction& prediction) -> std::string_view {
    switch (prediction.outcome) {
      case Outcome::delivered_verified: return "v";
      case Outcome::delivered_unverified: return prediction.in_clear ? "c" : "u";
      case Outcome::deferred: return "d";
      case Outcome::bounced: return "b";
      case Outcome::unknown: break;
    }
    return "?";
  };
  auto senders = sender_outcomes(facts_of(row.shows, row.tlsa, row.dane, row.sts_reply));
  REQUIRE(senders.size() == 4);
  CHECK(letter(senders[0].prediction) == row.both);
  CHECK(letter(senders[1].prediction) == row.sts);
  CHECK(letter(senders[2].prediction) == row.dane_alone);
  CHECK(letter(senders[3].prediction) == row.neither);
  auto findings = judge_senders(senders);
  REQUIRE(findings.size() == (row.differ ? 1 : 0));
  if (row.differ) CHECK(findings[0].code == "senders-differ");
}

TEST_CASE("what becomes of mail from each kind is said, with the reason why it waits", "[diagnose]") {
  auto findings =
      judge_senders(sender_outcomes(facts_of(Shown::expired, HostTlsa::none, DaneVerdict::State{}, enforce)));
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].where.step == "senders");
  CHECK(
      findings[0].message ==
      "Postfix with mtastsd: deferred (Server certificate not verified); senders with MTA-STS alone, such as "
      "Gmail: deferred (Server certificate not verified); senders with DANE alone: delivered; senders with "
      "neither: delivered");
}

}  // namespace
}  // namespace mtasts
