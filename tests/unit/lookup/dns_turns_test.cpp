#include "lookup/dns_turns.hpp"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <random>
#include <set>
#include <vector>

using namespace mtasts;

namespace {

std::vector<DnsTurns::QuestionId> all_next(DnsTurns& turns) {
  std::vector<DnsTurns::QuestionId> sent;
  while (auto next = turns.next()) sent.push_back(*next);
  return sent;
}

std::vector<DnsTurns::QuestionId> ask(DnsTurns& turns, DnsTurns::FlightId flight, int count) {
  std::vector<DnsTurns::QuestionId> asked;
  for (int i = 0; i < count; ++i) asked.push_back(turns.ask(flight));
  return asked;
}

}  // namespace

TEST_CASE("a flight's first questions never wait, however many another asks", "[turns]") {
  DnsTurns turns({.own = 2, .shared = 4});
  auto hostile = turns.add();
  ask(turns, hostile, 100);
  CHECK(all_next(turns).size() == 2 + 4);
  CHECK(turns.waiting() == 94);
  auto good = turns.add();
  auto asked = ask(turns, good, 3);
  CHECK(all_next(turns) == std::vector{asked[0], asked[1]});
  turns.done(asked[0]);  // the next question takes over the slot
  CHECK(all_next(turns) == std::vector{asked[2]});
}

TEST_CASE("the flights that want a shared slot take turns, one question each", "[turns]") {
  DnsTurns turns({.own = 0, .shared = 1});
  auto first = turns.add(), second = turns.add(), third = turns.add();
  auto a = ask(turns, first, 3), b = ask(turns, second, 3), c = ask(turns, third, 1);
  std::vector<DnsTurns::QuestionId> order;
  while (auto next = turns.next()) {
    order.push_back(*next);
    turns.done(*next);
  }
  CHECK(order == std::vector{a[0], b[0], c[0], a[1], b[1], a[2], b[2]});
  CHECK(turns.waiting() == 0);
  CHECK(turns.shared_in_use() == 0);
}

TEST_CASE("a flight that gives up its own slots keeps what it has sent, and shares from then on", "[turns]") {
  DnsTurns turns({.own = 2, .shared = 2});
  auto slow = turns.add();
  auto asked = ask(turns, slow, 4);
  CHECK(all_next(turns).size() == 4);
  turns.give_up_own(slow);
  turns.give_up_own(slow);
  CHECK(turns.shared_in_use() == 4);
  auto more = ask(turns, slow, 1);
  CHECK(all_next(turns).empty());
  for (int i = 0; i < 3; ++i) turns.done(asked[static_cast<std::size_t>(i)]);
  CHECK(all_next(turns) == more);
  CHECK(turns.shared_in_use() == 2);
}

TEST_CASE("a flight that ends takes its questions with it, sent or not", "[turns]") {
  DnsTurns turns({.own = 1, .shared = 1});
  auto gone = turns.add(), other = turns.add();
  auto asked = ask(turns, gone, 3);
  CHECK(all_next(turns).size() == 2);
  auto waits = ask(turns, other, 2);
  CHECK(all_next(turns) == std::vector{waits[0]});
  turns.remove(gone);
  CHECK(all_next(turns) == std::vector{waits[1]});
  for (auto question : asked) turns.done(question);  // late, without effect
  turns.remove(other);
  CHECK(turns.waiting() == 0);
  CHECK(turns.shared_in_use() == 0);
}

TEST_CASE("a question that was given up before it was sent is not sent", "[turns]") {
  DnsTurns turns({.own = 1, .shared = 1});
  auto flight = turns.add();
  auto asked = ask(turns, flight, 3);
  turns.done(asked[0]);
  turns.done(asked[2]);
  CHECK(all_next(turns) == std::vector{asked[1]});
  CHECK(turns.waiting() == 0);
}

TEST_CASE("while it is crowded a flight without a slot still asks, one question at a time", "[turns]") {
  DnsTurns turns({.own = 2, .shared = 4});
  auto slow = turns.add(), hung = turns.add();
  turns.give_up_own(slow);
  turns.give_up_own(hung);
  auto a = ask(turns, slow, 3), b = ask(turns, hung, 3);
  std::vector<DnsTurns::QuestionId> sent;
  auto crowded = [&] {
    sent.clear();
    while (auto next = turns.next(true)) sent.push_back(*next);
    return sent;
  };
  CHECK(crowded() == std::vector{a[0], b[0]});
  CHECK(turns.waits(slow));
  turns.done(a[0]);
  turns.done(b[0], true);
  CHECK(crowded() == std::vector{a[1]});  // a flight whose question hung gets no other slot
  turns.done(a[1]);
  CHECK(crowded() == std::vector{a[2]});
  CHECK_FALSE(turns.waits(slow));
  CHECK(all_next(turns) == std::vector{b[1], b[2]});
}

TEST_CASE("a flight keeps one slot of its own, whatever hangs", "[turns]") {
  DnsTurns turns({.own = 2, .shared = 0});
  auto flight = turns.add();
  auto asked = ask(turns, flight, 5);
  CHECK(all_next(turns) == std::vector{asked[0], asked[1]});
  turns.done(asked[0], true);
  CHECK(all_next(turns).empty());
  for (std::size_t i = 1; i < 4; ++i) {
    turns.done(asked[i], true);
    CHECK(all_next(turns) == std::vector{asked[i + 1]});
  }
}

// Flights come at random, ask at random, and some never get an answer. In each step the questions of a flight
// are answered, except those of dead flights.
TEST_CASE("over random arrivals no flight waits longer than its own work and one turn of the others",
          "[turns]") {
  constexpr DnsTurns::Limits limits{.own = 2, .shared = 8};
  for (unsigned seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    auto below = [&](unsigned end) { return static_cast<int>(random() % end); };
    struct Flight {
      bool dead = false;
      int unsent = 0, in_flight = 0, waited = 0, unsent_at_first = 0;
    };
    DnsTurns turns(limits);
    std::map<DnsTurns::FlightId, Flight> flights;
    std::map<DnsTurns::QuestionId, DnsTurns::FlightId> owner, out;
    for (int step = 0; step < 400; ++step) {
      if (flights.size() < 40) {
        auto id = turns.add();
        Flight& flight = flights[id];
        flight.dead = below(2) == 0;
        flight.unsent = flight.unsent_at_first = 1 + below(30);
        for (int i = 0; i < flight.unsent; ++i) owner[turns.ask(id)] = id;
      }
      while (auto next = turns.next()) {
        REQUIRE(owner.contains(*next));
        out[*next] = owner[*next];
        Flight& flight = flights.at(owner[*next]);
        --flight.unsent;
        ++flight.in_flight;
      }
      int own_at_most = static_cast<int>(flights.size() * limits.own);
      REQUIRE(static_cast<int>(out.size()) <= own_at_most + static_cast<int>(limits.shared));
      for (auto& [id, flight] : flights) {
        // Its own slots are in use as long as it has anything to ask: nobody else can keep it waiting.
        if (flight.unsent > 0) REQUIRE(flight.in_flight >= static_cast<int>(limits.own));
        ++flight.waited;
        if (!flight.dead)  // each step brings at least `own` answers
          REQUIRE(flight.waited <= flight.unsent_at_first / static_cast<int>(limits.own) + 2);
      }
      for (auto answered = out.begin(); answered != out.end();) {
        Flight& flight = flights.at(answered->second);
        if (flight.dead) {
          ++answered;
          continue;
        }
        --flight.in_flight;
        turns.done(answered->first);
        answered = out.erase(answered);
      }
      std::erase_if(flights, [&](auto& each) {
        auto& [id, flight] = each;
        bool ends = flight.dead ? below(10) == 0 : flight.unsent == 0 && flight.in_flight == 0;
        if (!ends) return false;
        turns.remove(id);
        std::erase_if(out, [gone = id](const auto& question) { return question.second == gone; });
        return true;
      });
    }
    for (auto& [id, flight] : flights) turns.remove(id);
    CHECK(turns.shared_in_use() == 0);
    CHECK(turns.waiting() == 0);
    CHECK_FALSE(turns.next());
  }
}
