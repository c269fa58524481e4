// addresses - where a host can be dialled: AAAA and A through the Dns port, and the judgement over
// special-use ones.
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

// A question for both types on its way; shared by whoever waits and the answers, which may come later than he
// stays.
struct AddressLookup;
using AddressLookupPtr = std::shared_ptr<AddressLookup>;

// Asks for both types at once. dns is used before it returns only. The executor is the resolve thread's.
// ipv6_only: of this host; then the prefix of a NAT64 is asked for too (net/https/nat64.hpp).
AddressLookupPtr begin_lookup(const boost::asio::any_io_executor& executor, Dns& dns, const std::string& host,
                              bool ipv6_only);
AddressLookupPtr begin_lookup(const boost::asio::any_io_executor& executor, Dns& dns,
                              const std::string& host);

// The addresses of a host, from a lookup that was begun for it. IPv6 and IPv4 in turn, IPv6 first. Never
// empty: no address is a FetchError with the cause in the DNS's words. One type's failure does not matter
// while the other has data: TLS proves the host. Ends at the deadline even if the Dns does not
// (FetchStep::deadline).
boost::asio::awaitable<Addresses> finish_lookup(AddressLookupPtr lookup, std::string host, Deadline deadline);
// Where a policy host that could be reached at none of `tried` may be tried still, because its certificate
// proves it. To be called after finish_lookup(); tried: what judge_addresses() left of that.
std::vector<Address> last_resort(const AddressLookup& lookup, std::span<const Address> tried);
// Both in one. dns is used before the first suspension only.
boost::asio::awaitable<Addresses> find_addresses(Dns& dns, std::string host, Deadline deadline);

// Those that may be dialled (STS-16), the order kept; if none, a FetchError that names each refused one.
Addresses judge_addresses(std::vector<Address> addresses, std::span<const Cidr> allowed);

// The pure part of finish_lookup().
Addresses merge_answers(const std::string& host, const DnsAnswer& v6, const DnsAnswer& v4);
// That of last_resort(). For a host with IPv4 addresses alone: the AAAA records that a DNS64 made up, which
// are bogus to a validator if the zone is signed; else its addresses behind the NAT64. nat64: the AAAA
// records of nat64_name.
std::vector<Address> beyond_nat64(const DnsAnswer& v6, const DnsAnswer& nat64,
                                  std::span<const Address> tried);

}  // namespace mtasts
