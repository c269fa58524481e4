#include "net/https/get.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string_view>
#include <utility>

#include "net/https/addresses.hpp"
#include "net/https/exchange.hpp"
#include "sys/local_shortage.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr std::size_t max_addresses = 16;  // of a host; further ones are not tried
constexpr std::size_t max_last_resort = 4;
constexpr std::chrono::seconds connect_limit{2};
constexpr std::chrono::seconds address_limit{
    10};  // of the address lookup; the flight keeps its place meanwhile
constexpr std::string_view no_permit =
    "too many policy hosts are slow at once, or too many fetches wait for this one";
constexpr std::chrono::seconds whenever_patience{2}, soon_patience{5};

// With a proxy, the proxy's address is dialled. It is not judged, because the administrator named it. The
// policy host's address is then not known here, so [https] allow_addresses does not apply, and the proxy must
// enforce its own rules. lookup: of the policy host; nullptr with a proxy.
asio::awaitable<Addresses> where_to_dial(Dns& dns, std::shared_ptr<const GetSettings> settings,
                                         std::string host, AddressLookupPtr lookup, Deadline deadline) {
  if (!settings->proxy) {
    auto found = co_await finish_lookup(std::move(lookup), std::move(host), deadline);
    if (!found) co_return found;
    co_return judge_addresses(std::move(*found), settings->allow_addresses);
  }
  if (auto literal = parse_address(settings->proxy->host)) {
    std::vector<Address> one(1, *literal);
    co_return one;
  }
  auto found = co_await find_addresses(dns, settings->proxy->host, deadline);
  if (!found && found.error().step == FetchStep::address) found.error().step = FetchStep::proxy;
  co_return found;
}

// They come after the addresses that DNS vouches for, and are judged in the same way.
void add_last_resort(std::vector<Address>& addresses, const AddressLookup& lookup,
                     std::span<const Cidr> allowed) {
  std::size_t added = 0;
  for (const Address& address : last_resort(lookup, addresses)) {
    if (added == max_last_resort) return;
    if (!may_dial(address, allowed)) continue;
    addresses.push_back(address);
    ++added;
  }
}

ExchangeJob make_job(const GetSettings& settings, const Url& url) {
  ExchangeJob job;
  job.tls = settings.tls;
  job.sessions = settings.sessions;
  job.host = url.host;
  job.port = url.port;
  job.path = url.path;
  job.plain = url.plain;
  job.dial_port = settings.proxy ? settings.proxy->port : url.port;
  job.through_proxy = settings.proxy.has_value();
  job.proxy_authorization = settings.proxy_authorization;
  return job;
}

// left: addresses not tried yet, this one among them.
void share_time(ExchangeJob& job, std::chrono::milliseconds timeout, Deadline deadline, std::size_t left) {
  auto now = steady_clock::now();
  job.connect_by = job.done_by = deadline;
  if (left == 1) return;
  auto fair = (deadline - now) / static_cast<int>(left);
  job.connect_by = std::min(deadline, now + std::min<steady_clock::duration>(fair, connect_limit));
  job.done_by = std::min(deadline, now + std::max<steady_clock::duration>(fair, timeout / 3));
}

struct Attempt {
  Address address;
  ExchangeError error;
};

std::string text_of(const Attempt& attempt) {
  return to_string(attempt.address) + ": " +
         (attempt.error.timed_out ? std::string(words(attempt.error.step)) + ": " : "") +
         attempt.error.detail;
}

// The error of the farthest step tells most; among equals, the first. FetchStep is in the order in which the
// steps happen.
FetchError sum_up(std::vector<Attempt> attempts, bool deadline_over) {
  auto farther = [](const Attempt& a, const Attempt& b) { return a.error.step < b.error.step; };
  auto worst = deadline_over ? attempts.end() - 1 : std::ranges::max_element(attempts, farther);
  FetchError error{deadline_over ? FetchStep::deadline : worst->error.step, text_of(*worst)};
  std::size_t others = 0;
  for (const Attempt& attempt : attempts) {
    if (&attempt == &*worst || ++others > 3) continue;
    error.detail += "; " + text_of(attempt);
  }
  error.local = std::ranges::any_of(attempts, [](const Attempt& each) { return each.error.local; });
  if (others > 3) error.detail += "; and " + std::to_string(others - 3) + " more";
  return error;
}

struct Start {
  bool put_off;                         // the fetch must end here
  std::optional<HostTurns::Turn> turn;  // to be held during the fetch; nullopt: it goes without one
};

asio::awaitable<Start> wait_for_turn(std::shared_ptr<const GetSettings> settings, Address address,
                                     Hurry hurry) {
  if (hurry == Hurry::now || !settings->turns || settings->proxy) co_return Start{false, std::nullopt};
  std::chrono::milliseconds patience = hurry == Hurry::soon ? soon_patience : whenever_patience;
  auto turn = co_await settings->turns->take(address, std::min(patience, settings->timeout / 3));
  bool put_off = !turn && hurry != Hurry::soon;
  co_return Start{put_off, std::move(turn)};
}

// Tries again after a shortage, because what this host lacked may be there a moment later. patience_ends: set
// at a fetch's first shortage, so that a fetch with many addresses waits no longer than one with a single
// address.
asio::awaitable<std::expected<HttpAnswer, ExchangeError>> exchange_despite_shortage(
    const ExchangeJob& job, std::optional<Deadline>& patience_ends) {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  for (;;) {
    auto answer = co_await exchange(job);
    if (answer || !answer.error().local) co_return answer;
    note_local_shortage();
    if (!patience_ends) patience_ends = steady_clock::now() + shortage_patience;
    auto again = steady_clock::now() + shortage_pause;
    if (again > std::min(*patience_ends, job.connect_by)) co_return answer;
    pause.expires_at(again);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

// Tries all addresses in turn.
asio::awaitable<std::expected<HttpAnswer, FetchError>> try_addresses(
    std::shared_ptr<const GetSettings> settings, Url url, std::vector<Address> addresses, Deadline deadline) {
  ExchangeJob job = make_job(*settings, url);
  std::vector<Attempt> attempts;
  std::optional<Deadline> patience_ends;
  for (std::size_t i = 0; i < addresses.size() && steady_clock::now() < deadline; ++i) {
    job.dial = addresses[i];
    share_time(job, settings->timeout, deadline, addresses.size() - i);
    auto answer = co_await exchange_despite_shortage(job, patience_ends);
    if (answer) co_return std::move(*answer);
    attempts.push_back(Attempt{job.dial, std::move(answer.error())});
  }
  bool over = attempts.empty() || (attempts.back().error.timed_out && steady_clock::now() >= deadline);
  if (attempts.empty())
    co_return std::unexpected(FetchError{FetchStep::deadline, "looking up the addresses took all the time"});
  co_return std::unexpected(sum_up(std::move(attempts), over));
}

}  // namespace

asio::awaitable<std::expected<HttpAnswer, FetchError>> get(Dns& dns,
                                                           std::shared_ptr<const GetSettings> settings,
                                                           GetJob job) {
  Deadline deadline = steady_clock::now() + settings->timeout;
  if (!job.lookup && !settings->proxy)
    job.lookup = begin_lookup(co_await asio::this_coro::executor, dns, job.url.host);
  Deadline addresses_by = std::min<Deadline>(deadline, steady_clock::now() + address_limit);
  auto addresses = co_await where_to_dial(dns, settings, job.url.host, job.lookup, addresses_by);
  if (!addresses) co_return std::unexpected(std::move(addresses.error()));
  if (addresses->size() > max_addresses) addresses->resize(max_addresses);
  if (job.lookup) add_last_resort(*addresses, *job.lookup, settings->allow_addresses);
  auto found_at = steady_clock::now();
  std::optional<Address> first;
  if (!settings->proxy) first = addresses->front();
  if (job.gate && !co_await job.gate->pass(first))
    co_return std::unexpected(FetchError{FetchStep::connect, std::string(no_permit), true});
  auto start = co_await wait_for_turn(settings, addresses->front(), job.hurry);
  if (start.put_off)
    co_return std::unexpected(
        FetchError{FetchStep::connect, "put off: too many refreshes wait for this policy host", true});
  deadline += steady_clock::now() - found_at;
  auto answer =
      co_await try_addresses(std::move(settings), std::move(job.url), *std::move(addresses), deadline);
  co_return answer;
}

asio::awaitable<PolicyHostAnswer> get_at(std::shared_ptr<const GetSettings> settings, Url url,
                                         Address address) {
  if (settings->proxy)
    co_return not_asked(FetchStep::proxy,
                        "policy hosts are reached through a proxy, which chooses their address itself");
  auto judged = judge_addresses(std::vector<Address>(1, address), settings->allow_addresses);
  if (!judged) co_return not_asked(judged.error().step, std::move(judged.error().detail));
  PolicyHostAnswer result;
  ExchangeJob job = make_job(*settings, url);
  job.sessions = nullptr;  // a resumed handshake presents no certificate
  job.dial = address;
  job.seen = &result.seen;
  share_time(job, settings->timeout, steady_clock::now() + settings->timeout, 1);
  std::optional<Deadline> patience_ends;
  auto answer = co_await exchange_despite_shortage(job, patience_ends);
  if (answer) {
    result.answer = std::move(*answer);
    co_return result;
  }
  result.timed_out = answer.error().timed_out;
  // Without IPv6 here, that says nothing about the policy host.
  bool out_of_reach = address.v6 && answer.error().step == FetchStep::connect && !has_ipv6();
  result.answer = std::unexpected(FetchError{answer.error().step, std::move(answer.error().detail), false,
                                             answer.error().local || out_of_reach});
  co_return result;
}

}  // namespace mtasts
