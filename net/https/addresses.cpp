#include "net/https/addresses.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "net/https/nat64.hpp"

namespace mtasts {

namespace asio = boost::asio;

// Questions that are under way. They are never cancelled: the waiter may leave, and a late answer is stored
// here.
struct AddressLookup {
  explicit AddressLookup(const asio::any_io_executor& executor)
      : done(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer done;
  DnsAnswer v6, v4, nat64;
  int open = 0;
};

namespace {

constexpr std::size_t max_refused_named = 4;

// How long the answer about the other family may hold up addresses that are already known. RFC 8305 §3 has 50
// ms for a race. Here the aim is that a dead AAAA server does not cost the first mail its policy.
constexpr std::chrono::milliseconds second_family_wait{300};

// True if an answer has addresses that may be used. Those of a bogus answer may not.
bool has_data(const DnsAnswer& answer) noexcept {
  return answer.kind == DnsAnswer::Kind::data && answer.security != DnsAnswer::Security::bogus;
}

asio::awaitable<void> wait_for(asio::awaitable<DnsAnswer> question, DnsAnswer AddressLookup::* where,
                               AddressLookupPtr lookup) {
  DnsAnswer answer = co_await std::move(question);
  (*lookup).*where = std::move(answer);
  if (--lookup->open == 0) {
    lookup->done.cancel();
  } else if (has_data(lookup->v6) || has_data(lookup->v4)) {
    auto soon = std::chrono::steady_clock::now() + second_family_wait;
    lookup->done.expires_at(std::min(lookup->done.expiry(), soon));
  }
}

std::vector<Address> addresses_of(const DnsAnswer& answer) {
  std::vector<Address> addresses;
  for (const std::string& rdata : answer.rdata) {
    if (auto address = decode_address(rdata)) addresses.push_back(*address);
  }
  return addresses;
}

std::vector<Address> in_turn(const std::vector<Address>& first, const std::vector<Address>& second) {
  std::vector<Address> all;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) all.push_back(first[i]);
    if (i < second.size()) all.push_back(second[i]);
  }
  return all;
}

bool is(const DnsAnswer& answer, DnsAnswer::Kind kind) { return answer.kind == kind; }

std::string why_none(const std::string& host, const DnsAnswer& v6, const DnsAnswer& v4) {
  using enum DnsAnswer::Kind;
  const DnsAnswer* bad = is(v4, failed) ? &v4 : is(v6, failed) ? &v6 : nullptr;
  if (is(v6, failed) && v6.security == DnsAnswer::Security::bogus) bad = &v6;
  if (is(v4, failed) && v4.security == DnsAnswer::Security::bogus) bad = &v4;
  if (bad != nullptr) return host + (bad == &v4 ? " A: " : " AAAA: ") + bad->reason;
  if (is(v6, nxdomain) || is(v4, nxdomain)) return host + " does not exist (NXDOMAIN)";
  return host + " has no address";
}

}  // namespace

Addresses merge_answers(const std::string& host, const DnsAnswer& v6, const DnsAnswer& v4) {
  auto usable = [](const DnsAnswer& answer) {
    return has_data(answer) ? addresses_of(answer) : std::vector<Address>{};
  };
  auto all = in_turn(usable(v6), usable(v4));
  if (!all.empty()) return all;
  FetchError error{FetchStep::address, why_none(host, v6, v4)};
  error.local = v6.local || v4.local;
  return std::unexpected(std::move(error));
}

std::vector<Address> beyond_nat64(const DnsAnswer& v6, const DnsAnswer& nat64,
                                  std::span<const Address> tried) {
  std::vector<Address> made_up;
  if (std::ranges::any_of(tried, &Address::v6)) return made_up;
  if (v6.security == DnsAnswer::Security::bogus) made_up = addresses_of(v6);
  if (!made_up.empty() || !has_data(nat64)) return made_up;
  for (const Address& known : addresses_of(nat64)) {
    auto prefix = nat64_prefix(known);
    if (!prefix) continue;
    for (const Address& address : tried) made_up.push_back(behind_nat64(*prefix, address));
    break;  // the other records have the same prefix and the other well-known address
  }
  return made_up;
}

AddressLookupPtr begin_lookup(const asio::any_io_executor& executor, Dns& dns, const std::string& host,
                              bool ipv6_only) {
  auto lookup = std::make_shared<AddressLookup>(executor);
  lookup->open = ipv6_only ? 3 : 2;  // set before the first question, which may be answered at once
  auto ask = [&](const std::string& name, RrType type, DnsAnswer AddressLookup::* where) {
    asio::co_spawn(executor, wait_for(dns.ask(name, type), where, lookup), asio::detached);
  };
  ask(host, RrType::aaaa, &AddressLookup::v6);
  ask(host, RrType::a, &AddressLookup::v4);
  if (ipv6_only) ask(std::string(nat64_name), RrType::aaaa, &AddressLookup::nat64);
  return lookup;
}

AddressLookupPtr begin_lookup(const asio::any_io_executor& executor, Dns& dns, const std::string& host) {
  return begin_lookup(executor, dns, host, is_ipv6_only());
}

std::vector<Address> last_resort(const AddressLookup& lookup, std::span<const Address> tried) {
  return beyond_nat64(lookup.v6, lookup.nat64, tried);
}

asio::awaitable<Addresses> finish_lookup(AddressLookupPtr lookup, std::string host, Deadline deadline) {
  lookup->done.expires_at(std::min(lookup->done.expiry(), deadline));
  while (lookup->open != 0) {
    auto [error] = co_await lookup->done.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!error) break;
  }
  bool enough = lookup->open == 0 || has_data(lookup->v6) || has_data(lookup->v4);
  if (!enough) co_return std::unexpected(FetchError{FetchStep::deadline, "DNS did not answer in time"});
  co_return merge_answers(host, lookup->v6, lookup->v4);
}

asio::awaitable<Addresses> find_addresses(Dns& dns, std::string host, Deadline deadline) {
  auto lookup = begin_lookup(co_await asio::this_coro::executor, dns, host);
  auto found = co_await finish_lookup(std::move(lookup), std::move(host), deadline);
  co_return found;
}

Addresses judge_addresses(std::vector<Address> addresses, std::span<const Cidr> allowed) {
  std::vector<Address> good;
  std::string refused;
  std::size_t named = 0;
  for (const Address& address : addresses) {
    if (may_dial(address, allowed)) {
      good.push_back(address);
    } else if (++named <= max_refused_named) {
      refused += (named == 1 ? "" : ", ") + to_string(address) + " is special-use (" +
                 std::string(special_use(address)) + ")";
    }
  }
  if (!good.empty()) return good;
  if (named > max_refused_named) refused += ", ...";
  refused += "; [https] allow_addresses can permit it";
  return std::unexpected(FetchError{FetchStep::address, std::move(refused)});
}

}  // namespace mtasts
