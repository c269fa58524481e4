// dnskey - the DNS keys of a zone (RFC 4034 §2) and the key tags that a trust anchor file names, as far as
// they are needed to say what is wrong with DNSSEC here. Nothing is verified: that is libunbound's task.
//
// Every octet is hostile: any RDATA and any text give a value or nothing, in linear time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace mtasts {

struct Dnskey {
  std::uint16_t flags = 0;
  std::uint8_t algorithm = 0;
  std::uint16_t tag = 0;  // with REVOKE set it is another than before (RFC 5011 §2.1)

  bool zone_key() const noexcept { return (flags & 0x0100) != 0; }  // RFC 4034 §2.1.1
  bool sep() const noexcept { return (flags & 0x0001) != 0; }       // a key signing key
  bool revoked() const noexcept { return (flags & 0x0080) != 0; }   // RFC 5011 §7
};

// DNSKEY RDATA. nullopt: shorter than a key, or a protocol other than 3 (RFC 4034 §2.1.2).
std::optional<Dnskey> decode_dnskey(std::string_view rdata) noexcept;

// RFC 4034 appendix B. REQUIRES: rdata is a whole DNSKEY RDATA, 5 octets or more.
std::uint16_t key_tag(std::string_view rdata) noexcept;

// The tags of the root's DS and DNSKEY records in a text in zone file format (RFC 1035 §5.1), ascending, each
// once. Records of other zones, other types and malformed ones are passed over.
std::vector<std::uint16_t> root_anchor_tags(std::string_view text);

}  // namespace mtasts
