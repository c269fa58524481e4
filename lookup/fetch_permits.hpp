// fetch_permits - limits how many policy hosts are asked at once. No address and no registrable domain may
// hold more than its share of the permits, so that policy hosts that never answer can't keep others from
// being asked. The share shrinks as the permits run out, down to one: whoever holds few comes before whoever
// holds many.
//
// PermitQueue holds the rules and is pure; FetchPermits lets coroutines of one thread wait for a permit.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace mtasts {

struct PermitLimits {
  std::size_t all = 640;         // permits at once
  std::size_t each = 64;         // for one key, while at least half of all are free
  std::size_t waiting = 10'000;  // requests that may wait; more are refused
};

class PermitQueue {
 public:
  using Id = std::uint64_t;               // never used twice
  using Keys = std::vector<std::string>;  // the address and registrable domain whose shares count

  explicit PermitQueue(PermitLimits limits) : limits_(limits) {}

  // Asks for a permit that counts against the shares of all these keys. nullopt: too many wait already.
  std::optional<Id> ask(Keys keys);
  // A request that has got its permit; nullopt: none. Returns each one once. After every change, call it
  // until it returns nullopt.
  std::optional<Id> next();
  // Gives the permit back, or stops waiting for it.
  void leave(Id id);

  std::size_t held() const noexcept { return held_; }
  std::size_t waiting() const noexcept { return asked_.size() - held_; }

 private:
  struct PermitRequest {
    Keys keys;
    bool holds = false;
  };
  struct Key {
    std::size_t held = 0;
    std::deque<Id> queue{};
  };
  std::size_t share() const noexcept;
  void grant_or_queue(Id id);
  void drain(const std::string& key);
  void drain_all();
  void forget_idle(const std::string& key);

  // A request that waits is in one queue: that of a key whose share is used up; if there is no such key,
  // queue_. One that has left is skipped when its turn comes.
  PermitLimits limits_;
  std::unordered_map<Id, PermitRequest> asked_;
  std::unordered_map<std::string, Key> keys_;
  std::deque<Id> queue_, ready_;
  std::deque<std::string> full_;  // keys whose queue is not empty; drained in turn
  std::size_t held_ = 0;
  Id last_ = 0;
};

// For the coroutines of the executor's thread.
class FetchPermits {
 public:
  FetchPermits(boost::asio::any_io_executor executor, PermitLimits limits);

  class Permit;
  // Waits for a permit. It is given back when the result is destroyed. nullopt: none came within the
  // patience, or too many wait. Permits may outlive the FetchPermits.
  boost::asio::awaitable<std::optional<Permit>> take(PermitQueue::Keys keys,
                                                     std::chrono::milliseconds patience);
  std::size_t waiting() const noexcept;

 private:
  struct State;
  boost::asio::any_io_executor executor_;
  std::shared_ptr<State> state_;
};

// A permit that is held or waited for.
class FetchPermits::Permit {
 public:
  Permit(std::shared_ptr<State> state, PermitQueue::Id id) noexcept : state_(std::move(state)), id_(id) {}
  Permit(Permit&&) noexcept = default;
  Permit& operator=(Permit&&) = delete;
  ~Permit();

 private:
  std::shared_ptr<State> state_;
  PermitQueue::Id id_;
};

}  // namespace mtasts
