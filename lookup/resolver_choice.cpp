#include "lookup/resolver_choice.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

namespace mtasts {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

using Tested = SelfTest::Outcome;

bool works(const std::optional<SelfTest>& test) noexcept { return test && test->works(); }

std::string why_not(const std::optional<SelfTest>& test) { return test ? test->detail : std::string(); }

std::string why_no_recursion(const Tried& tried) {
  std::string why = "recursion fails: " + why_not(tried.recursion);
  return why.contains("timeout") ? why + ", is port 53 filtered?" : why;
}

std::string list(const Resolvers& resolvers) {
  std::string text = "resolvers ";
  for (std::size_t i = 0; i < resolvers.size(); ++i) text += (i == 0 ? "" : ", ") + resolvers[i];
  return text + " from /etc/resolv.conf";
}

Choice choice(Way way, Tested outcome, std::string detail, std::string words) {
  return {
      .way = way, .outcome = outcome, .detail = std::move(detail), .words = std::move(words), .dns = nullptr};
}

Choice validated(Way way, const SelfTest& test, std::string words) {
  return choice(way, Tested::works, test.detail, std::move(words));
}

Choice chosen(const Tried& tried, const Resolvers& resolvers) {
  if (works(tried.recursion))
    return validated(Way::recursion, *tried.recursion, "recursion: the root's keys validate");
  std::string names = list(resolvers), why = why_no_recursion(tried);
  if (works(tried.resolvers)) return validated(Way::resolvers, *tried.resolvers, names + ": " + why);
  why += "; " + names + ": " + why_not(tried.resolvers);
  if (works(tried.unvalidated))
    return choice(Way::unvalidated, Tested::broken, why,
                  names + ", without DNSSEC: neither they nor recursion validate");
  return choice(Way::recursion, tried.recursion->outcome, why,
                "recursion, though it fails: the " + names + " do not answer either");
}

// What the three trials share with who waits for them. A trial that comes late writes into it for nobody, and
// takes the Dns of a way not taken along: that is at the latest after its own timeout.
struct Race {
  Race(const asio::any_io_executor& executor, ChoiceOptions options_)
      : options(std::move(options_)), changed(executor, options.limit) {}

  std::optional<SelfTest>& result(Way way) noexcept {
    if (way == Way::unvalidated) return tried.unvalidated;
    return way == Way::resolvers ? tried.resolvers : tried.recursion;
  }
  std::shared_ptr<Dns>& dns(Way way) noexcept {
    if (way == Way::unvalidated) return unvalidated;
    return way == Way::resolvers ? resolvers : recursion;
  }

  ChoiceOptions options;
  asio::steady_timer changed;  // ends at the limit; cancelled by each result
  Tried tried;
  std::shared_ptr<Dns> recursion, resolvers, unvalidated;
};
using RacePtr = std::shared_ptr<Race>;

asio::awaitable<SelfTest> ask(std::shared_ptr<Dns> dns, Way way, TrustAnchor anchor, const Clock& clock) {
  if (way == Way::unvalidated) return answers_at_all(std::move(dns));
  return self_test(std::move(dns), std::move(anchor), clock);
}

asio::awaitable<void> run_trial(RacePtr race, Way way, const Clock& clock) {
  SelfTest result;
  try {
    auto made = race->options.make(way, race->options.resolvers);
    if (made) {
      race->dns(way) = *made;
      result = co_await ask(*std::move(made), way, race->options.anchor, clock);
    } else {
      result.detail = std::move(made.error().detail);
    }
  } catch (const std::exception& error) {
    result.detail = std::string("internal error: ") + error.what();
  }
  race->result(way) = std::move(result);
  race->changed.cancel();
}

void begin(const RacePtr& race, Way way, const Clock& clock) {
  asio::co_spawn(race->changed.get_executor(), run_trial(race, way, clock), asio::detached);
}

// Until a trial ends or the time is up; true: it is up.
asio::awaitable<bool> wait(RacePtr race) {
  co_await race->changed.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return steady_clock::now() >= race->changed.expiry();
}

// For a way that has not answered when the time is up.
SelfTest timeout(std::chrono::milliseconds limit) {
  auto ms = limit.count();
  std::string words = ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
  return {.outcome = Tested::no_answer, .detail = "no answer to the root's DNSKEY: timeout after " + words};
}

}  // namespace

std::optional<Choice> choose(const Tried& tried, const Resolvers& resolvers) {
  for (const auto* test : {&tried.recursion, &tried.resolvers, &tried.unvalidated}) {
    if (!*test) return std::nullopt;
    if (works(*test)) break;
  }
  return chosen(tried, resolvers);
}

asio::awaitable<Choice> choose_way(ChoiceOptions options, const Clock& clock) {
  auto executor = co_await asio::this_coro::executor;
  auto race = std::make_shared<Race>(executor, std::move(options));
  constexpr Way ways[] = {Way::recursion, Way::resolvers, Way::unvalidated};
  for (Way way : ways) begin(race, way, clock);
  auto best = choose(race->tried, race->options.resolvers);
  while (!best) {
    bool time_is_up = co_await wait(race);
    for (Way way : ways) {
      if (time_is_up && !race->result(way)) race->result(way) = timeout(race->options.limit);
    }
    best = choose(race->tried, race->options.resolvers);
  }
  best->dns = std::move(race->dns(best->way));
  co_return *std::move(best);
}

asio::awaitable<Trial> try_way(ChoiceOptions options, Way way, const Clock& clock) {
  auto executor = co_await asio::this_coro::executor;
  auto race = std::make_shared<Race>(executor, std::move(options));
  begin(race, way, clock);
  bool time_is_up = false;
  while (!race->result(way) && !time_is_up) time_is_up = co_await wait(race);
  Trial trial{.test = race->result(way) ? *race->result(way) : timeout(race->options.limit),
              .dns = std::move(race->dns(way))};
  co_return trial;
}

}  // namespace mtasts
