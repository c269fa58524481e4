// dane_lookup - one look at a next hop's DANE state: MX, then the addresses of its hosts, then TLSA records
// where the addresses are secure (RFC 7672 §2.2, DANE-13), hosts in parallel. The rules are in
// lookup/dane_plan.hpp.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>

#include "lookup/dane_plan.hpp"
#include "ports/clock.hpp"
#include "ports/dns.hpp"

namespace mtasts {

struct DaneLookupOptions {
  unsigned mx_hosts = 10;  // how many hosts are looked at, whole preference groups
  // The whole look takes no longer: what a host is then not known to be is a failure. It is to be below the
  // time that an asker waits, so that one slow host does not cost the answer about the others.
  std::chrono::milliseconds limit{7500};
};

// Always ends within the limit. before: the state that was stored. clock outlives the coroutine. Resolve
// thread.
boost::asio::awaitable<DaneState> look_up_dane(std::shared_ptr<Dns> dns, const Clock& clock,
                                               DomainName domain, Route route,
                                               std::optional<DaneState> before, DaneLookupOptions options);

// One MX host: a name as judge_mx() gives it. dns outlives the coroutine.
boost::asio::awaitable<HostFinding> look_up_host(Dns& dns, std::string host, std::uint16_t port);

}  // namespace mtasts
