// gather - awaits several coroutines at once, all on the caller's executor.
//
// All of them run to their end, also when one throws; the first exception is then thrown on. REQUIRES: a
// single-threaded executor, and that what the coroutines refer to outlives them.
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
  Gathered(const boost::asio::any_io_executor& executor, std::size_t count)
      : timer(executor, boost::asio::steady_timer::time_point::max()), results(count), left(count) {}
  boost::asio::steady_timer timer;  // cancelled by whoever ends last
  std::vector<std::optional<T>> results;
  std::size_t left;
  std::exception_ptr error;
};

template <class T>
boost::asio::awaitable<std::vector<T>> gather(std::vector<boost::asio::awaitable<T>> work) {
  auto executor = co_await boost::asio::this_coro::executor;
  auto all = std::make_shared<Gathered<T>>(executor, work.size());
  for (std::size_t i = 0; i < work.size(); ++i) {
    auto done = [all, i](std::exception_ptr error, T result) {
      if (error && !all->error) all->error = error;
      all->results[i] = std::move(result);
      if (--all->left == 0) all->timer.cancel();
    };
    boost::asio::co_spawn(executor, std::move(work[i]), std::move(done));
  }
  while (all->left > 0) co_await all->timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  if (all->error) std::rethrow_exception(all->error);
  std::vector<T> results;
  for (auto& each : all->results) results.push_back(*std::move(each));
  co_return results;
}

}  // namespace mtasts
