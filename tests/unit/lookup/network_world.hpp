// network_world - what flights need, as fakes: a loop, a network, a store and a clock.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "fakes.hpp"
#include "lookup/flights.hpp"

namespace mtasts::fake {

template <class SomeDns = FakeDns>
struct NetworkWorld {
  boost::asio::io_context loop;
  SomeDns* dns = new SomeDns;        // owned by network
  FakeFetch* fetch = new FakeFetch;  // owned by network
  std::shared_ptr<Network> network =
      std::make_shared<Network>(std::unique_ptr<Dns>(dns), std::unique_ptr<Fetch>(fetch));
  FakeStore store;
  FakeClock clock;

  void run() {
    loop.restart();
    loop.run();
  }
  void run_for(std::chrono::milliseconds time) {
    loop.restart();
    loop.run_for(time);
  }
};

}  // namespace mtasts::fake
