// places - a number of places for the coroutines of one thread; who finds none free waits for one, in order.
// As many may wait as there are places.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

namespace mtasts {

class Places {
 public:
  Places(boost::asio::any_io_executor executor, std::size_t count);

  class Place;
  // A place, held until the result goes; nullopt at once if too many wait. Only on the executor's thread;
  // Places may go before its places do.
  boost::asio::awaitable<std::optional<Place>> take();
  bool full() const noexcept;  // take() would wait
  std::size_t waiting() const noexcept;

 private:
  struct State;
  boost::asio::any_io_executor executor_;
  std::size_t count_;
  std::shared_ptr<State> state_;
};

class Places::Place {
 public:
  explicit Place(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
  Place(Place&&) noexcept = default;
  Place& operator=(Place&&) = delete;
  ~Place();

 private:
  std::shared_ptr<State> state_;
};

}  // namespace mtasts
