// fetch_permits - how many policy hosts are asked at once, and for whom: no address and no registrable domain
// may hold more than its share, so that policy hosts that never answer keep no other from being asked. The
// share shrinks as the permits run out, to one at last: who holds few comes before who holds many.
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
  std::size_t each = 64;         // of one key, while half of them are free
  std::size_t waiting = 10'000;  // above that nobody waits
};

class PermitQueue {
 public:
  using Id = std::uint64_t;               // never used twice
  using Keys = std::vector<std::string>;  // whose share counts: an address, a registrable domain

  explicit PermitQueue(PermitLimits limits) : limits_(limits) {}

  // Asks for a permit that counts for all of these keys. nullopt: too many wait already.
  std::optional<Id> ask(Keys keys);
  // The next one that has got its permit; nullopt: none. Each is named once. Call until nullopt, after every
  // change.
  std::optional<Id> next();
  // The permit is given back, or no longer waited for.
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

  // Who waits stands in one queue: that of a key that has its share, else that of all. Who has left is
  // skipped when its turn comes.
  PermitLimits limits_;
  std::unordered_map<Id, PermitRequest> asked_;
  std::unordered_map<std::string, Key> keys_;
  std::deque<Id> queue_, ready_;
  std::deque<std::string> full_;  // keys in whose queue somebody stands; drained in turn
  std::size_t held_ = 0;
  Id last_ = 0;
};

// For the coroutines of the executor's thread.
class FetchPermits {
 public:
  FetchPermits(boost::asio::any_io_executor executor, PermitLimits limits);

  class Permit;
  // A permit, held until the result goes; nullopt: none came within the patience, or too many wait. The
  // FetchPermits may go before its permits do.
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
