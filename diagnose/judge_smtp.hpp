// judge_smtp - judges what mail servers said and showed: STARTTLS, the handshake, and certificates
// (docs/CHECKS.md, 501 to 527, and 407). Pure. Whether TLSA records match is judged elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"
#include "core/sts_policy.hpp"
#include "core/time.hpp"
#include "diagnose/checking.hpp"
#include "ports/smtp.hpp"
#include "x509/certificate.hpp"

namespace mtasts {

// What one address of a mail server showed.
struct SmtpAddressFacts {
  Address address;
  SmtpDialogue dialogue;
  std::optional<SmtpDialogue> without_sni{};  // the same, with no host in the handshake; nullopt: not held
  DaneVerdict dane{};                         // of its chain; not_judged: the host has no secure TLSA records
};

struct SmtpHostFacts {
  std::string name;  // of the MX host, printable
  unsigned preference = 0;
  std::uint16_t port = 25;
  bool implicit_tls = false;
  // What MTA-STS demands for this host: none without a policy, and if the policy does not cover the host.
  // nullopt: no policy was looked up; then the host is judged as under enforce.
  std::optional<Mode> mode{};
  bool dane = false;  // it has secure and usable TLSA records
  std::vector<SmtpAddressFacts> addresses{};
  std::size_t left_out = 0;  // further addresses, which were not asked
};

struct SmtpFacts {
  std::string_view step = "smtp";      // of the steps and findings
  std::string domain{};                // whose mail the hosts take; empty: not known
  std::vector<SmtpHostFacts> hosts{};  // each name and port once
  std::vector<std::string> further{};  // names of hosts beyond those that a check asks
  unsigned warn_days = 14;             // a certificate that expires sooner is worth a warning
};

// One step for each host, and one, unknown, for those that were not asked. A step is unknown, without a
// finding, if none of the addresses of any host could be connected to, which most likely is due to the
// network here; and if a server turned this client away for now (421, EHLO refused). A fault is an error if
// delivery fails by it: under mode enforce or, but for certificates, with DANE. Else it is a warning.
// Dialogues that end before STARTTLS are errors if all do, so that nobody takes mail; but if a server greeted
// with 4xx or 5xx, the step is unknown, since that may be meant for this client alone. Certificates that DANE
// accepts are not judged by PKIX, except for the policy: then mx-in-policy-fails-tls says so, as a warning,
// and one that expires soon or is weak is a warning too.
Judgement judge_smtp(const SmtpFacts& facts, Time now);

// Why it is not known what all addresses of a host show, up to EHLO within TLS: the first that could not be
// connected to, or that broke off or turned this client away before that, with its words. Empty: all were
// seen, or faults. An IPv6 address that can't be reached is left out if another one is good.
std::string not_seen(const SmtpHostFacts& host);

}  // namespace mtasts
