// resolve_loop - the resolve thread: it runs DNS, HTTPS, the flights and the refresher on an event loop of
// their own, so a slow or hostile policy host never delays a cached answer.
//
// Any thread may call the public functions, because they only post to the loop. Only plain values cross
// between threads; timers, sockets and coroutines stay on the thread that runs them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <thread>

#include "conf/config.hpp"
#include "lookup/flights.hpp"
#include "lookup/refresher.hpp"
#include "ports/clock.hpp"
#include "ports/store.hpp"
#include "resolver/health_check.hpp"
#include "service/log.hpp"
#include "service/shortages.hpp"

namespace mtasts {

struct FlightCounts {
  std::size_t flying = 0, waiting = 0;  // at work; waiting for a place
};

class ResolveLoop {
 public:
  // store, clock, log and shortages must outlive this. No thread runs before start().
  ResolveLoop(Store& store, const Clock& clock, Log& log, Shortages& shortages);
  ~ResolveLoop();  // calls stop()

  // Makes DNS and HTTPS from the configuration, for use(). Blocks the calling thread for some 100 ms (CA
  // certificates). It may be called before start() and, for a reload, while the loop runs. Fault::config: a
  // file or an option can't be used.
  Result<std::shared_ptr<Prepared>> make(const Config& config);
  // Later flights use it; with [dns] forward = "auto" only once the way to resolve is chosen.
  void use(std::shared_ptr<Prepared> prepared);
  // publish is called with each new Health, on the resolve thread; it must only post. Call this before use().
  void publish_to(HealthCheck::Publish publish) { health_.publish_to(std::move(publish)); }
  // memory: what was known about the host before a restart. remember stores what is learnt; it is called on
  // the resolve thread. Call this before use().
  void recall(const HostMemory& memory, HealthCheck::Remember remember) {
    health_.recall(memory, std::move(remember));
  }

  void start();
  void stop();  // ends the thread and waits for it; flights are abandoned, what they committed stays

  // deliver is called on the resolve thread and must only post to the asker's thread.
  void ask(const Question& question, Deliver deliver);
  void look_up_again(const DomainName& domain, std::optional<Route> dane);
  void count(std::move_only_function<void(FlightCounts)> deliver);

 private:
  Result<std::unique_ptr<Dns>> make_dns(const Config& config, const Resolvers& resolvers);
  boost::asio::awaitable<void> watch_clock();
  template <class T>
  void discard(T* thing);

  std::thread thread_;  // the first member: discard() reads it while the loop is being destroyed
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  Store& store_;
  const Clock& clock_;
  Log& log_;
  Flights flights_;
  HealthCheck health_;
};

}  // namespace mtasts
