#include "postfix-policy/admin/status.hpp"

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "answer/answer_json.hpp"
#include "answer/json.hpp"
#include "conf/parse.hpp"
#include "core/finding.hpp"
#include "core/time_text.hpp"
#include "version.hpp"

namespace mtasts {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::chrono::seconds patience{2};  // how long busy threads may take to reply
constexpr std::chrono::seconds watch_interval{5};

json::string text(std::string_view value) {
  std::string line = printable(value, 4096);  // JSON must be UTF-8, and a path may be anything
  return json::string(line);
}

json::object dns(const Health& health) {
  return {{"way", text(health.way)}, {"answers", health.dns_answers}, {"detail", text(health.dns_detail)}};
}

// If DNS does not answer, DNSSEC does not work either.
json::object dnssec(const Health& health, Time now) {
  bool answers = health.dns_answers;
  return {{"works", answers && health.dnssec},
          {"detail", text(answers ? health.dnssec_detail : "DNS does not answer: " + health.dns_detail)},
          {"checked", time_or_null(health.checked_at)},
          {"worked_once", health.dnssec_worked},
          {"down_for", health.dnssec_down_since == Time{}
                           ? json::value(nullptr)
                           : json::value((now - health.dnssec_down_since).count())}};
}

json::value postfix_dane(const ZoneSettings& policy, const Health& health) {
  if (policy.postfix_dane != PostfixDaneSetting::automatic)
    return policy.postfix_dane == PostfixDaneSetting::yes;
  return health.postfix_dane ? json::value(*health.postfix_dane) : json::value(nullptr);
}

json::object postfix(const Config& config, const Health& health) {
  json::object zones;
  for (const auto& [name, policy] : config.zones)
    zones[name] =
        json::object{{"mode", text(words(policy.postfix_dane))}, {"value", postfix_dane(policy, health)}};
  return {{"mode", text(words(config.policy.postfix_dane))},
          {"value", postfix_dane(config.policy, health)},
          {"answered", health.postfix_answered},
          {"doubtful", health.postfix_doubtful},
          {"detail", text(health.postfix_detail)},
          {"zones", std::move(zones)}};
}

json::value text_or_null(const std::string& value) {
  return value.empty() ? json::value(nullptr) : json::value(text(value));
}

json::object cache_object(const std::string& path, const Result<CacheStats>& stats,
                          const CacheCondition& condition) {
  if (!stats) return {{"path", text(path)}, {"error", text(stats.error().detail)}};
  return {{"path", text(path)},
          {"policies", stats->policies},
          {"negatives", stats->negatives},
          {"used_bytes", stats->used_bytes},
          {"file_bytes", stats->file_bytes},
          {"lost", condition.lost},
          {"more_lost", condition.more_lost},
          {"salvaged", condition.salvaged},
          {"damaged_at", time_or_null(condition.damaged_at.value_or(Time{}))},
          {"set_aside", text_or_null(condition.set_aside)}};
}

json::object configuration(const ConfigFile& file, const std::optional<std::string>& digest) {
  return {{"file", text_or_null(file.path)},
          {"loaded", time_or_null(file.loaded)},
          {"sha256", text_or_null(file.digest)},
          {"file_sha256", text_or_null(digest.value_or(""))},
          {"changed", !file.path.empty() && digest != file.digest}};
}

json::object clock(const ClockBelief& belief) {
  bool certain = belief.doubt == ClockDoubt::none;
  json::object object = clock_json({certain, belief.last_certain});
  object["detail"] = text(words(belief));
  return object;
}

json::array problem_array(const std::vector<Problem>& problems) {
  json::array list;
  for (const Problem& each : problems)
    list.push_back(json::object{{"code", text(each.code)}, {"text", text(each.text)}});
  return list;
}

json::value flights(const std::optional<FlightCounts>& counts) {
  if (!counts) return nullptr;
  return json::object{{"flying", counts->flying}, {"waiting", counts->waiting}};
}

json::value counters(const std::optional<Counters>& counts) {
  if (!counts) return nullptr;
  return json::object{{"requests", counts->requests},    {"cached", counts->cached},
                      {"missed", counts->missed},        {"refused", counts->refused},
                      {"no_host", counts->no_host},      {"overridden", counts->overridden},
                      {"unreadable", counts->unreadable}};
}

json::array listeners(const StatusFacts& facts) {
  json::array list;
  for (const std::string& each : facts.listeners) list.push_back(text(each));
  return list;
}

// What the threads have sent so far, and how many replies are missing. Only the admin thread uses it. The
// other threads hold weak pointers to it, with which they post their replies here.
struct Gathering {
  Gathering(const asio::any_io_executor& home, std::size_t asked)
      : timer(home, patience), missing(asked + 1) {}
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
  gathering.sum.no_host += counters.no_host;
  gathering.sum.overridden += counters.overridden;
  gathering.sum.unreadable += counters.unreadable;
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
          {"config", text_or_null(facts.file.path)},
          {"configuration", configuration(facts.file, now.file_digest)},
          {"listeners", listeners(facts)},
          {"connections", now.connections},
          {"clock", clock(now.clock)},
          {"dns", dns(health)},
          {"dnssec", dnssec(health, now.now)},
          {"postfix_dane", postfix(facts.config, health)},
          {"cache", cache_object(facts.config.cache.path, now.cache, now.condition)},
          {"flights", flights(now.flights)},
          {"counters", counters(now.counters)},
          {"problems", problem_array(now.problems)}};
}

json::object config_object(const StatusFacts& facts, const std::optional<std::string>& file_digest) {
  return {{"configuration", configuration(facts.file, file_digest)},
          {"text", json::string(to_toml(facts.config))},
          {"state", text(facts.config.cache.path)},
          {"control", text(facts.config.listen.control)}};
}

std::vector<Problem> ProblemLog::due(const std::vector<Problem>& problems, Shortages::Moment now) {
  std::map<std::string, Shortages::Moment> told;
  std::vector<Problem> due;
  for (const Problem& each : problems) {
    auto before = told_.find(each.code);
    bool silent = before != told_.end() && now - before->second < std::chrono::minutes(1);
    bool second = told.contains(each.code);  // problems with one code are logged together
    if (!silent) due.push_back(each);
    if (!second) told.emplace(each.code, silent ? before->second : now);
  }
  told_ = std::move(told);
  return due;
}

StatusDesk::StatusDesk(asio::any_io_executor home, std::vector<AnswerLoop*> loops, ResolveLoop& resolve,
                       LmdbCache& cache_of_all, const Clock& clock, Log& log, const Shortages& shortages)
    : home_(std::move(home)),
      loops_(std::move(loops)),
      resolve_(resolve),
      cache_(cache_of_all),
      clock_(clock),
      started_(clock.now()),
      log_(log),
      shortages_(shortages),
      timer_(home_) {}

std::vector<Problem> StatusDesk::problems(const std::optional<std::string>& file_digest) const {
  return problems_now(cache_.condition(), shortages_, facts_.file, file_digest, clock_.check(), clock_.now(),
                      std::chrono::steady_clock::now());
}

void StatusDesk::watch() {
  timer_.expires_after(watch_interval);
  timer_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled) return;
    for (const Problem& each :
         problem_log_.due(problems(facts_.file.digest), std::chrono::steady_clock::now()))
      log_.event(Log::Level::warning, "problem", {{"code", each.code}, {"text", each.text}});
    watch();
  });
}

asio::awaitable<json::object> StatusDesk::config() {
  co_return config_object(facts_, digest_now(facts_.file));
}

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
                .cache = cache_.stats(),
                .condition = cache_.condition(),
                .clock = clock_.check(),
                .file_digest = digest_now(facts_.file),
                .problems = {}};
  now.problems = problems(now.file_digest);
  for (AnswerLoop* loop : loops_) now.connections += loop->connections();
  if (gathering->loops == loops_.size()) now.counters = gathering->sum;
  co_return status_object(facts_, *health_, now);
}

}  // namespace mtasts
