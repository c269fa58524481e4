// health_check - looks after the daemon's surroundings, on the resolve thread: does DNSSEC work, by which way
// are names resolved, does the Postfix that asks do DANE itself. What it finds is published as a Health, and
// logged when it changes; a failure is logged each time.
//
// Every 10 minutes; while DNSSEC is down after 30 seconds, then after twice that, up to 10 minutes; while DNS
// does not answer every 30 seconds. Silence is no proof: DNSSEC counts as before, and lookups fail by
// themselves. Every 30 seconds it is seen whether the Dns in use can't answer any more, or asks resolvers
// that are not in resolv.conf now; then at once.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lookup/flights.hpp"
#include "lookup/resolver_choice.hpp"
#include "lookup/switched_dns.hpp"
#include "ports/clock.hpp"
#include "postfix-policy/ad_check.hpp"
#include "postfix-policy/log.hpp"
#include "setup/health.hpp"

namespace mtasts {

// What is to be looked after, by one configuration.
struct HealthPlan {
  bool choose = false;  // [dns] forward = "auto"
  std::string way;      // words for it, if it is not to be chosen
  TrustAnchor anchor;
  MakeDns make;                          // a new Dns, to be tried
  std::function<Resolvers()> resolvers;  // of /etc/resolv.conf, now
  Resolvers made_for;                    // what they were when the first Dns was made
  bool private_zones = false;            // there are some, and by every way they are asked from the resolvers
  bool ask_postfix = false;              // some postfix_dane is "auto"
  std::function<std::vector<AdResult>()> postfix_resolvers;
};

// What one configuration makes; nothing of it works before HealthCheck::use().
struct Prepared {
  std::shared_ptr<Network> network;
  SwitchedDns* dns = nullptr;  // network's own, to be switched
  HealthPlan plan;

  // HealthCheck's own notes.
  struct InUse {
    Way way = Way::configured;
    Resolvers resolvers;     // of resolv.conf when it was made
  } in_use{};                // what dns asks through: changes only together with that
  bool handed_over = false;  // network is, to ready
};

struct HealthTimes {
  std::chrono::milliseconds usual{600'000}, first_retry{30'000}, limit{3000};
};
// How long to wait after DNSSEC was down so many times in a row.
std::chrono::milliseconds next_look(unsigned failures, const HealthTimes& times) noexcept;

class HealthCheck {
 public:
  using Publish = std::function<void(HealthPtr)>;
  using Ready = std::function<void(std::shared_ptr<Network>)>;  // flights may use it from now on

  // Both are called on the executor's thread; publish must only post. clock and log outlive this, and this
  // outlives the executor's last handler.
  HealthCheck(boost::asio::any_io_executor executor, const Clock& clock, Log& log, Ready ready)
      : executor_(std::move(executor)), clock_(clock), log_(log), ready_(std::move(ready)) {}
  HealthCheck(const HealthCheck&) = delete;
  HealthCheck& operator=(const HealthCheck&) = delete;

  void publish_to(Publish publish) { publish_ = std::move(publish); }  // before the first use()
  void set_times(const HealthTimes& times) { times_ = times; }         // for tests

  // Begins to look after this one, and no longer after the one before. Hands its network to ready: at once,
  // or as soon as a way is chosen.
  void use(std::shared_ptr<Prepared> prepared);

  // Replaces the Dns in use by a new one that goes the same way. For when the clock has jumped: libunbound
  // keeps what it judged by the wrong time, above all that the root's keys are bogus.
  void renew_dns();

 private:
  using PreparedPtr = std::shared_ptr<Prepared>;
  using Tested = SelfTest::Outcome;
  boost::asio::awaitable<void> watch_dns(std::weak_ptr<Prepared> watched);
  boost::asio::awaitable<void> watch_postfix(std::weak_ptr<Prepared> watched);
  boost::asio::awaitable<void> sleep(std::weak_ptr<Prepared> watched, std::chrono::milliseconds time);
  boost::asio::awaitable<Tested> look_at_dns(PreparedPtr prepared);
  boost::asio::awaitable<Trial> try_way_in_use(PreparedPtr prepared, ChoiceOptions options);
  boost::asio::awaitable<Tested> choose_again(PreparedPtr prepared, ChoiceOptions options, bool only_silent);
  bool current(const PreparedPtr& prepared) const noexcept { return prepared && prepared_ == prepared; }
  bool worked() const noexcept {
    return health_.checked_at != Time{} && health_.dnssec && health_.dns_answers;
  }
  bool must_choose(const Prepared& prepared, const Resolvers& resolvers) const noexcept;
  ChoiceOptions choice_options(const Prepared& prepared) const;
  void take(Prepared& prepared, Choice choice, Resolvers resolvers);
  void hand_over(Prepared& prepared);
  void found(Tested outcome, const std::string& detail);
  void found_dnssec(bool works, const std::string& detail);
  void found_silence(const std::string& detail);
  void found_way(const std::string& words, bool good);
  void found_postfix(const AdFinding& finding);
  void publish();

  boost::asio::any_io_executor executor_;
  const Clock& clock_;
  Log& log_;
  Ready ready_;
  Publish publish_;
  HealthTimes times_;
  PreparedPtr prepared_;
  Health health_;
  bool ever_found_ = false;  // something about DNSSEC
};

}  // namespace mtasts
