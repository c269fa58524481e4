// unbound_dns - the Dns port over libunbound and its event interface (UB in docs/FACTS.md).
//
// libunbound resolves and validates on the resolve thread's event loop: its sockets are served and its
// callbacks run there. At most max_queries questions are out at once; the rest wait in order. The timeout
// counts from ask(), so it covers the time in the queue. When it is over, ask() ends, but the query goes on
// inside libunbound: it counts for busy() until it is over, and its answer still fills libunbound's cache. A
// name that is not a plain host name ("_" is allowed) fails at once and is not sent.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/name_server.hpp"
#include "core/result.hpp"
#include "ports/dns.hpp"

namespace mtasts {

struct UnboundOptions {
  std::vector<NameServer> forward;         // empty: full recursion
  std::string root_hints;                  // file; empty: built in
  std::string trust_anchor;                // file in zone format; empty: none (then nothing is ever secure)
  bool validate = true;                    // false: trust_anchor is not used; nothing is ever secure or bogus
  std::vector<std::string> private_zones;  // asked from private_servers alone, without DNSSEC
  std::vector<NameServer> private_servers;  // empty: private_zones are zones like any other
  std::chrono::milliseconds timeout{5000};
  unsigned max_queries = 1024;
};

// Fault::config: a file can't be read or an option is refused; detail says which, and what to do. Destroy the
// result on the loop's thread; questions that are out then end as Kind::failed.
Result<std::unique_ptr<Dns>> make_unbound_dns(boost::asio::io_context& loop, const UnboundOptions& options);

}  // namespace mtasts
