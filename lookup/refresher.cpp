#include "lookup/refresher.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace mtasts {

namespace asio = boost::asio;

std::uint32_t day_of(Time now) noexcept {
  return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::days>(now).time_since_epoch().count());
}

std::size_t refresh_round(Flights& flights, Store& store, const Clock& clock,
                          const RefresherOptions& options) {
  if (flights.waiting_relaxed() > 0) return 0;
  Time now = clock.now();
  std::uint32_t today = day_of(now);
  std::uint32_t since = today > options.unused_days ? today - options.unused_days : 0;
  auto domains = store.due(now, options.batch, since);
  for (const DomainName& domain : domains) flights.look_again(domain, std::nullopt, Trigger::refresh);
  return domains.size();
}

asio::awaitable<void> refresh_forever(Flights& flights, Store& store, const Clock& clock,
                                      RefresherOptions options) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (true) {
    refresh_round(flights, store, clock, options);
    timer.expires_after(options.round);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace mtasts
