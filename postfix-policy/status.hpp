// status - what `mtastsctl status` is told: how the daemon is, in one JSON object (mtastsctl(1), "JSON").
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/fwd.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cache/lmdb_cache.hpp"
#include "conf/config.hpp"
#include "core/time.hpp"
#include "postfix-policy/answer_loop.hpp"
#include "postfix-policy/resolve_loop.hpp"
#include "setup/health.hpp"

namespace mtasts {

// What a start or a reload settles.
struct StatusFacts {
  std::string config_file;  // empty: none
  std::vector<std::string> listeners;
  Config config;
};

// What is gathered for one answer; nullopt: not had in time, or not readable.
struct StatusNow {
  Time started{}, now{};
  long pid = 0;
  std::size_t connections = 0;
  std::optional<Counters> counters;
  std::optional<FlightCounts> flights;
  Result<CacheStats> cache;
};

boost::json::object status_object(const StatusFacts& facts, const Health& health, const StatusNow& now);

// Gathers and answers, on the admin thread; everything public but the constructor is called there.
class StatusDesk {
 public:
  // References outlive this.
  StatusDesk(boost::asio::any_io_executor home, std::vector<AnswerLoop*> loops, ResolveLoop& resolve,
             LmdbCache& cache, const Clock& clock);

  void use(StatusFacts facts) { facts_ = std::move(facts); }
  void use(HealthPtr health) { health_ = std::move(health); }

  boost::asio::awaitable<boost::json::object> answer();

 private:
  boost::asio::any_io_executor home_;
  std::vector<AnswerLoop*> loops_;
  ResolveLoop& resolve_;
  LmdbCache& cache_;
  const Clock& clock_;
  Time started_;
  StatusFacts facts_;
  HealthPtr health_ = std::make_shared<const Health>();
};

}  // namespace mtasts
