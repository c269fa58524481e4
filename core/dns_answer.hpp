// dns_answer - what a validated DNS lookup said. Kept apart all the way up: secure, insecure, bogus; data, no
// data, NXDOMAIN, failed (RFC 7672 §2.1.1, DANE-1, DANE-2, UB-5 to UB-7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"

namespace mtasts {

enum class RrType : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  mx = 15,
  txt = 16,
  aaaa = 28,
  ds = 43,
  dnskey = 48,
  tlsa = 52
};

// "A", "TXT". Stable: the JSON of traces and saved traces hold these words, and those of the two enums below.
constexpr std::string_view words(RrType type) noexcept {
  switch (type) {
    case RrType::a: return "A";
    case RrType::ns: return "NS";
    case RrType::cname: return "CNAME";
    case RrType::mx: return "MX";
    case RrType::txt: return "TXT";
    case RrType::aaaa: return "AAAA";
    case RrType::ds: return "DS";
    case RrType::dnskey: return "DNSKEY";
    case RrType::tlsa: return "TLSA";
  }
  return {};
}

struct DnsAnswer {
  enum class Kind { data, no_data, nxdomain, failed };  // failed: SERVFAIL, timeout, bogus, local error
  enum class Security { secure, insecure, bogus };  // failed answers are insecure, or bogus with the cause

  Kind kind = Kind::failed;
  Security security = Security::insecure;
  std::string reason;     // failed or bogus: the cause in words ("timeout after 5 s", libunbound's why_bogus)
  std::uint32_t ttl = 0;  // seconds; of the answer or the denial
  std::string canonical;  // end of the CNAME chain, no final dot, empty without alias
  bool validated = true;  // false: nobody looked whether it should have been signed; it is insecure then
  bool local =
      false;  // failed, because this host lacked something (a descriptor); says nothing about the name
  bool unsigned_delegation = false;  // a DS question's denial: all below the name is provably unsigned
  // Raw, in wire form without compression; empty unless kind is data. Two exceptions: bogus DNSKEYs are
  // handed over too, so that the DNSSEC check can say what is wrong with them, and bogus AAAA records, which
  // a DNS64 may have made up (net/https/addresses.hpp).
  std::vector<std::string> rdata;
};

constexpr std::string_view words(DnsAnswer::Security security) noexcept {
  switch (security) {
    case DnsAnswer::Security::secure: return "secure";
    case DnsAnswer::Security::insecure: return "insecure";
    case DnsAnswer::Security::bogus: return "bogus";
  }
  return {};
}

constexpr std::string_view words(DnsAnswer::Kind kind) noexcept {
  switch (kind) {
    case DnsAnswer::Kind::data: return "data";
    case DnsAnswer::Kind::no_data: return "no data";
    case DnsAnswer::Kind::nxdomain: return "NXDOMAIN";
    case DnsAnswer::Kind::failed: return "failed";
  }
  return {};
}

// TXT RDATA: length-prefixed strings, joined without a separator (STS-1). nullopt: malformed.
std::optional<std::string> decode_txt(std::string_view rdata);

struct MxRecord {
  std::uint16_t preference = 0;
  std::string host;  // no final dot; "" is the root: a null MX (RFC 7505). Odd octets are escaped as \\DDD
};
// MX RDATA without compression (RFC 1035 §3.3.9). nullopt: malformed.
std::optional<MxRecord> decode_mx(std::string_view rdata);
// A name in wire form as text, as in MxRecord; takes it off the front. nullopt: malformed.
std::optional<std::string> take_name(std::string_view& wire);

// A (4 octets) or AAAA (16 octets) RDATA. nullopt: other length.
std::optional<Address> decode_address(std::string_view rdata) noexcept;

}  // namespace mtasts
