// dane - what DNS said about DANE for a next hop, as values (RFC 7672).
//
// A DaneView is the result of one lookup of a next hop: whether its MX RRset is secure, and the DANE state of
// each MX host. It is in force no longer than the smallest TTL seen (DANE-27). If a later lookup fails, the
// view notes that as its trouble; the last decided state still counts until its TTL is over (rule 3 of
// docs/DECISION.md). After that it remains the domain's last proof, which counts for 30 days while DNSSEC is
// down. A host whose lookup failed keeps its own last proof and the time of that proof. Only a validated
// answer writes a proof.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/host_list.hpp"
#include "core/mx_list.hpp"
#include "core/time.hpp"

namespace mtasts {

inline constexpr std::size_t max_mx_hosts = 100;  // names that are kept of one MX RRset

// What distinguishes two next hops of one policy domain: "[host]" has no MX lookup, and TLSA records belong
// to a port (DANE-15).
struct Route {
  bool bracketed = false;
  std::uint16_t port = 25;  // 0: a service name that this system does not know
  friend auto operator<=>(const Route&, const Route&) = default;
};

// What is known about the MX RRset. The numbers are part of the stored form.
enum class MxState : std::uint8_t {
  unknown = 0,   // never decided
  secure = 1,    // data or a denial, validated; also for "[host]"
  insecure = 2,  // the zone is not signed: DANE does not apply (DANE-10)
  null_mx = 3,   // secure, "0 .": the domain takes no mail (RFC 7505)
};

// Why the last lookup decided nothing.
enum class MxTrouble : std::uint8_t {
  none = 0,
  failed = 1,  // SERVFAIL, timeout
  bogus = 2,   // validation failed: an attack or a broken zone
};

std::string_view words(MxState state) noexcept;      // "secure", "insecure", "null MX", "unknown"
std::string_view words(MxTrouble trouble) noexcept;  // "failed", "bogus", ""

// The result of one lookup, borrowed. Lives as long as what it was taken from.
struct DaneView {
  Route route;
  MxState mx = MxState::unknown;
  MxTrouble trouble = MxTrouble::none;
  bool off_policy = false;     // no host matches the policy's mx: check for a newer id first (STS-40)
  HostListView hosts;          // if the MX is insecure: the names alone, nothing was looked up
  std::string_view detail;     // the trouble in words, else why hosts failed; may be empty
  Time looked_up_at{};         // of the last lookup that decided mx
  Time valid_until{};          // mx and hosts are in force before this; Time{} if mx is unknown
  Time next_try{};             // after trouble or a failed host: no lookup before this
  std::uint16_t failures = 0;  // in a row
};

struct DaneState {  // the same, owned
  Route route;
  MxState mx = MxState::unknown;
  MxTrouble trouble = MxTrouble::none;
  bool off_policy = false;
  HostList hosts;
  std::string detail;
  Time looked_up_at{}, valid_until{}, next_try{};
  std::uint16_t failures = 0;
};

DaneView view(const DaneState& state) noexcept;
DaneState to_state(const DaneView& view);

// Whether mx and hosts are in force. A lookup in the future means that the clock was set back: then nothing
// counts.
bool state_in_force(const DaneView& dane, Time now) noexcept;

// Whether mx is a proof, in force or not, that is at most 30 days old. It counts only while DNSSEC is down on
// this host.
bool proof_counts(const DaneView& dane, Time now) noexcept;
inline constexpr std::chrono::hours proof_age{30 * 24};

// The last proof about one of the hosts; nullopt: there is none from the last 30 days. REQUIRES: host is one
// of a view with this looked_up_at.
std::optional<HostProof> last_proof(const HostLine& host, Time looked_up_at, Time now) noexcept;

struct HostTally {
  unsigned usable = 0, unusable = 0, none = 0, insecure = 0, failed = 0, unreachable = 0;
  unsigned lost = 0;  // those of failed that had TLSA records at their last proof
};
// Counts whole preference groups until at least mx_hosts hosts are counted. Hosts further down are hardly
// ever tried (DANE-26).
HostTally tally(HostListView hosts, unsigned mx_hosts) noexcept;
// The same, counting last proofs. A failed host counts as what it was last proved to be, except that one with
// TLSA records counts as lost. Without a proof it counts as failed.
HostTally tally_proofs(const DaneView& dane, Time now, unsigned mx_hosts) noexcept;

// True if there are hosts and none of them matches one of a policy's mx patterns (RFC 8461 §4.1). Delivery
// must fail then, so it is worth checking for a newer policy (STS-40).
bool none_matches(HostListView hosts, MxListView patterns) noexcept;

}  // namespace mtasts
