// dane_lookup - one lookup of a next hop's state: the MX, then the addresses of its hosts, then TLSA records
// of the hosts whose addresses are secure (RFC 7672 §2.2, DANE-13). Hosts are looked up in parallel. The
// rules are in lookup/dane_plan.hpp.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>

#include "lookup/dane_plan.hpp"
#include "ports/clock.hpp"
#include "ports/dns.hpp"

namespace mtasts {

struct DaneLookupOptions {
  unsigned mx_hosts = 10;  // how many hosts are looked up, in whole preference groups
  // How long the whole lookup may take. A host that is not decided by then counts as failed. Must be less
  // than an asker waits, so that one slow host does not cost the asker what is known about the others.
  std::chrono::milliseconds limit{7500};
};

// Looks up the state of one route of a domain. Always ends within options.limit. before: the state in the
// cache; nullopt: there is none. clock must outlive the coroutine. For the resolve thread.
boost::asio::awaitable<DaneState> look_up_dane(std::shared_ptr<Dns> dns, const Clock& clock,
                                               DomainName domain, Route route,
                                               std::optional<DaneState> before, DaneLookupOptions options);

// Looks up one MX host. host: a name as judge_mx() returns it. port: 0 if the next hop's service name is
// unknown; a host whose TLSA records would be needed then counts as failed. dns must outlive the coroutine.
boost::asio::awaitable<HostFinding> look_up_host(Dns& dns, std::string host, std::uint16_t port);

}  // namespace mtasts
