// refresher - keeps cached policies fresh in the background: about daily, whatever the TXT record says
// (STS-28).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "lookup/flights.hpp"
#include "ports/clock.hpp"
#include "ports/store.hpp"

namespace mtasts {

struct RefresherOptions {
  std::chrono::seconds round{10};
  std::size_t batch = 64;          // flights started a round at most, and never more than free
  std::uint32_t unused_days = 90;  // a domain not asked for this long is left to expire
};

// Runs until its executor stops. Starts no flight while many wait: askers come first. References outlive it.
boost::asio::awaitable<void> refresh_forever(Flights& flights, Store& store, const Clock& clock,
                                             RefresherOptions options);

// One round; returns how many domains were due and handed to flights.
std::size_t refresh_round(Flights& flights, Store& store, const Clock& clock,
                          const RefresherOptions& options);

// Days since 1970-01-01 UTC.
std::uint32_t day_of(Time now) noexcept;

}  // namespace mtasts
