// dns_turns - which DNS question is sent next, so that no flight's questions keep another's from being asked.
//
// Pure: no loop and no time. A flight has some slots of its own, so its first questions never wait for
// anybody else's. Its other questions take shared slots, and the flights that want one take turns, a question
// each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

namespace mtasts {

class DnsTurns {
 public:
  using FlightId = std::uint64_t;
  using QuestionId = std::uint64_t;  // of all flights; never used twice

  struct Limits {
    unsigned own = 2;       // slots of each flight that has its own
    unsigned shared = 256;  // slots of all flights together
  };

  explicit DnsTurns(Limits limits) : limits_(limits) {}

  FlightId add();  // a flight with slots of its own
  // The flight gives up its own slots. What it has sent from them counts as shared from now on.
  void give_up_own(FlightId flight);
  // Forgets the flight and its questions. REQUIRES: it was added, and is not used again.
  void remove(FlightId flight);

  // A new question of the flight. It is sent once next() names it.
  QuestionId ask(FlightId flight);
  // A question that may be sent now; nullopt: none. Call until then, after every change. crowded: so much is
  // under way that a shared slot is given only to a flight that has no slot at all, one at a time, as long as
  // none of its questions has hung.
  std::optional<QuestionId> next(bool crowded = false);
  // The question was answered or given up, sent or not. One that is not known any more is ignored. hung:
  // there was no answer for long; the flight does not get this slot of its own back, since its next question
  // would probably hang too. It always keeps one.
  void done(QuestionId question, bool hung = false);

  // Whether a question of the flight has not been sent yet.
  bool waits(FlightId flight) const { return !flights_.at(flight).waiting.empty(); }
  std::size_t waiting() const noexcept { return waiting_; }
  std::size_t shared_in_use() const noexcept { return shared_in_use_; }

 private:
  enum class Slot { none, own, shared };
  struct DnsQuestion {
    FlightId flight;
    Slot slot;
  };
  struct FlightSlots {
    bool has_own = true;
    bool in_turn = false, in_poor = false;  // stands in turns_, in poor_
    unsigned own_in_use = 0, own_lost = 0, shared_in_use = 0;
    bool shared_hung = false;
    std::deque<QuestionId> waiting{};
  };
  void take_own(QuestionId question);
  QuestionId take_waiting(FlightSlots& flight);
  void stand_in_turn(FlightId id, FlightSlots& flight);
  static bool has_nothing(const FlightSlots& flight);
  void note_poor(FlightId id, FlightSlots& flight);
  std::optional<QuestionId> next_shared(FlightId id);

  Limits limits_;
  std::unordered_map<FlightId, FlightSlots> flights_;
  std::unordered_map<QuestionId, DnsQuestion> questions_;
  std::deque<QuestionId> ready_;  // have a slot of their own, not named by next() yet
  std::deque<FlightId> turns_;    // flights that want a shared slot
  std::deque<FlightId> poor_;     // those of them that have no slot
  std::size_t shared_in_use_ = 0, waiting_ = 0;
  FlightId last_flight_ = 0;
  QuestionId last_question_ = 0;
};

}  // namespace mtasts
