// addresses - finds the addresses at which a host can be dialled, by AAAA and A questions through the Dns
// port, and refuses special-use ones.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "ports/dns.hpp"
#include "ports/fetch.hpp"

namespace mtasts {

using Deadline = std::chrono::steady_clock::time_point;
using Addresses = std::expected<std::vector<Address>, FetchError>;

// A lookup of both types that is under way. The coroutine that waits and the answers share it, because an
// answer may come after the wait has ended.
struct AddressLookup;
using AddressLookupPtr = std::shared_ptr<AddressLookup>;

// Asks for both types at once. Uses dns only until it returns. executor: the resolve thread's. ipv6_only:
// true if this relay has no way to IPv4 hosts (without it: is_ipv6_only()); then the prefix of a NAT64 is
// asked for too (net/https/nat64.hpp).
AddressLookupPtr begin_lookup(const boost::asio::any_io_executor& executor, Dns& dns, const std::string& host,
                              bool ipv6_only);
AddressLookupPtr begin_lookup(const boost::asio::any_io_executor& executor, Dns& dns,
                              const std::string& host);

// Waits for a lookup that was begun for the host, and returns its addresses: IPv6 and IPv4 in turn, IPv6
// first. Never empty: if there is no address, the FetchError gives the cause in the DNS's words. If one type
// fails and the other has data, the failure does not matter: TLS proves the host. Ends at the deadline even
// if the Dns does not (FetchStep::deadline).
boost::asio::awaitable<Addresses> finish_lookup(AddressLookupPtr lookup, std::string host, Deadline deadline);
// Further addresses for a policy host that could not be reached at any of `tried`. They may be dialled
// because the host's certificate proves it. To be called after finish_lookup(). tried: what judge_addresses()
// returned.
std::vector<Address> last_resort(const AddressLookup& lookup, std::span<const Address> tried);
// begin_lookup() and finish_lookup() in one. Uses dns only before the first suspension.
boost::asio::awaitable<Addresses> find_addresses(Dns& dns, std::string host, Deadline deadline);

// The addresses that may be dialled (STS-16), in the same order. If there are none, the FetchError names the
// refused ones.
Addresses judge_addresses(std::vector<Address> addresses, std::span<const Cidr> allowed);

// The pure part of finish_lookup().
Addresses merge_answers(const std::string& host, const DnsAnswer& v6, const DnsAnswer& v4);
// The pure part of last_resort(), for a host with IPv4 addresses only. Returns the AAAA records that a DNS64
// made up, which a validator calls bogus if the zone is signed. If there are none, returns the addresses of
// the host behind the NAT64. nat64: the answer to nat64_name AAAA.
std::vector<Address> beyond_nat64(const DnsAnswer& v6, const DnsAnswer& nat64,
                                  std::span<const Address> tried);

}  // namespace mtasts
