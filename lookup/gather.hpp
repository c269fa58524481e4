// gather - awaits several coroutines at once, all on the caller's executor.
//
// REQUIRES: a single-threaded executor. A coroutine that throws counts as one without a result.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

namespace mtasts {

template <class T>
struct Gathered {
  Gathered(const boost::asio::any_io_executor& executor, std::size_t count,
           boost::asio::steady_timer::time_point deadline)
      : timer(executor, deadline), results(count), left(count) {}
  boost::asio::steady_timer timer;  // cancelled by the coroutine that ends last
  std::vector<std::optional<T>> results;
  std::size_t left;
};

// Runs the coroutines and returns their results, in the same order. nullopt: it threw, or it had not ended by
// the deadline. Coroutines that are late run to their end, and their results are dropped. keep: what they
// refer to; it is kept alive until the last one has ended.
template <class T>
boost::asio::awaitable<std::vector<std::optional<T>>> gather(
    std::vector<boost::asio::awaitable<T>> work, std::shared_ptr<const void> keep,
    boost::asio::steady_timer::time_point deadline = boost::asio::steady_timer::time_point::max()) {
  auto executor = co_await boost::asio::this_coro::executor;
  auto all = std::make_shared<Gathered<T>>(executor, work.size(), deadline);
  for (std::size_t i = 0; i < work.size(); ++i) {
    auto done = [all, i, keep](std::exception_ptr error, T result) {
      if (!error) all->results[i] = std::move(result);
      if (--all->left == 0) all->timer.cancel();
    };
    boost::asio::co_spawn(executor, std::move(work[i]), std::move(done));
  }
  while (all->left > 0) {
    auto [cancelled] = co_await all->timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (!cancelled) break;
  }
  co_return std::exchange(all->results, std::vector<std::optional<T>>(all->results.size()));
}

}  // namespace mtasts
