// dns_answer - what a DNS lookup said, after validation. All callers keep these apart: secure, insecure,
// bogus; data, no data, NXDOMAIN, failed (RFC 7672 §2.1.1, DANE-1, DANE-2, UB-5 to UB-7).
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
  srv = 33,
  ds = 43,
  dnskey = 48,
  tlsa = 52
};

// "A", "TXT". Stable: saved traces, and traces as JSON, hold these words and those of the two enums below.
constexpr std::string_view words(RrType type) noexcept {
  switch (type) {
    case RrType::a: return "A";
    case RrType::ns: return "NS";
    case RrType::cname: return "CNAME";
    case RrType::mx: return "MX";
    case RrType::txt: return "TXT";
    case RrType::aaaa: return "AAAA";
    case RrType::srv: return "SRV";
    case RrType::ds: return "DS";
    case RrType::dnskey: return "DNSKEY";
    case RrType::tlsa: return "TLSA";
  }
  return {};
}

struct DnsAnswer {
  enum class Kind { data, no_data, nxdomain, failed };  // failed: SERVFAIL, timeout, bogus, local error
  // A failed answer is bogus if that is why it failed, else insecure.
  enum class Security { secure, insecure, bogus };

  Kind kind = Kind::failed;
  Security security = Security::insecure;
  std::string reason;     // failed or bogus: the cause in words ("timeout after 5 s", libunbound's why_bogus)
  std::uint32_t ttl = 0;  // seconds; of the answer or the denial
  std::string canonical;  // end of the CNAME chain, without final dot; empty if there is no alias
  bool validated = true;  // false: nobody checked whether it should be signed; it counts as insecure
  // It failed because this host lacked something, for example a descriptor; says nothing about the name.
  bool local = false;
  bool unsigned_delegation = false;  // a denial of DS: all below the name is provably unsigned
  // Raw, in wire form without compression; empty unless kind is data. There are two exceptions. Bogus DNSKEYs
  // are returned so that the DNSSEC check can say what is wrong with them. Bogus AAAA records are returned
  // because a DNS64 may have made them up (net/https/addresses.hpp).
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
  // No final dot; "" is the root: a null MX (RFC 7505). Octets that host names lack are written as "\DDD".
  std::string host;
};
// MX RDATA without compression (RFC 1035 §3.3.9). nullopt: malformed.
std::optional<MxRecord> decode_mx(std::string_view rdata);

struct SrvRecord {
  std::uint16_t priority = 0, weight = 0, port = 0;  // the least priority is tried first
  std::string target;  // as MxRecord::host; "" is the root: the service is not offered (RFC 2782)
};
// SRV RDATA without compression (RFC 2782). nullopt: malformed.
std::optional<SrvRecord> decode_srv(std::string_view rdata);

// Takes a name in wire form off the front and returns it as text, in the form of MxRecord::host. nullopt:
// malformed.
std::optional<std::string> take_name(std::string_view& wire);

// A (4 octets) or AAAA (16 octets) RDATA. nullopt: other length.
std::optional<Address> decode_address(std::string_view rdata) noexcept;

}  // namespace mtasts
