#include "postfix-policy/resolve_loop.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>

#include "answer/settings.hpp"
#include "postfix-policy/flight_log.hpp"
#include "resolver/health_plan.hpp"
#include "resolver/network.hpp"
#include "sys/descriptor_budget.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds clock_tick{1};

// The refresher's fetches, at most 128, come on top of those for askers.
FlightOptions flight_options() {
  FlightOptions options;
  auto fetches = static_cast<unsigned>(descriptor_budget().fetches);
  options.max_fetching = std::min(options.max_fetching, std::max(fetches - fetches / 6, 1u));
  options.max_fetching_each = std::max(options.max_fetching / 10, 1u);
  return options;
}

void log_clock(Log& log, const ClockBelief& belief) {
  if (belief.doubt == ClockDoubt::none)
    return log.say(Log::Level::info, "clock", "the clock is certain again");
  log.event(Log::Level::warning, "clock", {{"text", "the clock is in doubt"}, {"detail", words(belief)}});
}

}  // namespace

ResolveLoop::ResolveLoop(Store& store, const Clock& clock, Log& log, Shortages& shortages)
    : store_(store),
      clock_(clock),
      log_(log),
      flights_(
          loop_.get_executor(), nullptr, store, clock,
          [this, &shortages](const FlightReport& r) {
            if (r.found.put_off && r.trigger == Trigger::ask) shortages.note(Shortage::fetches);
            if (!r.found.shortage.empty()) shortages.note(Shortage::descriptors);
            log_flight(log_, r);
          },
          flight_options()),
      health_(loop_.get_executor(), clock, log,
              [this](std::shared_ptr<Network> network) { flights_.use(std::move(network)); }) {}

ResolveLoop::~ResolveLoop() { stop(); }

// libunbound works on the loop's thread, so it is made there if the loop runs.
Result<std::unique_ptr<Dns>> ResolveLoop::make_dns(const Config& config, const Resolvers& resolvers) {
  if (!thread_.joinable()) return make_unbound_dns(loop_, first_options(config.dns, resolvers));
  std::promise<Result<std::unique_ptr<Dns>>> made;
  auto future = made.get_future();
  asio::post(loop_, [&] { made.set_value(make_unbound_dns(loop_, first_options(config.dns, resolvers))); });
  return future.get();
}

Result<std::shared_ptr<Prepared>> ResolveLoop::make(const Config& config) {
  // It must be destroyed on the loop's thread, whoever the last owner is (this function on a failure, or a
  // flight).
  std::shared_ptr<Network> network(new Network, [this](Network* n) { discard(n); });
  Resolvers resolvers = system_resolvers();
  auto dns = make_dns(config, resolvers);
  if (!dns) return std::unexpected(std::move(dns.error()));
  std::shared_ptr<Dns> first = *std::move(dns);
  auto switched = std::make_unique<SwitchedDns>(first), for_sts = std::make_unique<SwitchedDns>(first);
  auto prepared = std::make_unique<Prepared>();
  prepared->dns = switched.get();
  prepared->sts_dns = for_sts.get();
  network->dns = std::move(switched);
  network->sts_dns = std::move(for_sts);
  auto fetch = make_https_fetch(loop_, https_options(config.https));
  if (!fetch) return std::unexpected(std::move(fetch.error()));
  network->fetch = *std::move(fetch);
  network->dane = dane_lookup_options(config);
  prepared->network = std::move(network);
  prepared->plan = make_health_plan(loop_, config, first, std::move(resolvers));
  return std::shared_ptr<Prepared>(prepared.release(), [this](Prepared* p) { discard(p); });
}

template <class T>
void ResolveLoop::discard(T* thing) {
  std::unique_ptr<T> owner(thing);
  if (!thread_.joinable() || thread_.get_id() == std::this_thread::get_id()) return;
  asio::post(loop_, [owner = std::move(owner)] {});
}

void ResolveLoop::use(std::shared_ptr<Prepared> prepared) {
  asio::post(loop_, [this, prepared = std::move(prepared)]() mutable { health_.use(std::move(prepared)); });
}

void ResolveLoop::count(std::move_only_function<void(FlightCounts)> deliver) {
  asio::post(loop_, [this, deliver = std::move(deliver)]() mutable {
    deliver({.flying = flights_.flying(), .waiting = flights_.waiting()});
  });
}

// Logs when a doubt about the clock begins, changes or ends. Renews the DNS context when the time of day has
// jumped.
asio::awaitable<void> ResolveLoop::watch_clock() {
  asio::steady_timer timer(loop_);
  ClockBelief told;
  std::chrono::seconds dns_made_at = clock_.check().wall_offset;
  for (;;) {
    ClockBelief seen = clock_.check();
    // A jump there and back within a second shows only in these members.
    bool jumped =
        seen.doubt != ClockDoubt::none &&
        (seen.doubt != told.doubt || seen.settled_from != told.settled_from || seen.jump != told.jump);
    if (jumped || std::chrono::abs(seen.wall_offset - dns_made_at) > max_step) {
      dns_made_at = seen.wall_offset;
      try {
        health_.renew_dns();
      } catch (const std::exception& error) {  // out of memory: this watch must go on
        log_.event(Log::Level::error, "dns", {{"text", "internal error"}, {"detail", error.what()}});
      }
    }
    if (seen.doubt != told.doubt || seen.jump != told.jump) log_clock(log_, seen);
    told = seen;
    timer.expires_after(clock_tick);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

void ResolveLoop::start() {
  RefresherOptions options;
  options.tell_late = [this](std::chrono::seconds late) { log_late_refreshes(log_, late); };
  asio::co_spawn(loop_, refresh_forever(flights_, store_, clock_, std::move(options)), asio::detached);
  asio::co_spawn(loop_, watch_clock(), asio::detached);
  thread_ = std::thread([this] { loop_.run(); });
}

void ResolveLoop::stop() {
  loop_.stop();
  if (thread_.joinable()) thread_.join();
  flights_.use(nullptr);  // flights under way keep theirs until the loop is destroyed
}

void ResolveLoop::ask(const Question& question, Deliver deliver) {
  asio::post(loop_, [this, question, deliver = std::move(deliver)]() mutable {
    flights_.ask(question, std::move(deliver));
  });
}

void ResolveLoop::look_up_again(const DomainName& domain, std::optional<Route> dane) {
  asio::post(loop_, [this, domain, dane] { flights_.look_up_again(domain, dane, Trigger::ask); });
}

}  // namespace mtasts
