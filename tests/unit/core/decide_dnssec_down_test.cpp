// on_dnssec_down: what decide() says while DNSSEC can't be validated on this host.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <vector>

#include "core/decide.hpp"
#include "tests/unit/core/decide_dane_rows.hpp"
#include "tests/unit/lists.hpp"

using namespace mtasts;
using namespace mtasts::dane_rows;
using enum Verdict;

TEST_CASE("on_dnssec_down: what is answered while DNSSEC can't be validated", "[core]") {
  check(GENERATE(Catch::Generators::values<Row>({
      {"ignore-dane: nothing known, no policy", unknown, P::none, not_found, "7", down_ignore},
      {"ignore-dane: nothing known, enforce", unknown, P::enforce, Verdict::secure, "6", down_ignore},
      {"ignore-dane: all is bogus then", troubled(unknown, MxTrouble::bogus), P::enforce, Verdict::secure,
       "6", down_ignore},
      {"ignore-dane: failed", troubled(unknown, MxTrouble::failed), P::none, not_found, "7", down_ignore},
      {"ignore-dane: a state from before still counts", signed_mx("u"), P::none, dane_only, "4a",
       down_ignore},
      {"ignore-dane: also beside a bogus lookup", troubled(signed_mx("u"), MxTrouble::bogus), P::none,
       dane_only, "4a", down_ignore},
      {"ignore-dane: but not when it is too old", aged(signed_mx("u")), P::none, not_found, "7", down_ignore},
      {"temp: nothing known", unknown, P::none, temp, "3", down_temp},
      {"temp: nothing known, enforce", unknown, P::enforce, temp, "3", down_temp},
      {"temp: bogus", troubled(unknown, MxTrouble::bogus), P::enforce, temp, "3", down_temp},
      {"temp: a state from before still counts", signed_mx("0"), P::enforce, Verdict::secure, "6", down_temp},
      {"temp: an insecure one too", of(MxState::insecure), P::none, not_found, "7", down_temp},
  })));
  Decision said = decided(P::none, nullptr, down_temp);
  CHECK(said.reason == "DNSSEC validation is down");
  CHECK(said.detail == "clock");
}

TEST_CASE("on_dnssec_down = auto: the domain's last proof decides while DNSSEC is down", "[core]") {
  struct DownRow {
    const char* why;
    DaneState dane;
    P policy;
    Verdict in_first_hour, after;
    const char *rule_in_first_hour, *rule_after;
  };
  auto row = GENERATE(Catch::Generators::values<DownRow>({
      {"usable", once(signed_mx("u")), P::none, temp, temp, "3", "3"},
      {"usable, enforce", once(signed_mx("uu")), P::enforce, temp, temp, "3", "3"},
      {"usable, 30 days and a second ago", once(signed_mx("u"), 30 * 24h + 1s), P::none, temp, not_found, "3",
       "7"},
      {"usable, in force still", troubled(signed_mx("u"), MxTrouble::bogus), P::none, dane_only, dane_only,
       "4a", "4a"},
      {"usable, and validates now", signed_mx("u"), P::enforce, dane_only, dane_only, "4a", "4a"},
      {"usable, only silence now", troubled(aged(signed_mx("u")), MxTrouble::failed), P::none, temp, temp,
       "3", "3"},
      {"one usable, another failed", once(signed_mx("uf")), P::enforce, temp, temp, "3", "3"},
      {"some usable", once(signed_mx("u0")), P::none, temp, temp, "3", "3"},
      {"some usable, enforce: by the policy, as while DNSSEC works", once(signed_mx("u0")), P::enforce,
       Verdict::secure, Verdict::secure, "6", "6"},
      {"unusable: TLS was demanded", once(signed_mx("n")), P::none, temp, temp, "3", "3"},
      {"unusable, enforce", once(signed_mx("n")), P::enforce, Verdict::secure, Verdict::secure, "6", "6"},
      {"no TLSA", once(signed_mx("0")), P::none, not_found, not_found, "7", "7"},
      {"no TLSA, enforce", once(signed_mx("00")), P::enforce, Verdict::secure, Verdict::secure, "6", "6"},
      {"insecure hosts", once(signed_mx("i")), P::enforce, Verdict::secure, Verdict::secure, "6", "6"},
      {"insecure MX", once(of(MxState::insecure)), P::none, not_found, not_found, "7", "7"},
      {"insecure MX, enforce", once(of(MxState::insecure)), P::enforce, Verdict::secure, Verdict::secure, "6",
       "6"},
      {"insecure MX, too long ago", once(of(MxState::insecure), 31 * 24h), P::enforce, temp, Verdict::secure,
       "3", "6"},
      {"null MX: an old one switches nothing off", once(of(MxState::null_mx)), P::enforce, Verdict::secure,
       Verdict::secure, "6", "6"},
      {"a failed host was never proved", once(signed_mx("f")), P::enforce, temp, Verdict::secure, "3", "6"},
      {"a failed host that had TLSA", once(signed_mx("F")), P::none, temp, temp, "3", "3"},
      {"a failed host that had TLSA, enforce", once(signed_mx("F0")), P::enforce, temp, temp, "3", "3"},
      {"MX validates, its host fails", signed_mx("f"), P::enforce, temp, Verdict::secure, "3", "6"},
      {"MX validates, its host fails, no policy", signed_mx("f0"), P::none, temp, not_found, "3", "7"},
      {"MX validates, its host fails that had TLSA", signed_mx("F"), P::enforce, temp, temp, "3", "3"},
      {"MX validates, one host fails, another is usable", signed_mx("fu"), P::enforce, dane_only, dane_only,
       "4b", "4b"},
      {"never proved", troubled(unknown, MxTrouble::bogus), P::none, temp, not_found, "3", "7"},
      {"never proved, enforce", troubled(unknown, MxTrouble::bogus), P::enforce, temp, Verdict::secure, "3",
       "6"},
      {"never looked up", unknown, P::enforce, temp, Verdict::secure, "3", "6"},
  }));
  INFO(row.why);
  check({row.why, row.dane, row.policy, row.in_first_hour, row.rule_in_first_hour, first_hour});
  check({row.why, row.dane, row.policy, row.after, row.rule_after, later});
  Decision never = decided(P::none, nullptr, first_hour);
  CHECK(never.reason == "DNSSEC validation is down");
  CHECK(never.detail == "clock");
  CHECK(decided(P::none, nullptr, later).verdict == not_found);
}

TEST_CASE("on_dnssec_down = auto: a host that fails counts as what it was last proved to be", "[core]") {
  struct ProofRow {
    const char* why;
    std::string hosts;
    P policy;
    Verdict in_first_hour, after;
  };
  const std::string seconds = std::to_string((now - 30 * 24h).time_since_epoch().count());
  const std::string too_old = std::to_string((now - 30 * 24h - 1s).time_since_epoch().count());
  std::vector<ProofRow> rows{
      {"usable", "f+a.x u" + seconds, P::enforce, temp, temp},
      {"usable, no policy", "f+a.x u" + seconds, P::none, temp, temp},
      {"usable, too long ago", "f+a.x u" + too_old, P::enforce, temp, Verdict::secure},
      {"usable, beside one without TLSA now", "f+a.x u" + seconds + "\n0=b.x", P::enforce, temp, temp},
      {"unusable", "f+a.x n" + seconds, P::enforce, temp, temp},
      {"no TLSA", "f+a.x 0" + seconds, P::enforce, Verdict::secure, Verdict::secure},
      {"no TLSA, no policy", "f+a.x 0" + seconds, P::none, not_found, not_found},
      {"no TLSA, too long ago", "f+a.x 0" + too_old, P::enforce, temp, Verdict::secure},
      {"insecure", "f+a.x i" + seconds, P::enforce, Verdict::secure, Verdict::secure},
      {"without an address", "f+a.x x" + seconds, P::enforce, Verdict::secure, Verdict::secure},
      {"no TLSA, beside one never proved", "f+a.x 0" + seconds + "\nf=b.x", P::enforce, temp,
       Verdict::secure},
      {"no TLSA, beside one that had", "f+a.x 0" + seconds + "\nf=b.x u" + seconds, P::enforce, temp, temp},
  };
  for (const ProofRow& row : rows) {
    for (bool old : {false, true}) {
      INFO(row.why << (old ? ", the state expired" : ""));
      DaneState state = signed_mx("");
      state.hosts = test::host_list(row.hosts);
      state.detail = "TLSA _25._tcp.a.x: DNSSEC bogus";
      if (old) state = aged(state);
      auto verdict = [&](const ZoneRules& zone) { return words(decided(row.policy, &state, zone).verdict); };
      CHECK(verdict(first_hour) == words(row.in_first_hour));
      CHECK(verdict(later) == words(row.after));
      // While DNSSEC works, a proof from before excuses no failure.
      CHECK((verdict({}) == "temp" || verdict({}) == "dane"));
    }
  }
}
