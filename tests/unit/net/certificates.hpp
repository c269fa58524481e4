// certificates - a certificate authority for tests, by OpenSSL's API. Everything is valid now unless asked
// otherwise.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace mtasts {

struct Identity {
  std::shared_ptr<EVP_PKEY> key;
  std::shared_ptr<X509> certificate;
};

struct Wish {
  std::vector<std::string> dns_names;
  std::string common_name = "unit test";
  long begins = -3600;  // seconds from now
  long ends = 86400;
  bool self_signed = false;
};

class Authority {
 public:
  explicit Authority(long ends = 86400);  // seconds from now
  Identity issue(const Wish& wish) const;
  std::string pem() const;

 private:
  Identity root_;
};

}  // namespace mtasts
