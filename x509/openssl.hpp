// openssl - owning pointers to OpenSSL's objects, and a certificate out of its octets.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string_view>

namespace mtasts {

template <auto Free>
struct OpensslDeleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

template <class T, auto Free>
using OpensslPtr = std::unique_ptr<T, OpensslDeleter<Free>>;

using X509Ptr = OpensslPtr<X509, X509_free>;
using SslPtr = OpensslPtr<SSL, SSL_free>;

// Removes from this thread's queue what was put into it since, so that the next user of OpenSSL does not take
// a bad certificate for its own error.
class QuietErrors {
 public:
  QuietErrors() { ERR_set_mark(); }
  ~QuietErrors() { ERR_pop_to_mark(); }
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
};

// nullptr: not exactly one certificate, or more than 256 KiB. Nothing but its shape is checked.
X509Ptr decode_certificate(std::string_view der);

}  // namespace mtasts
