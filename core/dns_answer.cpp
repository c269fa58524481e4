#include "core/dns_answer.hpp"

#include <algorithm>

namespace mtasts {

std::string_view words(RrType type) noexcept {
  switch (type) {
    case RrType::a: return "A";
    case RrType::ns: return "NS";
    case RrType::cname: return "CNAME";
    case RrType::mx: return "MX";
    case RrType::txt: return "TXT";
    case RrType::aaaa: return "AAAA";
    case RrType::dnskey: return "DNSKEY";
    case RrType::tlsa: return "TLSA";
  }
  return "unknown type";
}

std::string_view words(DnsAnswer::Security security) noexcept {
  switch (security) {
    case DnsAnswer::Security::secure: return "secure";
    case DnsAnswer::Security::insecure: return "insecure";
    case DnsAnswer::Security::bogus: return "bogus";
  }
  return "bogus";
}

std::string_view words(DnsAnswer::Kind kind) noexcept {
  switch (kind) {
    case DnsAnswer::Kind::data: return "data";
    case DnsAnswer::Kind::no_data: return "no data";
    case DnsAnswer::Kind::nxdomain: return "NXDOMAIN";
    case DnsAnswer::Kind::failed: return "failed";
  }
  return "failed";
}

std::optional<std::string> decode_txt(std::string_view rdata) {
  if (rdata.empty()) return std::nullopt;  // RFC 1035 §3.3.14: one or more strings
  std::string text;
  while (!rdata.empty()) {
    std::size_t length = static_cast<unsigned char>(rdata.front());
    rdata.remove_prefix(1);
    if (length > rdata.size()) return std::nullopt;
    text.append(rdata.substr(0, length));
    rdata.remove_prefix(length);
  }
  return text;
}

std::optional<Address> decode_address(std::string_view rdata) noexcept {
  if (rdata.size() != 4 && rdata.size() != 16) return std::nullopt;
  Address address;
  address.v6 = rdata.size() == 16;
  std::ranges::transform(rdata, address.octets.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return address;
}

}  // namespace mtasts
