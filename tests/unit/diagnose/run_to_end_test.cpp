// Work that is late goes before the ports that it uses, and they before the loop.
#include "diagnose/run_to_end.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "lookup/gather.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;

struct Noted {
  std::vector<std::string>& events;
  std::string name;
  ~Noted() { events.push_back(name + " gone"); }
};

// Has a timer of its own, as a port has that keeps its askers waiting.
struct Port {
  Port(WorkLoop& loop, std::vector<std::string>& all) : events(all), timer(loop), gone{all, "port"} {}
  asio::awaitable<bool> ask() {
    Noted noted{events, "question"};
    timer.expires_at(asio::steady_timer::time_point::max());
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    events.emplace_back("answer");
    co_return true;
  }

  std::vector<std::string>& events;
  asio::steady_timer timer;
  Noted gone;
};

asio::awaitable<bool> ask_without_waiting(Port& port) {
  std::vector<asio::awaitable<bool>> asks;
  asks.push_back(port.ask());
  co_await gather(std::move(asks), nullptr, std::chrono::steady_clock::now());
  co_return true;
}

}  // namespace

TEST_CASE("late work goes before its ports", "[check]") {
  std::vector<std::string> events;
  {
    WorkLoop loop;
    Port port(loop, events);
    LateWork late(&loop);
    CHECK(run_to_end(loop, ask_without_waiting(port)));
    CHECK(events.empty());
  }
  CHECK(events == std::vector<std::string>{"question gone", "port gone"});
}

}  // namespace mtasts
