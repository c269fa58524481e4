// run - runs a coroutine on a loop until it is done. The loop may have other work that never ends.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace mtasts {

// Starts it; the result appears in the returned object.
template <class T>
std::shared_ptr<std::optional<T>> start(boost::asio::io_context& loop, boost::asio::awaitable<T> work) {
  auto place = std::make_shared<std::optional<T>>();
  auto done = [place](std::exception_ptr error, T value) {
    if (error) std::rethrow_exception(error);
    place->emplace(std::move(value));
  };
  boost::asio::co_spawn(loop, std::move(work), std::move(done));
  return place;
}

inline void run_for(boost::asio::io_context& loop, std::chrono::milliseconds time) {
  loop.restart();
  loop.run_for(time);
}

// Until done() or the limit; returns done().
template <class Done>
bool run_until(boost::asio::io_context& loop, std::chrono::milliseconds limit, Done done) {
  auto end = std::chrono::steady_clock::now() + limit;
  loop.restart();
  while (!done() && std::chrono::steady_clock::now() < end && loop.run_one_until(end) != 0) {
  }
  return done();
}

template <class T>
T run(boost::asio::io_context& loop, boost::asio::awaitable<T> work) {
  auto place = start(loop, std::move(work));
  loop.restart();
  while (!*place && loop.run_one() != 0) {
  }
  return std::move(place->value());
}

}  // namespace mtasts
