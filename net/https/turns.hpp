// turns - how often and how many at once the refresher asks one address: policy hosts serve many domains, and
// after an outage all of them are due.
//
// For refreshes only: an asker's fetch takes no turn and counts for nothing here. Else whoever has domains at
// the same address could keep another's first policy from being fetched.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include "core/address.hpp"

namespace mtasts {

struct TurnOptions {
  unsigned at_once = 4;                    // of one address
  std::chrono::milliseconds interval{50};  // between two of one address: 20 a second
  std::size_t most_idle = 1024;            // addresses remembered; above, those at rest are forgotten
};

class HostTurns {
 public:
  explicit HostTurns(boost::asio::any_io_executor executor, TurnOptions options = {});

  class Turn;
  // A turn at the address, in order, held until the result goes. nullopt: there was none in time. Only on the
  // executor's thread; HostTurns may go before its turns do.
  boost::asio::awaitable<std::optional<Turn>> take(Address address, std::chrono::milliseconds patience);
  std::size_t addresses() const noexcept;

 private:
  struct Host;
  struct State;
  std::shared_ptr<State> state_;
};

class HostTurns::Turn {
 public:
  explicit Turn(std::shared_ptr<Host> host) noexcept : host_(std::move(host)) {}
  Turn(Turn&&) noexcept = default;
  Turn& operator=(Turn&&) = delete;
  ~Turn();

 private:
  std::shared_ptr<Host> host_;
};

}  // namespace mtasts
