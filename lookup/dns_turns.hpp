// dns_turns - decides which DNS question is sent next, so that one flight's questions can't hold up
// another's.
//
// Pure: no loop and no clock. A flight has some slots of its own, so its first questions never wait for
// another flight. Its other questions need shared slots, and the flights that want one take turns, one
// question each.
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
  using QuestionId = std::uint64_t;  // unique among all flights; never used twice

  struct Limits {
    unsigned own = 2;       // slots of its own that a flight starts with
    unsigned shared = 256;  // slots that all flights share
  };

  explicit DnsTurns(Limits limits) : limits_(limits) {}

  FlightId add();  // a flight with slots of its own
  // The flight gives up its own slots. The questions that hold them count as shared from now on.
  void give_up_own(FlightId flight);
  // Forgets the flight and its questions. REQUIRES: it was added, and is not used again.
  void remove(FlightId flight);

  // Adds a question of the flight. Send it once next() returns it.
  QuestionId ask(FlightId flight);
  // A question that may be sent now; nullopt: none. After every change, call it until it returns nullopt.
  // crowded: so much is under way that only a flight without any slot gets a shared one. It gets one at a
  // time, and no more once one of its questions has hung.
  std::optional<QuestionId> next(bool crowded = false);
  // The question was answered or given up, sent or not. A question that is no longer known is ignored. hung:
  // it took very long and failed. Then the flight does not get its own slot back, because its next question
  // would probably hang too; but it always keeps one.
  void done(QuestionId question, bool hung = false);

  // True if a question of the flight waits for a slot.
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
    bool in_turn = false, in_poor = false;  // is in turns_, is in poor_
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
  std::deque<QuestionId> ready_;  // have one of their flight's own slots; next() has not returned them yet
  std::deque<FlightId> turns_;    // flights that want a shared slot
  std::deque<FlightId> poor_;     // those of them that have no slot
  std::size_t shared_in_use_ = 0, waiting_ = 0;
  FlightId last_flight_ = 0;
  QuestionId last_question_ = 0;
};

}  // namespace mtasts
