// resolve_loop - the resolve thread: DNS, HTTPS, flights and the refresher on one event loop of their own, so
// that a slow or hostile policy host never delays a cached answer.
//
// Everything public may be called from any thread: it only posts. Plain values cross; no timer, socket or
// coroutine is touched by a thread that does not run it.
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
  std::size_t flying = 0, waiting = 0;
};

class ResolveLoop {
 public:
  // store, clock, log and shortages outlive this. No thread runs before start().
  ResolveLoop(Store& store, const Clock& clock, Log& log, Shortages& shortages);
  ~ResolveLoop();  // stop()

  // Makes DNS and HTTPS from the configuration. Fault::config: a file or an option can't be used. Takes some
  // 100 ms in the calling thread (CA certificates). Works before start() and, for a reload, while the loop
  // runs.
  Result<std::shared_ptr<Prepared>> make(const Config& config);
  // For later flights; with [dns] forward = "auto" as soon as the way to resolve is chosen.
  void use(std::shared_ptr<Prepared> prepared);
  // Called with each new Health, on the resolve thread; must only post. Before use().
  void publish_to(HealthCheck::Publish publish) { health_.publish_to(std::move(publish)); }
  // What was known about the host before a restart, and who writes it down: called on the resolve thread.
  // Before use().
  void recall(const HostMemory& memory, HealthCheck::Remember remember) {
    health_.recall(memory, std::move(remember));
  }

  void start();
  void stop();  // joins; flights end where they are, what they committed stays

  // deliver is called on the resolve thread and must only post home.
  void ask(const Question& question, Deliver deliver);
  void look_up_again(const DomainName& domain, std::optional<Route> dane);
  void count(std::move_only_function<void(FlightCounts)> deliver);

 private:
  Result<std::unique_ptr<Dns>> make_dns(const Config& config, const Resolvers& resolvers);
  boost::asio::awaitable<void> watch_clock();
  template <class T>
  void discard(T* thing);

  std::thread thread_;  // first: discard() looks at it while the loop is being destroyed
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  Store& store_;
  const Clock& clock_;
  Log& log_;
  Flights flights_;
  HealthCheck health_;
};

}  // namespace mtasts
