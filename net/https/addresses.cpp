#include "net/https/addresses.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

namespace mtasts {

namespace asio = boost::asio;

// Two questions on their way. They are never cancelled: whoever waits may leave, and a late answer lands
// here.
struct AddressLookup {
  explicit AddressLookup(const asio::any_io_executor& executor)
      : done(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer done;
  DnsAnswer v6, v4;
  int open = 2;
};

namespace {

constexpr std::size_t max_refused_named = 4;

// How long the second family's answer may hold up addresses that are there (RFC 8305 §3 has 50 ms for a race;
// here a dead AAAA server would otherwise cost the first mail its policy).
constexpr std::chrono::milliseconds second_family_wait{300};

asio::awaitable<void> wait_for(asio::awaitable<DnsAnswer> question, RrType type, AddressLookupPtr lookup) {
  DnsAnswer answer = co_await std::move(question);
  (type == RrType::aaaa ? lookup->v6 : lookup->v4) = std::move(answer);
  if (--lookup->open == 0) {
    lookup->done.cancel();
  } else if (!(type == RrType::aaaa ? lookup->v6 : lookup->v4).rdata.empty()) {
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
  auto all = in_turn(addresses_of(v6), addresses_of(v4));
  if (!all.empty()) return all;
  return std::unexpected(FetchError{FetchStep::address, why_none(host, v6, v4)});
}

AddressLookupPtr begin_lookup(const asio::any_io_executor& executor, Dns& dns, const std::string& host) {
  auto lookup = std::make_shared<AddressLookup>(executor);
  for (RrType type : {RrType::aaaa, RrType::a})
    asio::co_spawn(executor, wait_for(dns.ask(host, type), type, lookup), asio::detached);
  return lookup;
}

asio::awaitable<Addresses> finish_lookup(AddressLookupPtr lookup, std::string host, Deadline deadline) {
  lookup->done.expires_at(std::min(lookup->done.expiry(), deadline));
  while (lookup->open != 0) {
    auto [error] = co_await lookup->done.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!error) break;
  }
  bool enough = lookup->open == 0 || !lookup->v6.rdata.empty() || !lookup->v4.rdata.empty();
  if (!enough) co_return std::unexpected(FetchError{FetchStep::deadline, "the DNS did not answer in time"});
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
