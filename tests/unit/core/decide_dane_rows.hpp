// decide_dane_rows - the words in which the DANE tests of decide() are written: policies, states, a row.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>

#include "core/decide.hpp"
#include "tests/unit/core/decide_facts.hpp"
#include "tests/unit/lists.hpp"

namespace mtasts::dane_rows {

using namespace std::chrono_literals;

const Time now = Time(1'700'000'000s);

enum class P { none, enforce, testing, off, expired };  // the policy that is cached

inline RecordView record(P which) {
  auto with = [](Mode mode, std::uint32_t max_age, std::string_view mx) {
    return facts::with_policy({mode, max_age, test::mx_view(mx), "version: STSv1"}, now - 60s);
  };
  switch (which) {
    case P::none: break;
    case P::enforce: return with(Mode::enforce, 86400, "mx.example");
    case P::testing: return with(Mode::testing, 86400, "mx.example");
    case P::off: return with(Mode::none, 86400, "");
    case P::expired: return with(Mode::enforce, 60, "mx.example");
  }
  RecordView none;
  none.state = StsState::no_record;
  return none;
}

// What is decided by a policy and the DANE state of the next hop; nullptr: none is known.
inline Decision decided(P policy, const DaneState* dane, const ZoneRules& zone = {},
                        const Override* over = nullptr) {
  static RecordView known;  // what the decision views
  known = record(policy);
  if (dane != nullptr) known = facts::with_dane(known, *dane);
  return decide(certain(now), &known, std::nullopt, {}, zone, over);
}

// A letter a host, '|' between preferences: "uu|0".
inline HostList hosts(std::string_view letters) {
  HostList list;
  bool first = true;
  int number = 0;
  for (char c : letters) {
    if (c == '|') {
      first = true;
      continue;
    }
    auto name = DomainName::parse("mx" + std::to_string(++number) + ".example");
    list.append(static_cast<HostState>(c), first, *name);
    first = false;
  }
  return list;
}

inline DaneState signed_mx(std::string_view letters) {
  DaneState state;
  state.mx = MxState::secure;
  state.hosts = hosts(letters);
  state.looked_up_at = now - 60s;
  state.valid_until = now + 240s;
  state.detail = letters.contains('f') ? "TLSA _25._tcp.mx2.example: SERVFAIL" : "";
  return state;
}

inline DaneState of(MxState mx) {
  DaneState state = signed_mx("");
  state.mx = mx;
  return state;
}

inline DaneState troubled(DaneState state, MxTrouble trouble) {
  state.trouble = trouble;
  state.detail = "MX example.com: signature expired";
  state.next_try = now + 30s;
  return state;
}

inline DaneState aged(DaneState state, std::chrono::seconds age = 300s) {
  state.looked_up_at = now - age;
  state.valid_until = now - age + 300s;
  return state;
}

// The last proof of a domain whose MX is bogus now.
inline DaneState once(DaneState state, std::chrono::seconds age = 30 * 24h) {
  return troubled(aged(std::move(state), age), MxTrouble::bogus);
}

const DaneState unknown{};
const ZoneRules dane_only_zone{.settings = {.partial_dane = PartialDane::dane_only}};
const ZoneRules no_postfix{.postfix_dane = PostfixDane::no};
const ZoneRules maybe_postfix{.postfix_dane = PostfixDane::unknown};
const ZoneRules no_dane{.settings = {.dane = false}};
const ZoneRules strict{.settings = {.testing_as_enforce = true}};
const ZoneRules down_ignore{.dnssec = Dnssec::ignore_dane, .dnssec_detail = "clock"};
const ZoneRules down_temp{.dnssec = Dnssec::temp, .dnssec_detail = "clock"};
const ZoneRules first_hour{.dnssec = Dnssec::last_proof_or_temp, .dnssec_detail = "clock"};
const ZoneRules later{.dnssec = Dnssec::last_proof_or_sts, .dnssec_detail = "clock"};

struct Row {
  const char* why;
  DaneState dane;
  P policy;
  Verdict want;
  const char* rule;
  ZoneRules zone{};
};

inline void check(const Row& row) {
  INFO(row.why);
  Decision got = decided(row.policy, &row.dane, row.zone);
  CHECK(words(got.verdict) == words(row.want));
  CHECK(got.rule == row.rule);
  CHECK((got.policy != nullptr) == (row.want == Verdict::secure));  // ANS-5, PFX-27: no STS on a dane answer
  if (got.verdict == Verdict::temp) CHECK_FALSE(got.reason.empty());
}

}  // namespace mtasts::dane_rows
