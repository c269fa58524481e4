// run_to_end - runs a coroutine from ordinary code, for programs that do one thing at a time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <optional>

namespace mtasts {

// A loop on which work may be late: it has not ended when nobody waits for it any more.
class WorkLoop : public boost::asio::io_context {
 public:
  WorkLoop() : io_context(1) {}
  // Destroys what has not ended. The loop can't be run after that, but timers and sockets of it may still be
  // destroyed.
  void drop_late_work() { shutdown(); }
};

struct DropLateWork {
  void operator()(WorkLoop* loop) const { loop->drop_late_work(); }
};
// Work uses ports, and ports use the loop, so that neither the loop nor the ports can be the first to go.
// This is declared after the ports, or is the last member of what owns them: then late work goes first.
using LateWork = std::unique_ptr<WorkLoop, DropLateWork>;

// Runs loop on this thread until work ends, and returns its result. nullopt: before that, something on the
// loop has set stop. The work, and other work on the loop that has not ended by then, stays in it. Throws
// what work throws.
template <class T>
std::optional<T> run_until(boost::asio::io_context& loop, boost::asio::awaitable<T> work, const bool& stop) {
  struct End {
    std::optional<T> result;
    std::exception_ptr error;
    bool done = false;
  };
  auto end = std::make_shared<End>();  // the work may outlive this call
  boost::asio::co_spawn(loop, std::move(work), [end](std::exception_ptr thrown, T value) {
    end->error = thrown;
    if (!thrown) end->result = std::move(value);
    end->done = true;
  });
  loop.restart();
  while (!end->done && !stop && loop.run_one() > 0) {
  }
  if (end->error) std::rethrow_exception(end->error);
  return std::move(end->result);
}

// The same without a way to stop it.
template <class T>
T run_to_end(boost::asio::io_context& loop, boost::asio::awaitable<T> work) {
  return run_until(loop, std::move(work), false).value();
}

}  // namespace mtasts
