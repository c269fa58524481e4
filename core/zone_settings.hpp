// zone_settings - the settings of a zone: the keys of [policy], with those of [zone.NAME] laid over them.
//
// A new key needs a member of ZoneSettings and a row of zone_keys. The rows are used to read and write the
// file (conf/), to show rules as JSON (answer/), to save them (diagnose/), and to check the sample file and
// mtastsd.toml(5) (tests/unit/conf/zone_keys_test.cpp). What only the running daemon knows is kept beside the
// settings, in ZoneRules (core/decide.hpp).
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

// The defaults are those of the configuration file. zone_keys says what each key means.
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

// As written in the configuration file. enum_words<PartialDane> converts back.
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

// What a key's value can be: true or false, a number, a duration, a port (in the file also the name of a
// service) or one of the words of an enum.
using ZoneMember =
    std::variant<bool ZoneSettings::*, unsigned ZoneSettings::*, std::chrono::milliseconds ZoneSettings::*,
                 std::uint16_t ZoneSettings::*, PostfixDaneSetting ZoneSettings::*,
                 PartialDane ZoneSettings::*, OnDnssecDown ZoneSettings::*>;

struct ZoneKey {
  std::string_view name;
  ZoneMember member;
  std::int64_t least, most;   // for numbers, ports, and durations in ms; else 0
  bool in_policy;             // false: a key of [zone.NAME] only
  bool in_answers;            // shown in the rules of an answer as JSON
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
     "minutes. With \"no\" MTA-STS protects what it can, no domain is answered \"dane\" or \"dane-only\", "
     "and no mail is deferred because of DANE. After \"auto\" has found a yes, a no counts only when every "
     "check for 24 hours has said so. For sendmail's map \"sts\" only a \"no\" written here counts."},
    {"partial_dane", &ZoneSettings::partial_dane, 0, 0, true, true,
     "When only some MX hosts have DANE and there is an MTA-STS policy in mode enforce too: \"sts\" relies "
     "on certificate authorities for all of them; \"dane-only\" keeps both standards, and defers mail "
     "while only the other hosts are up."},
    {"testing_as_enforce", &ZoneSettings::testing_as_enforce, 0, 0, true, true,
     "Treat a policy in mode \"testing\" as if it said \"enforce\". Stricter than its owner asked for: "
     "mail may be deferred."},
    {"first_fetch_wait", &ZoneSettings::first_fetch_wait, 100, 600'000, true, false,
     "How long the first mail to a domain waits for its policy. After that it is answered as without MTA-STS "
     "once DANE is decided; the policy still arrives in the background and protects the next one."},
    {"answer_timeout", &ZoneSettings::answer_timeout, 100, 90'000, true, false,  // SM-11, SM-12
     "The longest that Postfix waits for any answer, first_fetch_wait included. If DNS is still undecided "
     "about DANE then, mail is deferred (Postfix may ask once for each MX host). Postfix itself gives up "
     "after 100s."},
    {"on_dnssec_down", &ZoneSettings::on_dnssec_down, 0, 0, true, false,  // answers show what comes of it
     "What counts for a domain while DNSSEC can be validated neither here nor by the resolvers, and its "
     "own lookup decides nothing. \"auto\": its last proof, up to 30 days old. If the domain had DANE, "
     "mail waits; if it was proved to have none, MTA-STS decides alone. Mail to a domain never looked up "
     "before waits for the first hour; then MTA-STS decides alone. If DNSSEC never worked on this host, "
     "MTA-STS decides alone. \"ignore-dane\": MTA-STS decides alone. \"temp\": mail waits."},
    {"mx_hosts", &ZoneSettings::mx_hosts, 1, 100, true, true,
     "How many MX hosts of a domain are looked up, the preferred ones first; hosts of one preference count "
     "together."},
    {"default_port", &ZoneSettings::default_port, 1, 65'535, false, false,  // PFX-44
     "The port of next hops without one, where DANE looks for TLSA records."},
});

}  // namespace mtasts
