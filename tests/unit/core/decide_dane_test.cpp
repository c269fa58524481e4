// The DANE rows of decide(): rules 2 to 6 of docs/DECISION.md. Each row names what it is about and its facts.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "core/decide.hpp"
#include "core/override.hpp"
#include "tests/unit/core/decide_dane_rows.hpp"

using namespace mtasts;
using namespace mtasts::dane_rows;
using enum Verdict;

TEST_CASE("rule 3: what the MX lookup decides", "[core]") {
  check(GENERATE(Catch::Generators::values<Row>({
      {"DANE-10: insecure MX, no policy", of(MxState::insecure), P::none, not_found, "7"},
      {"DANE-10, STS-30: insecure MX, enforce", of(MxState::insecure), P::enforce, Verdict::secure, "6"},
      {"STS-41: insecure MX, testing", of(MxState::insecure), P::testing, not_found, "7"},
      {"insecure MX, testing taken as enforce", of(MxState::insecure), P::testing, Verdict::secure, "6",
       strict},
      {"STS-41: insecure MX, none", of(MxState::insecure), P::off, not_found, "7"},
      {"STS-26: insecure MX, expired", of(MxState::insecure), P::expired, not_found, "7"},
      {"DANE-28: null MX", of(MxState::null_mx), P::none, not_found, "3"},
      {"DANE-28: null MX beside an enforce policy", of(MxState::null_mx), P::enforce, not_found, "3"},
      {"DANE-1, DANE-4: bogus, nothing stored", troubled(unknown, MxTrouble::bogus), P::none, temp, "3"},
      {"STS-49: bogus beside an enforce policy", troubled(unknown, MxTrouble::bogus), P::enforce, temp, "3"},
      {"DANE-1: bogus although a state is stored", troubled(signed_mx("u"), MxTrouble::bogus), P::none, temp,
       "3"},
      {"DANE-1: bogus although insecure is stored", troubled(of(MxState::insecure), MxTrouble::bogus),
       P::enforce, temp, "3"},
      {"DANE-4: failed, nothing stored", troubled(unknown, MxTrouble::failed), P::none, temp, "3"},
      {"STS-49: failed beside an enforce policy", troubled(unknown, MxTrouble::failed), P::enforce, temp,
       "3"},
      {"STS-49: failed beside testing", troubled(unknown, MxTrouble::failed), P::testing, temp, "3"},
      {"STS-49: failed, the policy expired", troubled(unknown, MxTrouble::failed), P::expired, temp, "3"},
      {"DANE-27: failed, a young usable state", troubled(signed_mx("u"), MxTrouble::failed), P::none,
       dane_only, "4a"},
      {"DANE-27: failed, a young usable state, enforce", troubled(signed_mx("u"), MxTrouble::failed),
       P::enforce, dane_only, "4a"},
      {"DANE-27: failed, a young state without TLSA", troubled(signed_mx("0"), MxTrouble::failed), P::enforce,
       Verdict::secure, "6"},
      {"DANE-27: failed, a young insecure state", troubled(of(MxState::insecure), MxTrouble::failed),
       P::enforce, Verdict::secure, "6"},
      {"DANE-27: failed, a young insecure state, no policy",
       troubled(of(MxState::insecure), MxTrouble::failed), P::none, not_found, "7"},
      {"DANE-27: failed, the state is too old", troubled(aged(signed_mx("u")), MxTrouble::failed), P::none,
       temp, "3"},
      {"DANE-27: failed, the insecure state is too old",
       troubled(aged(of(MxState::insecure)), MxTrouble::failed), P::enforce, temp, "3"},
      {"DANE-27: the state is too old, no trouble known", aged(of(MxState::insecure)), P::enforce, temp, "3"},
      {"ANS-6: never looked up", unknown, P::enforce, temp, "3"},
      {"ANS-6: never looked up, no policy", unknown, P::none, temp, "3"},
      {"dane = false: the policy decides alone", troubled(unknown, MxTrouble::bogus), P::enforce,
       Verdict::secure, "6", no_dane},
      {"dane = false, no policy", signed_mx("u"), P::none, not_found, "7", no_dane},
  })));
}

TEST_CASE("ANS-6: without any DANE state the mail waits, also beside an enforce policy", "[core]") {
  CHECK(decided(P::enforce, nullptr).verdict == temp);
  CHECK(decided(P::none, nullptr).verdict == temp);
  CHECK(decided(P::enforce, nullptr, no_dane).verdict == Verdict::secure);
}

TEST_CASE("rule 4: a secure MX and its hosts", "[core]") {
  check(GENERATE(Catch::Generators::values<Row>({
      {"DANE-8, DANE-24: every host usable", signed_mx("u"), P::none, dane_only, "4a"},
      {"DANE-24: all of several", signed_mx("u|uu|u"), P::none, dane_only, "4a"},
      {"STS-47: every host usable, enforce", signed_mx("uu"), P::enforce, dane_only, "4a"},
      {"STS-47: every host usable, testing", signed_mx("uu"), P::testing, dane_only, "4a"},
      {"STS-47: every host usable, none", signed_mx("uu"), P::off, dane_only, "4a"},
      {"DANE-13: hosts without address don't count", signed_mx("u|x"), P::none, dane_only, "4a"},
      {"DANE-13: only hosts without address, enforce", signed_mx("xx"), P::enforce, Verdict::secure, "6"},
      {"DANE-13: only hosts without address", signed_mx("x"), P::none, not_found, "7"},
      {"no hosts at all", signed_mx(""), P::none, not_found, "7"},
      {"no hosts at all, enforce", signed_mx(""), P::enforce, Verdict::secure, "6"},
      {"DANE-5, PFX-31: one failed, another usable", signed_mx("uf"), P::none, dane_only, "4b"},
      {"DANE-5, STS-47: one failed, another usable, enforce", signed_mx("fu"), P::enforce, dane_only, "4b"},
      {"DANE-5: failed, usable and none", signed_mx("fu0"), P::enforce, dane_only, "4b"},
      {"DANE-5, STS-49: failed alone, enforce", signed_mx("f"), P::enforce, temp, "4b"},
      {"DANE-5: failed alone, no policy", signed_mx("f"), P::none, dane, "4b"},
      {"DANE-5, STS-49: failed alone after it had TLSA, enforce", signed_mx("F"), P::enforce, temp, "4b"},
      {"DANE-5: failed alone after it had TLSA, no policy", signed_mx("F"), P::none, dane, "4b"},
      {"DANE-5: failed alone, testing", signed_mx("f"), P::testing, dane, "4b"},
      {"DANE-5: failed alone, testing taken as enforce", signed_mx("f"), P::testing, temp, "4b", strict},
      {"DANE-5: failed alone, policy none", signed_mx("f"), P::off, dane, "4b"},
      {"DANE-5: failed alone, expired", signed_mx("f"), P::expired, dane, "4b"},
      {"DANE-5, STS-49: failed and none, enforce", signed_mx("f0"), P::enforce, temp, "4b"},
      {"DANE-5, STS-49: failed and insecure, enforce", signed_mx("fi"), P::enforce, temp, "4b"},
      {"DANE-5, STS-49: failed and unusable, enforce", signed_mx("fn"), P::enforce, temp, "4b"},
      {"DANE-5: failed and unusable", signed_mx("fn"), P::none, dane, "4b"},
      {"DANE-5: failed and none", signed_mx("f0"), P::none, dane, "4b"},
      {"DANE-5: failed and unreachable, enforce", signed_mx("fx"), P::enforce, temp, "4b"},
      {"DANE-9: unusable alone", signed_mx("n"), P::none, dane, "4c"},
      {"DANE-9: unusable alone, enforce", signed_mx("n"), P::enforce, Verdict::secure, "6"},
      {"DANE-9: unusable alone, testing", signed_mx("n"), P::testing, dane, "4c"},
      {"DANE-9: unusable alone, expired", signed_mx("n"), P::expired, dane, "4c"},
      {"DANE-9: unusable and none", signed_mx("n0"), P::none, dane, "4c"},
      {"DANE-9: unusable and none, enforce", signed_mx("0n"), P::enforce, Verdict::secure, "6"},
      {"DANE-9: unusable and insecure", signed_mx("ni"), P::none, dane, "4c"},
      {"DANE-2: none has TLSA", signed_mx("0"), P::none, not_found, "7"},
      {"DANE-2: none has TLSA, enforce", signed_mx("00"), P::enforce, Verdict::secure, "6"},
      {"DANE-13: insecure hosts", signed_mx("ii"), P::none, not_found, "7"},
      {"DANE-13: insecure hosts, enforce", signed_mx("i0"), P::enforce, Verdict::secure, "6"},
      {"DANE-26: the 11th host's failure", signed_mx("u|u|u|u|u|u|u|u|u|u|f"), P::none, dane_only, "4a"},
      {"DANE-26: the 11th host's failure, enforce", signed_mx("0|0|0|0|0|0|0|0|0|0|f"), P::enforce,
       Verdict::secure, "6"},
      {"DANE-26: of the tenth host's preference", signed_mx("0|0|0|0|0|0|0|0|0|0f"), P::enforce, temp, "4b"},
  })));
}

TEST_CASE("rule 5: some hosts usable, others not", "[core]") {
  check(GENERATE(Catch::Generators::values<Row>({
      {"STS-48: usable and none, no policy", signed_mx("u0"), P::none, dane, "5"},
      {"STS-48: usable and insecure, no policy", signed_mx("iu"), P::none, dane, "5"},
      {"STS-48: usable and unusable, no policy", signed_mx("un"), P::none, dane, "5"},
      {"STS-48: usable and none, testing", signed_mx("u0"), P::testing, dane, "5"},
      {"STS-48: usable and none, policy none", signed_mx("u0"), P::off, dane, "5"},
      {"STS-48: usable and none, expired", signed_mx("u0"), P::expired, dane, "5"},
      {"STS-48: usable and none, enforce: sts", signed_mx("u0"), P::enforce, Verdict::secure, "6"},
      {"STS-48: usable and insecure, enforce: sts", signed_mx("u|i"), P::enforce, Verdict::secure, "6"},
      {"STS-48: usable and unusable, enforce: sts", signed_mx("un"), P::enforce, Verdict::secure, "6"},
      {"STS-48: usable and none, enforce: dane-only", signed_mx("u0"), P::enforce, dane_only, "5",
       dane_only_zone},
      {"STS-48: usable and insecure, enforce: dane-only", signed_mx("ui"), P::enforce, dane_only, "5",
       dane_only_zone},
      {"STS-48: partial_dane matters beside enforce only", signed_mx("u0"), P::none, dane, "5",
       dane_only_zone},
      {"STS-48: partial_dane matters beside enforce only", signed_mx("u0"), P::testing, dane, "5",
       dane_only_zone},
  })));
}

TEST_CASE("postfix_dane: what a Postfix without DNSSEC is told", "[core]") {
  check(GENERATE(Catch::Generators::values<Row>({
      {"PFX-8: usable, no policy", signed_mx("u"), P::none, not_found, "7", no_postfix},
      {"PFX-8: usable, enforce", signed_mx("u"), P::enforce, Verdict::secure, "6", no_postfix},
      {"PFX-8: some usable", signed_mx("u0"), P::none, not_found, "7", no_postfix},
      {"PFX-8: some usable, enforce", signed_mx("u0"), P::enforce, Verdict::secure, "6", no_postfix},
      {"PFX-8: unusable", signed_mx("n"), P::none, not_found, "7", no_postfix},
      {"PFX-8: failed, enforce", signed_mx("f"), P::enforce, Verdict::secure, "6", no_postfix},
      {"PFX-8: failed and usable", signed_mx("fu"), P::none, not_found, "7", no_postfix},
      {"PFX-8: a bogus MX defers nothing for DANE's sake", troubled(unknown, MxTrouble::bogus), P::enforce,
       Verdict::secure, "6", no_postfix},
      {"PFX-8: nor without a policy", troubled(unknown, MxTrouble::bogus), P::none, not_found, "7",
       no_postfix},
      {"PFX-8: nor a failed one", troubled(unknown, MxTrouble::failed), P::none, not_found, "7", no_postfix},
      {"PFX-8: nor one never looked up", unknown, P::enforce, Verdict::secure, "6", no_postfix},
      {"PFX-8: nor a null MX", of(MxState::null_mx), P::enforce, Verdict::secure, "6", no_postfix},
      {"not known yet: bogus waits", troubled(unknown, MxTrouble::bogus), P::enforce, temp, "3",
       maybe_postfix},
      {"PFX-8: not known yet, usable", signed_mx("u"), P::none, temp, "4a", maybe_postfix},
      {"PFX-8: not known yet, some usable", signed_mx("u0"), P::none, temp, "5", maybe_postfix},
      {"not known yet, but it does not matter", signed_mx("0"), P::none, not_found, "7", maybe_postfix},
      {"not known yet, but it does not matter", signed_mx("u0"), P::enforce, Verdict::secure, "6",
       maybe_postfix},
      {"not known yet, but it does not matter", of(MxState::insecure), P::enforce, Verdict::secure, "6",
       maybe_postfix},
  })));
}

TEST_CASE("no policy changes what DANE alone decides", "[core]") {
  struct AloneRow {
    const char* why;
    DaneState dane;
    bool alone;
    ZoneRules zone{};
  };
  auto row = GENERATE(Catch::Generators::values<AloneRow>({
      {"4a: every host usable", signed_mx("uu"), true},
      {"4b: one usable, another failed", signed_mx("uf"), true},
      {"4b: failed alone: TEMP beside an enforce policy only", signed_mx("f"), false},
      {"4c: unusable", signed_mx("n"), false},
      {"5: some usable", signed_mx("u0"), false},
      {"no TLSA", signed_mx("0"), false},
      {"insecure", of(MxState::insecure), false},
      {"null MX", of(MxState::null_mx), true},
      {"bogus: TEMP", troubled(unknown, MxTrouble::bogus), true},
      {"bogus while DNSSEC is down for long", troubled(unknown, MxTrouble::bogus), false, later},
      {"the last proof was usable", once(signed_mx("u")), true, later},
      {"the TTL is over: TEMP", aged(signed_mx("u")), true},
      {"dane = false", signed_mx("u"), false, no_dane},
      {"a Postfix that does not do DANE", signed_mx("u"), false, no_postfix},
  }));
  INFO(row.why);
  DaneView seen = view(row.dane);
  CHECK(dane_decides_alone(now, &seen, row.zone) == row.alone);
}

TEST_CASE("rule 2: overrides", "[core]") {
  auto with = [](OverrideAction action, const DaneState& dane, P which, ZoneRules zone = {}) {
    static Override over;
    over = {action, "may ciphers=high", "ticket 4711"};
    return decided(which, &dane, zone, &over);
  };
  using enum OverrideAction;
  CHECK(with(no_policy, signed_mx("u"), P::enforce).verdict == not_found);
  CHECK(with(no_policy, troubled(unknown, MxTrouble::bogus), P::enforce).rule == "2");
  CHECK(with(no_policy, unknown, P::none).detail == "ticket 4711");
  Decision given_answer = with(answer, troubled(unknown, MxTrouble::bogus), P::enforce);
  CHECK(given_answer.verdict == given);
  CHECK(given_answer.given == "may ciphers=high");
  CHECK(with(ignore_sts, signed_mx("u0"), P::enforce).verdict == dane);
  CHECK(with(ignore_sts, signed_mx("0"), P::enforce).verdict == not_found);
  CHECK(with(ignore_sts, signed_mx("0"), P::enforce).detail == "ticket 4711");
  CHECK(with(ignore_sts, signed_mx("f"), P::enforce).verdict == dane);
  CHECK(with(ignore_sts, troubled(unknown, MxTrouble::failed), P::enforce).verdict == temp);
  CHECK(with(ignore_dane, signed_mx("u"), P::enforce).verdict == Verdict::secure);
  CHECK(with(ignore_dane, troubled(unknown, MxTrouble::bogus), P::none).verdict == not_found);
  CHECK(with(OverrideAction::enforce, of(MxState::insecure), P::testing).verdict == Verdict::secure);
  CHECK(with(OverrideAction::enforce, signed_mx("f"), P::testing).verdict == temp);
  CHECK(with(OverrideAction::enforce, of(MxState::insecure), P::off).verdict == not_found);
  CHECK(with(OverrideAction::enforce, signed_mx("u"), P::testing).verdict == dane_only);
  CHECK_FALSE(decide_override(nullptr));
}

TEST_CASE("the reason of a TEMP and of a DANE answer is in words", "[core]") {
  DaneState bogus = troubled(unknown, MxTrouble::bogus);
  Decision decision = decided(P::none, &bogus);
  CHECK(decision.reason == "DANE undecided");
  CHECK(decision.detail == "MX example.com: signature expired");
  DaneState failed = signed_mx("fu");
  CHECK(decided(P::none, &failed).detail == "TLSA _25._tcp.mx2.example: SERVFAIL");
}

// Whatever the hosts are, and whatever is added to what is known, the answer is never weaker than what the
// hosts or the policy demand: walked through all mixes of up to three hosts.
TEST_CASE("every mix of three hosts: no answer weaker than its demands", "[core]") {
  const std::string letters = "un0ifFx";
  for (char a : letters)
    for (char b : letters)
      for (char c : letters) {
        const std::string mix{a, b, c};
        INFO(mix);
        DaneState state = signed_mx(mix);
        auto has = [&](char letter) { return mix.contains(letter); };
        Decision alone = decided(P::none, &state);
        Decision both = decided(P::enforce, &state);
        // DANE-5, DANE-9: with TLSA or an error somewhere, Postfix must look up TLSA itself.
        bool fails = has('f') || has('F');
        if (has('u') || has('n') || fails) CHECK((alone.verdict == dane || alone.verdict == dane_only));
        // STS-49: an error is never answered by the policy alone.
        if (fails) CHECK((both.verdict == temp || both.verdict == dane_only));
        // STS-30: with a policy the answer never lets a host go unverified.
        CHECK((both.verdict == Verdict::secure || both.verdict == dane_only || both.verdict == temp));
        // DANE-24: DANE alone is demanded only if each host that counts can keep to it, or one failed.
        if (both.verdict == dane_only) CHECK(has('u'));
      }
}

TEST_CASE("RFC 8461 §4.1: the detail says if no MX host fits the policy", "[core]") {
  struct Row {
    const char* why;
    P cached;
    bool off_policy;
    Verdict verdict;
    std::string_view detail;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"no host fits", P::enforce, true, Verdict::secure, no_host_fits},
      {"a host fits", P::enforce, false, Verdict::secure, ""},
      {"testing", P::testing, true, Verdict::not_found, ""},
      {"expired", P::expired, true, Verdict::not_found, ""},
  }));
  INFO(row.why);
  DaneState state = of(MxState::insecure);
  state.off_policy = row.off_policy;
  Decision decision = decided(row.cached, &state);
  CHECK(decision.verdict == row.verdict);
  CHECK(decision.detail == row.detail);
}
