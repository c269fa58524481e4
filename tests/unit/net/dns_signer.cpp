#include "tests/unit/net/dns_signer.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace mtasts {
namespace {

constexpr std::uint16_t type_dnskey = 48;
constexpr std::uint16_t type_rrsig = 46;
constexpr char ecdsa_p256 = 13;

std::string u32(std::uint32_t value) { return dns_u16(value >> 16) + dns_u16(value & 0xFFFF); }

// EVP_EC_gen() is a macro with a cast that our warnings refuse.
EVP_PKEY* new_key() { return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"); }

std::string public_point(EVP_PKEY* key) {
  std::array<unsigned char, 65> point{};
  std::size_t size = 0;
  EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size);
  return {point.begin() + 1, point.end()};  // without the octet that says "uncompressed"
}

unsigned key_tag(std::string_view rdata) {  // RFC 4034 appendix B
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < rdata.size(); ++i) {
    auto octet = static_cast<unsigned char>(rdata[i]);
    sum += i % 2 == 0 ? static_cast<std::uint32_t>(octet) << 8 : octet;
  }
  return (sum + (sum >> 16)) & 0xFFFF;
}

std::string padded(const BIGNUM* number) {
  std::array<unsigned char, 32> bytes{};
  BN_bn2binpad(number, bytes.data(), static_cast<int>(bytes.size()));
  return {bytes.begin(), bytes.end()};
}

// r and s, 32 octets each (RFC 6605 §4).
std::string ecdsa(EVP_PKEY* key, std::string_view data) {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::array<unsigned char, 80> der{};
  std::size_t size = der.size();
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key);
  EVP_DigestSign(context.get(), der.data(), &size, reinterpret_cast<const unsigned char*>(data.data()),
                 data.size());
  const unsigned char* at = der.data();
  std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)), ECDSA_SIG_free);
  return padded(ECDSA_SIG_get0_r(pair.get())) + padded(ECDSA_SIG_get0_s(pair.get()));
}

std::string base64(std::string_view data) {
  std::string out(4 * ((data.size() + 2) / 3) + 1, '\0');
  int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(data.data()), static_cast<int>(data.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace

DnsSigner::DnsSigner(std::string zone) : zone_(std::move(zone)), key_(new_key(), EVP_PKEY_free) {
  key_rdata_ = dns_u16(257) + '\3' + ecdsa_p256 + public_point(key_.get());
}

std::string DnsSigner::trust_anchor() const {
  return zone_ + ". 3600 IN DNSKEY 257 3 13 " + base64(std::string_view(key_rdata_).substr(4)) + "\n";
}

DnsRecord DnsSigner::dnskey() const { return {zone_, type_dnskey, key_rdata_, 3600}; }

DnsRecord DnsSigner::sign(const std::vector<DnsRecord>& rrset, long age) const {
  const DnsRecord& first = rrset.front();
  auto labels = static_cast<char>(first.owner.empty() ? 0 : std::ranges::count(first.owner, '.') + 1);
  auto end = static_cast<std::uint32_t>(std::time(nullptr) - age);
  std::string head = dns_u16(first.type) + ecdsa_p256 + labels + u32(first.ttl) + u32(end) +
                     u32(end - 30 * 86400) + dns_u16(key_tag(key_rdata_)) + dns_name(zone_);
  std::vector<std::string> sorted;
  for (const auto& record : rrset) sorted.push_back(record.rdata);
  std::ranges::sort(sorted, {},
                    [](const std::string& s) { return std::vector<unsigned char>(s.begin(), s.end()); });
  std::string data = head;
  for (const auto& rdata : sorted) {
    data += dns_name(first.owner) + dns_u16(first.type) + dns_u16(1) + u32(first.ttl) +
            dns_u16(static_cast<unsigned>(rdata.size())) + rdata;
  }
  return {first.owner, type_rrsig, head + ecdsa(key_.get(), data), first.ttl};
}

std::vector<DnsRecord> DnsSigner::with_signature(std::vector<DnsRecord> rrset, long age) const {
  auto signature = sign(rrset, age);
  rrset.push_back(std::move(signature));
  return rrset;
}

}  // namespace mtasts
