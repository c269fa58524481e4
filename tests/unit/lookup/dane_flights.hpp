// dane_flights - flights that look up the policy and the state of example.com, which has one MX host.
#pragma once

#include <boost/asio/io_context.hpp>
#include <optional>
#include <vector>

#include "dane_fakes.hpp"
#include "network_world.hpp"

namespace mtasts::fake {

using namespace std::chrono_literals;

struct DaneFlights : NetworkWorld<SlowDns> {
  std::vector<Route> looked;
  Flights flights{loop.get_executor(), network, store, clock, [this](const FlightReport& r) {
                    looked.insert(looked.end(), r.found.dane.begin(), r.found.dane.end());
                  }};
  std::vector<LookupOutcomePtr> outcomes;

  DaneFlights() {
    dns->answers["example.com/MX"] = mx_answer({{10, "mx.example.com"}});
    dns->answers["mx.example.com/A"] = address(secure);
    dns->answers["mx.example.com/AAAA"] = no_data(secure);
    dns->answers["_25._tcp.mx.example.com/TLSA"] = tlsa({"3 1 9 " + digest});  // unusable: the policy matters
    dns->answer = txt({"v=STSv1; id=1;"});
    fetch->answer = ok(body("enforce", 604800));
  }
  void ask(std::optional<Route> dane = Route{}, std::chrono::milliseconds fetch_wait = 100ms,
           std::chrono::milliseconds wait = 1s) {
    flights.ask({name("example.com"), dane, fetch_wait, wait},
                [this](LookupOutcomePtr o) { outcomes.push_back(o); });
  }
  std::optional<DaneState> state(std::size_t i, Route route = {}) const {
    for (const DaneState& each : outcomes.at(i)->record.dane)
      if (each.route == route) return each;
    return std::nullopt;
  }
};

}  // namespace mtasts::fake
