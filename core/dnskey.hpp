// dnskey - reads a zone's DNSKEY records (RFC 4034 §2), and the key tags in a trust anchor file, as far as
// mtastsd needs them to say what is wrong with DNSSEC here. It verifies nothing: libunbound does that.
//
// The input is hostile: any RDATA and any text give a value or nothing, in linear time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace mtasts {

struct Dnskey {
  std::uint16_t flags = 0;
  std::uint8_t algorithm = 0;
  std::uint16_t tag = 0;  // changes when REVOKE is set (RFC 5011 §2.1)

  bool zone_key() const noexcept { return (flags & 0x0100) != 0; }  // RFC 4034 §2.1.1
  bool sep() const noexcept { return (flags & 0x0001) != 0; }       // a key signing key
  bool revoked() const noexcept { return (flags & 0x0080) != 0; }   // RFC 5011 §7
};

// DNSKEY RDATA. nullopt: shorter than a key, or a protocol other than 3 (RFC 4034 §2.1.2).
std::optional<Dnskey> decode_dnskey(std::string_view rdata) noexcept;

// The key tag (RFC 4034 appendix B). REQUIRES: rdata is a whole DNSKEY RDATA, 5 octets or more.
std::uint16_t key_tag(std::string_view rdata) noexcept;

// The tags of the root's DS and DNSKEY records in a text in zone file format (RFC 1035 §5.1), ascending, each
// once. Records of other zones, records of other types and malformed ones are skipped.
std::vector<std::uint16_t> root_anchor_tags(std::string_view text);

}  // namespace mtasts
