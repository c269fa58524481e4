#include "lookup/dns_turns.hpp"

#include <utility>

namespace mtasts {

DnsTurns::FlightId DnsTurns::add() {
  flights_.emplace(++last_flight_, FlightSlots{});
  return last_flight_;
}

void DnsTurns::give_up_own(FlightId id) {
  FlightSlots& flight = flights_.at(id);
  if (!flight.has_own) return;
  flight.has_own = false;
  shared_in_use_ += flight.own_in_use;
  flight.shared_in_use += std::exchange(flight.own_in_use, 0);
  for (auto& [number, question] : questions_)
    if (question.flight == id && question.slot == Slot::own) question.slot = Slot::shared;
  note_poor(id, flight);
}

void DnsTurns::remove(FlightId id) {
  const FlightSlots& flight = flights_.at(id);
  waiting_ -= flight.waiting.size();
  shared_in_use_ -= flight.shared_in_use;
  if (flight.in_turn) std::erase(turns_, id);
  if (flight.in_poor) std::erase(poor_, id);
  bool asks = !flight.waiting.empty() || flight.own_in_use > 0 || flight.shared_in_use > 0;
  if (asks) std::erase_if(questions_, [id](const auto& each) { return each.second.flight == id; });
  flights_.erase(id);
}

DnsTurns::QuestionId DnsTurns::ask(FlightId id) {
  FlightSlots& flight = flights_.at(id);
  QuestionId question = ++last_question_;
  questions_.emplace(question, DnsQuestion{id, Slot::none});
  if (flight.has_own && flight.own_in_use + flight.own_lost < limits_.own) {
    ++flight.own_in_use;
    take_own(question);
  } else {
    flight.waiting.push_back(question);
    ++waiting_;
    stand_in_turn(id, flight);
    note_poor(id, flight);
  }
  return question;
}

void DnsTurns::take_own(QuestionId question) {
  questions_.at(question).slot = Slot::own;
  ready_.push_back(question);
}

DnsTurns::QuestionId DnsTurns::take_waiting(FlightSlots& flight) {
  QuestionId question = flight.waiting.front();
  flight.waiting.pop_front();
  --waiting_;
  return question;
}

void DnsTurns::stand_in_turn(FlightId id, FlightSlots& flight) {
  if (flight.in_turn) return;
  flight.in_turn = true;
  turns_.push_back(id);
}

bool DnsTurns::has_nothing(const FlightSlots& flight) {
  return !flight.has_own && flight.shared_in_use == 0 && flight.own_lost == 0 && !flight.shared_hung &&
         !flight.waiting.empty();
}

void DnsTurns::note_poor(FlightId id, FlightSlots& flight) {
  if (flight.in_poor || !has_nothing(flight)) return;
  flight.in_poor = true;
  poor_.push_back(id);
}

// REQUIRES: the flight's turn has come.
std::optional<DnsTurns::QuestionId> DnsTurns::next_shared(FlightId id) {
  FlightSlots& flight = flights_.at(id);
  if (flight.waiting.empty()) return std::nullopt;
  QuestionId question = take_waiting(flight);
  questions_.at(question).slot = Slot::shared;
  ++shared_in_use_;
  ++flight.shared_in_use;
  return question;
}

std::optional<DnsTurns::QuestionId> DnsTurns::next(bool crowded) {
  while (!ready_.empty()) {
    QuestionId question = ready_.front();
    ready_.pop_front();
    if (questions_.contains(question)) return question;
  }
  while (!poor_.empty() && crowded) {
    FlightId id = poor_.front();
    poor_.pop_front();
    FlightSlots& flight = flights_.at(id);
    flight.in_poor = false;
    if (has_nothing(flight)) return next_shared(id);
  }
  while (!crowded && shared_in_use_ < limits_.shared && !turns_.empty()) {
    FlightId id = turns_.front();
    turns_.pop_front();
    FlightSlots& flight = flights_.at(id);
    flight.in_turn = false;
    auto question = next_shared(id);
    if (!flight.waiting.empty()) stand_in_turn(id, flight);
    if (question) return question;
  }
  return std::nullopt;
}

void DnsTurns::done(QuestionId id, bool hung) {
  auto found = questions_.find(id);
  if (found == questions_.end()) return;
  auto [flight_id, slot] = found->second;
  questions_.erase(found);
  FlightSlots& flight = flights_.at(flight_id);
  switch (slot) {
    case Slot::shared:
      --shared_in_use_;
      --flight.shared_in_use;
      flight.shared_hung = flight.shared_hung || hung;
      return note_poor(flight_id, flight);
    case Slot::none: waiting_ -= static_cast<std::size_t>(std::erase(flight.waiting, id)); return;
    case Slot::own: break;
  }
  if (hung && flight.own_lost + 1 < limits_.own) {
    --flight.own_in_use;
    ++flight.own_lost;
  } else if (flight.waiting.empty()) {
    --flight.own_in_use;
  } else {
    take_own(take_waiting(flight));
  }
}

}  // namespace mtasts
