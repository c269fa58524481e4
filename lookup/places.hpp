// places - a number of places for the coroutines of one thread; who finds none free waits for one, in order.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <memory>

namespace mtasts {

class Places {
 public:
  Places(boost::asio::any_io_executor executor, std::size_t count);

  class Place;
  // A place, held until the result goes. Only on the executor's thread; Places may go before its places do.
  boost::asio::awaitable<Place> take();
  std::size_t waiting() const noexcept;

 private:
  struct State;
  boost::asio::any_io_executor executor_;
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
