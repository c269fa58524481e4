// dns_signer - signs RRsets of one zone with one ECDSA P-256 key (RFC 4034, RFC 6605), for tests of
// validation.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/net/dns_server.hpp"

namespace mtasts {

class DnsSigner {
 public:
  explicit DnsSigner(std::string zone);

  std::string trust_anchor() const;  // a DNSKEY record in zone file format
  DnsRecord dnskey() const;
  // The RRSIG over records of one owner and type. age: seconds between the end of validity and now; negative:
  // valid.
  DnsRecord sign(const std::vector<DnsRecord>& rrset, long age = -3600) const;
  // The records and their signature.
  std::vector<DnsRecord> with_signature(std::vector<DnsRecord> rrset, long age = -3600) const;

 private:
  std::string zone_;
  std::shared_ptr<EVP_PKEY> key_;
  std::string key_rdata_;
};

}  // namespace mtasts
