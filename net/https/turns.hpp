// turns - limits how often, and how many at once, one address is asked.
//
// Refreshes take turns, because a policy host may serve many domains, and after an outage all of them are
// due. An asker's fetch takes no turn and is not counted here. Otherwise somebody who has domains at the same
// address could keep another domain's first policy from being fetched. SMTP dialogues take turns too, of a
// HostTurns of their own (net/smtp/).
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
  unsigned at_once = 4;                    // at one address
  std::chrono::milliseconds interval{50};  // between two turns at one address: 20 a second
  std::size_t most_idle = 1024;            // addresses remembered; above that, idle ones are forgotten
};

class HostTurns {
 public:
  explicit HostTurns(boost::asio::any_io_executor executor, TurnOptions options = {});

  class Turn;
  // Waits for a turn at the address, first come, first served. It is given back when the result is destroyed.
  // nullopt: none came within the patience. For the executor's thread only. Turns may outlive the HostTurns.
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
