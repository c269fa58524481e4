// tls_policy - a reply of the policy map as Postfix reads it (PFX-1, PFX-3, PFX-9 to PFX-14, PFX-23, PFX-34).
// Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mtasts {

struct PostfixVersion {
  unsigned major = 3, minor = 10;
  std::optional<unsigned> patch{};  // nullopt: the latest of them
  friend bool operator==(const PostfixVersion&, const PostfixVersion&) = default;
};

// "3.10", "3.7.11", "3.12-20260821". nullopt: not a version.
std::optional<PostfixVersion> parse_postfix_version(std::string_view text) noexcept;

// Whether this Postfix knows the attributes of replies in the dialect postfix310 (PFX-13).
bool knows_sts_attributes(const PostfixVersion& version) noexcept;
// Whether it skips MX hosts that match no mx_host_pattern (PFX-23).
bool heeds_mx_patterns(const PostfixVersion& version) noexcept;

// In Postfix's order: a greater one demands more (PFX-2).
enum class TlsLevel : std::uint8_t {
  none,
  may,
  encrypt,
  fingerprint,
  half_dane,
  dane,
  dane_only,
  verify,
  secure
};

struct TlsPolicy {
  TlsLevel level = TlsLevel::none;
  std::vector<std::string> match{};     // names, and Postfix's words for names
  std::vector<std::string> patterns{};  // of MX hosts; empty: every host may be tried
  bool sends_name = false;              // SNI, outside of DANE (PFX-11)
};

// The policy that Postfix takes from a reply in any dialect for Postfix. main_level: smtp_tls_security_level
// of main.cf, which holds if nothing was found. nullopt: the reply is an error, or Postfix refuses it:
// "client TLS configuration problem". Attributes that say nothing about whom to trust are skipped, not
// checked.
std::optional<TlsPolicy> read_tls_policy(std::string_view reply, const PostfixVersion& version,
                                         TlsLevel main_level);

}  // namespace mtasts
