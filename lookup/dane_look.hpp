// dane_look - one look at a next hop's DANE state: MX, then the addresses of its hosts, then TLSA records
// where the addresses are secure (RFC 7672 §2.2, DANE-13), hosts in parallel. The rules are in
// lookup/dane_plan.hpp.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "lookup/dane_plan.hpp"
#include "ports/clock.hpp"
#include "ports/dns.hpp"

namespace mtasts {

// Always ends: dns has a deadline for each question, and asks at most a few one after another. before: the
// state that was stored. mx_hosts: how many hosts are looked at, whole preference groups. References outlive
// the coroutine. Resolve thread.
boost::asio::awaitable<DaneState> look_up_dane(Dns& dns, const Clock& clock, DomainName domain, Route route,
                                               std::optional<DaneState> before, unsigned mx_hosts);

// One MX host.
boost::asio::awaitable<HostFinding> look_up_host(Dns& dns, DomainName host, std::uint16_t port);

}  // namespace mtasts
