// refresher - fetches cached policies again in the background, about daily, whatever the TXT record says
// (STS-28).
//
// Domains that are due are handed to the flights in small rounds, the longest due first. Even after an outage
// a round has no more than `batch` of them: 32 a second by default. docs/adr/0009 gives the reasons for these
// numbers.
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
  std::size_t batch = 8;                  // flights that one round starts, at most
  std::size_t most_under_way = 128;       // refreshes of all rounds, at most
  std::uint32_t unused_days = 90;         // a domain that nobody asked about for this long is left to expire
  std::chrono::seconds late{6 * 3600};    // how long a domain must be overdue for tell_late
  std::chrono::seconds told_again{3600};  // between two calls of tell_late, and before the first
  std::function<void(std::chrono::seconds)> tell_late{};  // gets how long the longest due is overdue
};

// What one round remembers for the next.
struct RefreshMemory {
  // Domains handed out in the last minute. They may still be the longest due, because they are under way or
  // not stored yet. One that is put off comes back after a minute at the earliest (lookup/plan.hpp).
  std::deque<std::pair<Time, DomainName>> order{};
  std::unordered_set<DomainName> lately{};
  std::optional<Time> tell_from{};
};

// Runs until its executor stops. All references must outlive it.
boost::asio::awaitable<void> refresh_forever(Flights& flights, Store& store, const Clock& clock,
                                             RefresherOptions options);

// Makes one round and returns how many domains it handed to flights. It reads past the domains that were
// handed out and are still due; what is due after them costs nothing.
std::size_t refresh_round(Flights& flights, Store& store, const Clock& clock, const RefresherOptions& options,
                          RefreshMemory& memory);

// Days since 1970-01-01 UTC.
std::uint32_t day_of(Time now) noexcept;

}  // namespace mtasts
