// flight_queue - decides which flight is launched next, and which flights hold a place.
//
// Pure: no loop, and the time is an argument. At most Limits::flying flights have a place. The rest wait in
// two queues: flights with askers, and rechecks and refreshes.
//
// Rechecks and refreshes get up to a quarter of the places first, so that endless unknown domains can't keep
// known policies from being renewed. They get up to half while no flight with askers waits, so that askers
// always find a place. A flight with askers that takes long gives its place to one that waits: name servers
// that never answer must not keep other domains from being looked up.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <optional>

namespace mtasts {

enum class FlightState {
  queued,
  flying,    // has a place
  slow,      // goes on, but its place was given to another
  fetching,  // waits for its policy host only, which needs no place
  landed,    // all is known; it waits for its commit
};

// The queue's part of a flight. The queue sets all of it.
struct QueuedFlight {
  virtual ~QueuedFlight() = default;
  FlightState state = FlightState::queued;
  bool relaxed = false;  // was launched as a recheck or refresh; such a flight keeps its place
  std::chrono::steady_clock::time_point launched_at{};
  std::list<std::shared_ptr<QueuedFlight>>::iterator place{};  // its position among the flying ones
};

class FlightQueue {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  using FlightPtr = std::shared_ptr<QueuedFlight>;

  struct Limits {
    std::size_t flying = 256;
    std::size_t slow = 512;
    std::chrono::milliseconds slow_after{500};
  };

  explicit FlightQueue(Limits limits) : limits_(limits) {}

  void add_asked(FlightPtr flight) { asked_.push_back(std::move(flight)); }  // may be in the other queue too
  void add_relaxed(FlightPtr flight) { relaxed_.push_back(std::move(flight)); }

  // The flight whose turn it is; it has a place from now on. nullptr: no flight may start.
  FlightPtr launch(Instant now);
  // The flight whose place goes to one that waits; it is slow from now on. nullptr: none.
  FlightPtr slow_down(Instant now);
  // When slow_down() will return a flight. nullopt: not before something else changes.
  std::optional<Instant> next_slow_down() const;
  // The flight gives up its place, or no longer counts as slow. state: the new one, fetching or landed. The
  // caller must hold the flight.
  void leave(QueuedFlight& flight, FlightState state) noexcept;

  std::size_t flying() const noexcept { return flying_asked_.size() + flying_relaxed_.size(); }
  std::size_t waiting() const noexcept { return asked_.size() + relaxed_.size(); }
  std::size_t asked_waiting() const noexcept { return asked_.size(); }
  std::size_t relaxed_waiting() const noexcept { return relaxed_.size(); }

 private:
  std::deque<FlightPtr>* next_queue() noexcept;

  Limits limits_;
  std::deque<FlightPtr> asked_, relaxed_;               // a flight may be in both
  std::list<FlightPtr> flying_asked_, flying_relaxed_;  // in the order in which they were launched
  std::size_t slow_ = 0;
};

}  // namespace mtasts
