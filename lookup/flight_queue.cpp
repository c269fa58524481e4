#include "lookup/flight_queue.hpp"

namespace mtasts {

// nullptr: nothing may be launched now.
std::deque<FlightQueue::FlightPtr>* FlightQueue::next_queue() noexcept {
  if (flying() >= limits_.flying) return nullptr;
  std::size_t most_relaxed = (limits_.flying + 3) / (asked_.empty() ? 2 : 4);
  if (!relaxed_.empty() && flying_relaxed_.size() < most_relaxed) return &relaxed_;
  return asked_.empty() ? nullptr : &asked_;
}

FlightQueue::FlightPtr FlightQueue::launch(Instant now) {
  while (auto* queue = next_queue()) {
    FlightPtr flight = std::move(queue->front());
    queue->pop_front();
    if (flight->state != FlightState::queued) continue;  // it was in both queues
    flight->relaxed = queue == &relaxed_;
    auto& among = flight->relaxed ? flying_relaxed_ : flying_asked_;
    flight->place = among.insert(among.end(), flight);
    flight->state = FlightState::flying;
    flight->launched_at = now;
    return flight;
  }
  return nullptr;
}

std::optional<FlightQueue::Instant> FlightQueue::next_slow_down() const {
  if (asked_.empty() || flying() < limits_.flying || slow_ >= limits_.slow || flying_asked_.empty())
    return std::nullopt;
  return flying_asked_.front()->launched_at + limits_.slow_after;
}

FlightQueue::FlightPtr FlightQueue::slow_down(Instant now) {
  auto when = next_slow_down();
  if (!when || now < *when) return nullptr;
  FlightPtr flight = flying_asked_.front();
  leave(*flight, FlightState::slow);
  ++slow_;
  return flight;
}

// The caller holds the flight, so erasing it here does not destroy it.
void FlightQueue::leave(QueuedFlight& flight, FlightState state) noexcept {
  if (flight.state == FlightState::flying)
    (flight.relaxed ? flying_relaxed_ : flying_asked_).erase(flight.place);
  if (flight.state == FlightState::slow) --slow_;
  flight.state = state;
}

}  // namespace mtasts
