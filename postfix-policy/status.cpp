#include "postfix-policy/status.hpp"

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "core/finding.hpp"
#include "core/time_text.hpp"
#include "version.hpp"

namespace mtasts {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::chrono::seconds patience{2};  // with threads that are busy

json::string text(std::string_view value) {
  std::string line = printable(value, 4096);  // JSON is UTF-8, a path need not be
  return json::string(line);
}

json::value time_or_null(Time time) {
  return time == Time{} ? json::value(nullptr) : json::value(json::string(utc_text(time)));
}

json::object dns(const Health& health) {
  return {{"way", text(health.way)}, {"answers", health.dns_answers}, {"detail", text(health.dns_detail)}};
}

// Where nobody answers nothing is validated either.
json::object dnssec(const Health& health) {
  bool answers = health.dns_answers;
  return {{"works", answers && health.dnssec},
          {"detail", text(answers ? health.dnssec_detail : "DNS does not answer: " + health.dns_detail)},
          {"checked", time_or_null(health.checked_at)}};
}

json::value postfix_dane(const PolicyConfig& policy, const Health& health) {
  if (policy.postfix_dane != "auto") return policy.postfix_dane == "yes";
  return health.postfix_dane ? json::value(*health.postfix_dane) : json::value(nullptr);
}

json::object postfix(const Config& config, const Health& health) {
  json::object zones;
  for (const auto& [name, policy] : config.zones)
    zones[name] = json::object{{"mode", text(policy.postfix_dane)}, {"value", postfix_dane(policy, health)}};
  return {{"mode", text(config.policy.postfix_dane)},
          {"value", postfix_dane(config.policy, health)},
          {"answered", health.postfix_answered},
          {"detail", text(health.postfix_detail)},
          {"zones", std::move(zones)}};
}

json::object cache_object(const std::string& path, const Result<CacheStats>& stats) {
  if (!stats) return {{"path", text(path)}, {"error", text(stats.error().detail)}};
  return {{"path", text(path)},
          {"policies", stats->policies},
          {"negatives", stats->negatives},
          {"used_bytes", stats->used_bytes},
          {"file_bytes", stats->file_bytes}};
}

json::value flights(const std::optional<FlightCounts>& counts) {
  if (!counts) return nullptr;
  return json::object{{"flying", counts->flying}, {"waiting", counts->waiting}};
}

json::value counters(const std::optional<Counters>& counts) {
  if (!counts) return nullptr;
  return json::object{{"requests", counts->requests},
                      {"cached", counts->cached},
                      {"missed", counts->missed},
                      {"refused", counts->refused}};
}

json::array listeners(const StatusFacts& facts) {
  json::array list;
  for (const std::string& each : facts.listeners) list.push_back(text(each));
  return list;
}

// What other threads still have to send. Only the admin thread touches it; they hold weak pointers to post
// home with.
struct Gathering {
  Gathering(const asio::any_io_executor& home, std::size_t loops)
      : timer(home, patience), missing(loops + 1) {}
  void one_less() {
    if (--missing == 0) timer.cancel();
  }
  asio::steady_timer timer;
  std::size_t missing;
  Counters sum;
  std::size_t loops = 0;
  std::optional<FlightCounts> flights;
};
using GatheringPtr = std::shared_ptr<Gathering>;

void add(Gathering& gathering, const Counters& counters) {
  gathering.sum.requests += counters.requests;
  gathering.sum.cached += counters.cached;
  gathering.sum.missed += counters.missed;
  gathering.sum.refused += counters.refused;
  ++gathering.loops;
  gathering.one_less();
}

void ask(AnswerLoop& loop, const asio::any_io_executor& home, const GatheringPtr& gathering) {
  loop.count([home, weak = std::weak_ptr(gathering)](Counters counters) {
    asio::post(home, [weak, counters] {
      if (auto alive = weak.lock()) add(*alive, counters);
    });
  });
}

void ask(ResolveLoop& resolve, const asio::any_io_executor& home, const GatheringPtr& gathering) {
  resolve.count([home, weak = std::weak_ptr(gathering)](FlightCounts counts) {
    asio::post(home, [weak, counts] {
      auto alive = weak.lock();
      if (!alive) return;
      alive->flights = counts;
      alive->one_less();
    });
  });
}

}  // namespace

json::object status_object(const StatusFacts& facts, const Health& health, const StatusNow& now) {
  return {{"version", text(version)},
          {"pid", now.pid},
          {"started", time_or_null(now.started)},
          {"uptime", (now.now - now.started).count()},
          {"config", facts.config_file.empty() ? json::value(nullptr) : json::value(text(facts.config_file))},
          {"listeners", listeners(facts)},
          {"connections", now.connections},
          {"dns", dns(health)},
          {"dnssec", dnssec(health)},
          {"postfix_dane", postfix(facts.config, health)},
          {"cache", cache_object(facts.config.cache.path, now.cache)},
          {"flights", flights(now.flights)},
          {"counters", counters(now.counters)}};
}

StatusDesk::StatusDesk(asio::any_io_executor home, std::vector<AnswerLoop*> loops, ResolveLoop& resolve,
                       LmdbCache& cache_of_all, const Clock& clock)
    : home_(std::move(home)),
      loops_(std::move(loops)),
      resolve_(resolve),
      cache_(cache_of_all),
      clock_(clock),
      started_(clock.now()) {}

asio::awaitable<json::object> StatusDesk::answer() {
  auto gathering = std::make_shared<Gathering>(home_, loops_.size());
  for (AnswerLoop* loop : loops_) ask(*loop, home_, gathering);
  ask(resolve_, home_, gathering);
  co_await gathering->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  StatusNow now{.started = started_,
                .now = clock_.now(),
                .pid = ::getpid(),
                .connections = 0,
                .counters = {},
                .flights = gathering->flights,
                .cache = cache_.stats()};
  for (AnswerLoop* loop : loops_) now.connections += loop->connections();
  if (gathering->loops == loops_.size()) now.counters = gathering->sum;
  co_return status_object(facts_, *health_, now);
}

}  // namespace mtasts
