// run_to_end - runs a coroutine from ordinary code, for programs that do one thing at a time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>

namespace mtasts {

// Runs loop on this thread until work ends, and returns its result. Other work on the loop that has not ended
// by then stays in it. Throws what work throws.
template <class T>
T run_to_end(boost::asio::io_context& loop, boost::asio::awaitable<T> work) {
  std::optional<T> result;
  std::exception_ptr error;
  bool done = false;
  boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr thrown, T value) {
    error = thrown;
    if (!thrown) result = std::move(value);
    done = true;
  });
  loop.restart();
  while (!done && loop.run_one() > 0) {
  }
  if (error) std::rethrow_exception(error);
  return std::move(result.value());
}

}  // namespace mtasts
