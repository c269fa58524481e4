// flight_queue - which flight is launched next, and which count as flying.
//
// Pure: no loop, and the time is an argument. At most Limits::flying flights have a place. The rest wait in
// two queues, those with askers before rechecks and refreshes. Rechecks and refreshes have a quarter of the
// places for themselves and half at most: unknown domains without end must not keep known policies from being
// renewed, and who asks must find a place. A flight with askers that takes long gives its place to one that
// waits: name servers that never answer must not keep other domains from being looked up.
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
  slow,      // goes on, and has given its place to another
  fetching,  // waits for its policy host alone, which takes no place
  landed,    // all is known; it waits for its commit
};

// A flight, as far as the queue is concerned, which sets all of this.
struct QueuedFlight {
  virtual ~QueuedFlight() = default;
  FlightState state = FlightState::queued;
  bool relaxed = false;  // was launched as a recheck or refresh; those keep their place
  std::chrono::steady_clock::time_point launched_at{};
  std::list<std::shared_ptr<QueuedFlight>>::iterator place{};  // while it flies, among those that do
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

  void add_asked(FlightPtr flight) {
    asked_.push_back(std::move(flight));
  }  // also one that stands in the other
  void add_relaxed(FlightPtr flight) { relaxed_.push_back(std::move(flight)); }

  // Takes the flight whose turn it is: it flies from now on. nullptr: none may.
  FlightPtr launch(Instant now);
  // The flight that gives its place to one that waits: it is slow from now on. nullptr: none does.
  FlightPtr slow_down(Instant now);
  // When slow_down() may find one. nullopt: not without another change.
  std::optional<Instant> next_slow_down() const;
  // The flight gives up its place, or no longer counts as slow. state: fetching or landed.
  void leave(QueuedFlight& flight, FlightState state) noexcept;

  std::size_t flying() const noexcept { return flying_asked_.size() + flying_relaxed_.size(); }
  std::size_t waiting() const noexcept { return asked_.size() + relaxed_.size(); }
  std::size_t asked_waiting() const noexcept { return asked_.size(); }
  std::size_t relaxed_waiting() const noexcept { return relaxed_.size(); }

 private:
  std::deque<FlightPtr>* next_queue() noexcept;

  Limits limits_;
  std::deque<FlightPtr> asked_, relaxed_;               // one may stand in both
  std::list<FlightPtr> flying_asked_, flying_relaxed_;  // in the order in which they were launched
  std::size_t slow_ = 0;
};

}  // namespace mtasts
