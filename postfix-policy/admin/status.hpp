// status - the JSON object that answers `mtastsctl status`: the state of the daemon (mtastsctl(1), "JSON").
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/fwd.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cache/lmdb_cache.hpp"
#include "conf/config.hpp"
#include "core/time.hpp"
#include "postfix-policy/admin/problems_now.hpp"
#include "postfix-policy/answer_loop.hpp"
#include "postfix-policy/resolve_loop.hpp"
#include "resolver/health.hpp"
#include "service/config_file.hpp"
#include "service/shortages.hpp"

namespace mtasts {

// What changes only at a start or a reload.
struct StatusFacts {
  ConfigFile file;
  std::vector<std::string> listeners;
  Config config;
};

// What is gathered for one answer. nullopt: a thread did not reply in time, or the file can't be read.
struct StatusNow {
  Time started{}, now{};
  long pid = 0;
  std::size_t connections = 0;
  std::optional<Counters> counters;
  std::optional<FlightCounts> flights;
  Result<CacheStats> cache;
  CacheCondition condition{};
  ClockBelief clock{};
  std::optional<std::string> file_digest{};  // of the configuration file now
  std::vector<Problem> problems{};
};

boost::json::object status_object(const StatusFacts& facts, const Health& health, const StatusNow& now);

// The configuration in force, for mtastsctl: TOML text that parses to the same Config, the default paths that
// it was made with, and whether the file is still the same.
boost::json::object config_object(const StatusFacts& facts, const std::optional<std::string>& file_digest);

// Chooses which problems to log now: a new one at once, a lasting one once a minute.
class ProblemLog {
 public:
  std::vector<Problem> due(const std::vector<Problem>& problems, Shortages::Moment now);

 private:
  std::map<std::string, Shortages::Moment> told_;  // when each was logged last, by its code
};

// Gathers the status from all threads. Only the admin thread may call it, except the constructor.
class StatusDesk {
 public:
  // What is passed by reference or pointer must outlive this.
  StatusDesk(boost::asio::any_io_executor home, std::vector<AnswerLoop*> loops, ResolveLoop& resolve,
             LmdbCache& cache, const Clock& clock, Log& log, const Shortages& shortages);

  void use(StatusFacts facts) { facts_ = std::move(facts); }
  void use(HealthPtr health) { health_ = std::move(health); }

  boost::asio::awaitable<boost::json::object> answer();
  boost::asio::awaitable<boost::json::object> config();
  void watch();  // from now on, checks for problems every few seconds and logs them

 private:
  std::vector<Problem> problems(const std::optional<std::string>& file_digest) const;
  boost::asio::any_io_executor home_;
  std::vector<AnswerLoop*> loops_;
  ResolveLoop& resolve_;
  LmdbCache& cache_;
  const Clock& clock_;
  Time started_;
  StatusFacts facts_;
  HealthPtr health_ = std::make_shared<const Health>();
  Log& log_;
  const Shortages& shortages_;
  ProblemLog problem_log_;
  boost::asio::steady_timer timer_;
};

}  // namespace mtasts
