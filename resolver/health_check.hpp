// health_check - watches the daemon's surroundings, on the resolve thread: does DNSSEC work, which way are
// names resolved, does the Postfix that asks do DANE itself. It publishes what it finds as a Health, and logs
// each change. It logs silence at every check, and other failures once an hour.
//
// It checks every 10 minutes, and every 30 seconds while nothing validates or Postfix's resolvers are silent.
// DNSSEC is down only if a way gave wrong answers and none validates. Silence is not a proof: DNSSEC then
// counts as before, and lookups fail by themselves.
//
// Every 30 seconds it also looks for two signs that something has changed: an answer has failed, as when a
// resolver in use begins to lie; or the Dns in use asks resolvers that are no longer in resolv.conf. Then it
// checks at once.
//
// While nothing validates, policies are looked up without validation. DANE is still looked up through the way
// in use if that gives any answer, and an answer that validates decides.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/host_memory.hpp"
#include "lookup/flights.hpp"
#include "ports/clock.hpp"
#include "resolver/ad_check.hpp"
#include "resolver/health.hpp"
#include "resolver/resolver_choice.hpp"
#include "resolver/switched_dns.hpp"
#include "service/log.hpp"

namespace mtasts {

// What is to be watched, by one configuration.
struct HealthPlan {
  TrustAnchor anchor;
  std::shared_ptr<Dns> ready;  // the Dns of the first way
  Trial first;                 // the way and the servers in use before the first check
  MakeDns make;                // makes a new Dns for a trial
  std::function<WaysToTry(const Resolvers& system)> ways;
  std::function<Resolvers()> resolvers;  // of /etc/resolv.conf, now
  Resolvers made_for;                    // what they were when the first Dns was made
  bool private_zones = false;            // there are some; every way asks the resolvers about them
  bool ask_postfix = false;              // some postfix_dane is "auto"
  std::function<std::vector<AdResult>()> postfix_resolvers;
};

// What is made from one configuration. None of it is used before HealthCheck::use().
struct Prepared {
  std::shared_ptr<Network> network;
  SwitchedDns* dns = nullptr;      // network's own, to be switched
  SwitchedDns* sts_dns = nullptr;  // likewise
  HealthPlan plan;

  // HealthCheck's own notes.
  struct InUse {
    Way way = Way::configured;
    Resolvers servers;           // that it asks
    Resolvers resolvers;         // of resolv.conf when it was made
    std::shared_ptr<Dns> dns;    // what prepared->dns asks through
    std::shared_ptr<Dns> plain;  // what sts_dns asks through while nothing validates; else nullptr
  } in_use{};
  bool handed_over = false;  // network was given to Ready
};

struct HealthTimes {
  std::chrono::milliseconds usual{600'000}, retry{30'000}, limit{3000};
};

class HealthCheck {
 public:
  using Publish = std::function<void(HealthPtr)>;
  using Remember = std::function<void(const HostMemory&)>;
  using Ready = std::function<void(std::shared_ptr<Network>)>;  // flights may use it from now on

  // ready and publish are called on the executor's thread; publish must only post. clock and log must outlive
  // this, and this must outlive the executor's last handler.
  HealthCheck(boost::asio::any_io_executor executor, const Clock& clock, Log& log, Ready ready)
      : executor_(std::move(executor)), clock_(clock), log_(log), ready_(std::move(ready)) {}
  HealthCheck(const HealthCheck&) = delete;
  HealthCheck& operator=(const HealthCheck&) = delete;

  void publish_to(Publish publish) { publish_ = std::move(publish); }  // before the first use()
  void set_times(const HealthTimes& times) { times_ = times; }         // for tests

  // memory: what was known before a restart. remember: called to store what is known now. To be called before
  // the first use().
  void recall(const HostMemory& memory, Remember remember);

  // Starts to watch this configuration, and stops watching the one before. Gives its network to ready as soon
  // as a way is chosen.
  void use(std::shared_ptr<Prepared> prepared);

  // Replaces the Dns in use by a new one that goes the same way. For when the clock has jumped: libunbound
  // keeps what it judged at the wrong time, above all that the root's keys are bogus.
  void renew_dns();

 private:
  using PreparedPtr = std::shared_ptr<Prepared>;
  using Tested = DnssecCheck::Outcome;
  boost::asio::awaitable<void> watch_dns(std::weak_ptr<Prepared> watched);
  boost::asio::awaitable<void> watch_postfix(std::weak_ptr<Prepared> watched);
  boost::asio::awaitable<void> sleep(std::weak_ptr<Prepared> watched, std::chrono::milliseconds time);
  boost::asio::awaitable<Tested> check_dns(PreparedPtr prepared);
  bool current(const PreparedPtr& prepared) const noexcept { return prepared && prepared_ == prepared; }
  void take(Prepared& prepared, Choice& choice, Resolvers resolvers);
  void hand_over(Prepared& prepared);
  // clock: as it was before the first question.
  void found(const Choice& choice, const ClockBelief& clock);
  void tell_clock(const Choice& choice, const ClockBelief& clock);
  void still_down(Time now);
  void found_dnssec(bool works, const std::string& detail);
  void found_silence(const Choice& choice);
  void found_way(const std::string& words, bool good);
  void found_postfix(const AdFinding& finding);
  void judge_postfix(const AdFinding& finding);
  void recall_postfix();
  std::string postfix_words() const;
  void remember();
  void publish();

  // Says when something is to be logged: at each change, and once an hour while it is bad.
  struct Alarm {
    bool due(Time now, bool alarm, bool changed) noexcept;
    Time last{};
  };

  boost::asio::any_io_executor executor_;
  const Clock& clock_;
  Log& log_;
  Ready ready_;
  Publish publish_;
  HealthTimes times_;
  PreparedPtr prepared_;
  Health health_;
  HostMemory memory_, remembered_;
  Remember remember_;
  bool ever_found_ = false;           // something about DNSSEC
  unsigned postfix_nos_ = 0;          // checks in a row that said no, since the start
  bool clock_blamed_ = false;         // by the last check
  std::optional<Time> silent_since_;  // other questions are answered, but none about DNSSEC
  Alarm dnssec_alarm_, postfix_alarm_;
};

}  // namespace mtasts
