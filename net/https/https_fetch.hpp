// https_fetch - the Fetch port: one GET of a policy file over HTTPS (RFC 8461 §3.3; STS-8 to STS-16).
//
// SNI is mta-sts.<domain>, and a DNS-ID of the certificate must match it. TLS 1.2 or later; no redirects; one
// deadline for everything; the size of the body is limited while it is read. Addresses come from the Dns
// port. Special-use ones are refused unless allowed, and the address that was judged is the one that is
// dialled. Every address is tried, IPv6 and IPv4 in turn.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/proxy_address.hpp"
#include "core/result.hpp"
#include "ports/dns.hpp"
#include "ports/fetch.hpp"

namespace mtasts {

struct HttpsOptions {
  std::string ca_file;  // PEM; empty: the system's store
  std::chrono::milliseconds timeout{30000};
  std::optional<ProxyAddress> proxy;   // policy hosts are reached through it, by HTTP CONNECT
  std::string proxy_credentials_file;  // read once, by make_https_fetch(); empty: no login
  std::vector<Cidr> allow_addresses;
};

// Loads the CA certificates, which takes some 100 ms: not for a busy loop. Fault::config: ca_file or the
// proxy's credentials can't be used; detail says what to do.
Result<std::unique_ptr<Fetch>> make_https_fetch(boost::asio::io_context& loop, HttpsOptions options);

}  // namespace mtasts
