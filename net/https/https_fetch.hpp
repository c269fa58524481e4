// https_fetch - the Fetch port: one GET of a policy file over HTTPS (RFC 8461 §3.3; STS-8 to STS-16).
//
// SNI and certificate for mta-sts.<domain> by DNS-IDs only; TLS 1.2 or later; no redirects; one deadline over
// everything; the body is counted while it is read. Addresses come from the Dns port; special-use ones are
// refused unless allowed, and the address judged is the address dialled. Every address is tried, IPv6 and
// IPv4 interleaved.
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
  std::optional<ProxyAddress> proxy;   // asked for the policy host by HTTP CONNECT
  std::string proxy_credentials_file;  // read once, here; empty: the proxy wants no login
  std::vector<Cidr> allow_addresses;
};

// Loads the CA certificates (slow, some 100 ms: not on a busy loop). Fault::config: ca_file or the
// proxy's credentials can't be used.
Result<std::unique_ptr<Fetch>> make_https_fetch(boost::asio::io_context& loop, HttpsOptions options);

}  // namespace mtasts
