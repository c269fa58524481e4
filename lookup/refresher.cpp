#include "lookup/refresher.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace mtasts {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds handed_out_for = min_put_off;

// If the clock was set back, later entries go too.
void forget_old(RefreshMemory& memory, Time now) {
  auto old = [now](Time since) { return now - since >= handed_out_for || now < since; };
  while (!memory.order.empty() && old(memory.order.front().first)) {
    memory.lately.erase(memory.order.front().second);
    memory.order.pop_front();
  }
}

// Up to `most` domains that are due the longest and were not handed out lately. Reads farther in the index
// only if domains that were handed out are in front.
std::vector<DomainName> longest_due(Store& store, Time now, std::uint32_t used_since, std::size_t most,
                                    const RefreshMemory& memory) {
  std::vector<DomainName> due;
  for (std::size_t limit = most;; limit = std::min(2 * limit, most + memory.lately.size())) {
    due = store.due(now, limit, used_since);
    bool all = due.size() < limit || limit >= most + memory.lately.size();
    std::erase_if(due, [&](const DomainName& domain) { return memory.lately.contains(domain); });
    if (all || due.size() >= most) break;
  }
  if (due.size() > most) due.erase(due.begin() + static_cast<std::ptrdiff_t>(most), due.end());
  return due;
}

// Called if a full round was due, because then more may wait behind it.
void mind_lateness(Store& store, const DomainName& oldest, Time now, const RefresherOptions& options,
                   RefreshMemory& memory) {
  if (!options.tell_late || now < *memory.tell_from) return;
  auto stored = store.get(oldest);
  if (!stored || !*stored || now - (*stored)->refresh_at < options.late) return;
  memory.tell_from = now + options.told_again;
  options.tell_late(now - (*stored)->refresh_at);
}

}  // namespace

std::uint32_t day_of(Time now) noexcept {
  return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::days>(now).time_since_epoch().count());
}

std::size_t refresh_round(Flights& flights, Store& store, const Clock& clock, const RefresherOptions& options,
                          RefreshMemory& memory) {
  Time now = clock.now();
  forget_old(memory, now);
  if (!memory.tell_from) memory.tell_from = now + options.told_again;
  std::size_t room = options.most_under_way - std::min(flights.refreshing(), options.most_under_way);
  std::size_t most = std::min(options.batch, room);
  if (most == 0) return 0;
  std::uint32_t today = day_of(now);
  std::uint32_t used_since = today > options.unused_days ? today - options.unused_days : 0;
  auto domains = longest_due(store, now, used_since, most, memory);
  if (domains.size() == most) mind_lateness(store, domains.front(), now, options, memory);
  for (const DomainName& domain : domains) {
    memory.order.emplace_back(now, domain);
    memory.lately.insert(domain);
    flights.look_up_again(domain, std::nullopt, Trigger::refresh);
  }
  return domains.size();
}

asio::awaitable<void> refresh_forever(Flights& flights, Store& store, const Clock& clock,
                                      RefresherOptions options) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  RefreshMemory memory;
  while (true) {
    refresh_round(flights, store, clock, options, memory);
    timer.expires_after(options.round);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace mtasts
