// refresher - keeps cached policies fresh in the background: about daily, whatever the TXT record says
// (STS-28).
//
// What is due is handed to flights in small rounds, the longest due first: after an outage, too, no more than
// batch a round, 32 a second by default. Why these numbers: docs/adr/0009.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <unordered_set>
#include <utility>

#include "lookup/flights.hpp"
#include "ports/clock.hpp"
#include "ports/store.hpp"

namespace mtasts {

struct RefresherOptions {
  std::chrono::milliseconds round{250};
  std::size_t batch = 8;                  // flights started a round at most
  std::size_t most_under_way = 128;       // refreshes, of all rounds
  std::uint32_t unused_days = 90;         // a domain not asked for this long is left to expire
  std::chrono::seconds late{6 * 3600};    // overdue for longer is told,
  std::chrono::seconds told_again{3600};  // this often, and not before it has tried for as long
  std::function<void(std::chrono::seconds)> tell_late{};  // how long the longest due is overdue
};

// What one round tells the next.
struct RefreshMemory {
  // Handed out in the last minute. They may still be the longest due: under way, or not stored yet. Who is
  // put off comes back after a minute at the earliest (lookup/plan.hpp).
  std::deque<std::pair<Time, DomainName>> order{};
  std::unordered_set<DomainName> lately{};
  std::optional<Time> tell_from{};
};

// Runs until its executor stops. References outlive it.
boost::asio::awaitable<void> refresh_forever(Flights& flights, Store& store, const Clock& clock,
                                             RefresherOptions options);

// One round; returns how many domains were due and handed to flights. Costs a walk over what is handed out
// and still due, however much is due behind it.
std::size_t refresh_round(Flights& flights, Store& store, const Clock& clock, const RefresherOptions& options,
                          RefreshMemory& memory);

// Days since 1970-01-01 UTC.
std::uint32_t day_of(Time now) noexcept;

}  // namespace mtasts
