// zone_settings - what a zone is configured to do: the keys of [policy], and of [zone.NAME] laid over it.
//
// A new key is a member of ZoneSettings and a row of zone_keys. By the rows the file is read and written
// (conf/), rules are shown as JSON (answer/) and saved (diagnose/), and the sample file and mtastsd.toml(5)
// are checked (tests/unit/conf/zone_keys_test.cpp). What only the running daemon knows stands beside the
// settings in ZoneRules (core/decide.hpp).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <variant>

namespace mtasts {

enum class PostfixDaneSetting { yes, no, automatic };
enum class PartialDane { sts, dane_only };
enum class OnDnssecDown { automatic, ignore_dane, temp };

// The defaults are those of the file. What a key means: its sentence in zone_keys.
struct ZoneSettings {
  bool dane = true;
  PostfixDaneSetting postfix_dane = PostfixDaneSetting::automatic;
  PartialDane partial_dane = PartialDane::sts;
  bool testing_as_enforce = false;
  std::chrono::milliseconds first_fetch_wait{5000};
  std::chrono::milliseconds answer_timeout{8000};
  OnDnssecDown on_dnssec_down = OnDnssecDown::automatic;
  unsigned mx_hosts = 10;
  std::uint16_t default_port = 25;
  friend bool operator==(const ZoneSettings&, const ZoneSettings&) = default;
};

// As they are written in the file; the way back: enum_words<PartialDane>.
constexpr std::string_view words(PostfixDaneSetting setting) noexcept {
  switch (setting) {
    case PostfixDaneSetting::yes: return "yes";
    case PostfixDaneSetting::no: return "no";
    case PostfixDaneSetting::automatic: return "auto";
  }
  return {};
}

constexpr std::string_view words(PartialDane setting) noexcept {
  switch (setting) {
    case PartialDane::sts: return "sts";
    case PartialDane::dane_only: return "dane-only";
  }
  return {};
}

constexpr std::string_view words(OnDnssecDown setting) noexcept {
  switch (setting) {
    case OnDnssecDown::automatic: return "auto";
    case OnDnssecDown::ignore_dane: return "ignore-dane";
    case OnDnssecDown::temp: return "temp";
  }
  return {};
}

// By its type a key is true or false, a number, a duration, a port (in the file also a service's name) or one
// of the words of an enum.
using ZoneMember =
    std::variant<bool ZoneSettings::*, unsigned ZoneSettings::*, std::chrono::milliseconds ZoneSettings::*,
                 std::uint16_t ZoneSettings::*, PostfixDaneSetting ZoneSettings::*,
                 PartialDane ZoneSettings::*, OnDnssecDown ZoneSettings::*>;

struct ZoneKey {
  std::string_view name;
  ZoneMember member;
  std::int64_t least, most;   // of numbers, ports, and durations in ms; else 0
  bool in_policy;             // false: stands in [zone.NAME] only
  bool in_answers;            // shown among an answer's rules as JSON
  std::string_view sentence;  // for the sample file, which adds least and most
};

// In the order of the file.
inline constexpr auto zone_keys = std::to_array<ZoneKey>({
    {"dane", &ZoneSettings::dane, 0, 0, true, true,
     "Decide about DANE (RFC 7672) too: a domain whose MX hosts all have usable TLSA records is answered "
     "\"dane-only\", and DANE goes before MTA-STS. With false, MTA-STS alone decides."},
    {"postfix_dane", &ZoneSettings::postfix_dane, 0, 0, true, true,
     "Does the Postfix that asks do DANE itself: \"yes\", \"no\", or \"auto\"? It can do so only with a "
     "resolver that validates DNSSEC and says so. \"auto\" asks the resolvers of Postfix's own resolv.conf "
     "(etc/resolv.conf below the queue directory, if it is there) for a signed name, at start and every 10 "
     "minutes. With \"no\" MTA-STS protects what it can, and no domain is answered \"dane\" or "
     "\"dane-only\", nor is mail deferred for DANE's sake. After a yes, a no that \"auto\" finds counts only "
     "when every check of 24 hours has said so. Sendmail's map \"sts\" heeds a \"no\" only if it is written "
     "here."},
    {"partial_dane", &ZoneSettings::partial_dane, 0, 0, true, true,
     "When only some MX hosts have DANE and there is an MTA-STS policy in mode enforce too: \"sts\" asks the "
     "certificate authorities on all of them; \"dane-only\" keeps both standards, and defers mail while only "
     "the other hosts are up."},
    {"testing_as_enforce", &ZoneSettings::testing_as_enforce, 0, 0, true, true,
     "Take a policy in mode \"testing\" as if it said \"enforce\". Stricter than its owner asked for: mail "
     "may "
     "be deferred."},
    {"first_fetch_wait", &ZoneSettings::first_fetch_wait, 100, 600'000, true, false,
     "How long the first mail to a domain waits for its policy. After that it is answered as without MTA-STS "
     "once DANE is decided; the policy still arrives in the background and protects the next one."},
    {"answer_timeout", &ZoneSettings::answer_timeout, 100, 90'000, true, false,  // SM-11, SM-12
     "The longest that Postfix waits for any answer, first_fetch_wait included. If DNS is still undecided "
     "about "
     "DANE then, mail is deferred (Postfix may ask once for each MX host). Postfix itself gives up after "
     "100s."},
    {"on_dnssec_down", &ZoneSettings::on_dnssec_down, 0, 0, true, false,  // answers show what comes of it
     "What holds for a domain whose own lookup decides nothing while DNSSEC can't be validated, here or by "
     "the "
     "resolvers. \"auto\": its last proof, up to 30 days old; mail to a domain that had DANE waits, MTA-STS "
     "decides alone for one proved to have none. Of a domain never looked up before, mail waits for the "
     "first "
     "hour, then MTA-STS decides alone. Where DNSSEC never worked on this host, MTA-STS decides alone. "
     "\"ignore-dane\": MTA-STS decides alone. \"temp\": mail waits."},
    {"mx_hosts", &ZoneSettings::mx_hosts, 1, 100, true, true,
     "How many MX hosts of a domain are looked at, the preferred ones first; hosts of one preference count "
     "together."},
    {"default_port", &ZoneSettings::default_port, 1, 65'535, false, false,  // PFX-44
     "The port of next hops that name none, by which DANE looks."},
});

}  // namespace mtasts
