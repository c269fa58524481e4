#include "resolver/resolver_choice.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <span>

namespace mtasts {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

using Tested = DnssecCheck::Outcome;
using Same = std::span<const Trial>;  // the trials of one way

bool works(const Trial& trial) noexcept { return trial.test && trial.test->works(); }
bool answers(const Trial& trial) noexcept { return trial.test && trial.test->outcome != Tested::no_answer; }
bool known(const Trial& trial) noexcept { return trial.test.has_value(); }

Same trials_of(const Trials& trials, Way way) noexcept {
  auto first = std::ranges::find(trials, way, &Trial::way);
  auto last = std::find_if(first, trials.end(), [&](const Trial& each) { return each.way != way; });
  return {first, last};
}

std::string list(const Resolvers& resolvers) {
  std::string text;
  for (const NameServer& each : resolvers) text += (text.empty() ? "" : ", ") + to_string(each);
  return text;
}

std::string name_of(Way way, const Resolvers& servers, const WaysToTry& ways) {
  if (way == Way::recursion) return "recursion";
  if (ways.choose) return "resolvers " + list(servers) + " from /etc/resolv.conf";
  return ways.words;
}

// "192.0.2.1: no answer …; 192.0.2.2: …", or only the cause if all have the same.
std::string why_not(Same trials) {
  const std::string& first = trials.front().test->detail;
  if (std::ranges::all_of(trials, [&](const Trial& each) { return each.test->detail == first; }))
    return first;
  std::string text;
  for (const Trial& each : trials)
    text += (text.empty() ? "" : "; ") + list(each.servers) + ": " + each.test->detail;
  return text;
}

std::string why_no_recursion(Same trials) {
  std::string why = "recursion fails: " + why_not(trials);
  bool silent = why.contains("timeout") || why.contains("SERVFAIL");  // no server of the root answered
  return silent ? why + ", is port 53 filtered?" : why;
}

// Warnings about a way that works: a key that is missing, resolvers that are left out.
std::string warnings(Same trials) {
  std::string text;
  for (const Trial& each : trials) {
    if (each.test->detail.empty()) continue;
    std::string line =
        works(each) ? each.test->detail : list(each.servers) + " is not asked: " + each.test->detail;
    if (!text.contains(line)) text += (text.empty() ? "" : "; ") + line;
  }
  return text;
}

template <class Wanted>
void take_servers(Choice& choice, Same trials, Wanted wanted) {
  bool one = std::ranges::count_if(trials, wanted) == 1;
  for (const Trial& each : trials) {
    if (!wanted(each)) continue;
    choice.servers.insert(choice.servers.end(), each.servers.begin(), each.servers.end());
    if (one) choice.dns = each.dns;
  }
}

Choice validated(const Trials& trials, const WaysToTry& ways, Way way) {
  Same same = trials_of(trials, way);
  Choice choice;
  choice.way = way;
  choice.outcome = Tested::works;
  take_servers(choice, same, works);
  choice.detail = warnings(same);
  choice.words = name_of(way, choice.servers, ways);
  if (way == Way::recursion) choice.words += ": the root's keys validate";
  if (way == Way::resolvers) choice.words += ": " + why_no_recursion(trials_of(trials, Way::recursion));
  return choice;
}

std::string words_without_dnssec(const Choice& choice, const WaysToTry& ways) {
  std::string all = name_of(Way::resolvers, ways.resolvers, ways);
  bool list = !ways.resolvers.empty();
  if (choice.plain && ways.choose) return all + ", without DNSSEC: neither they nor recursion validate";
  if (choice.plain) return all + ", without DNSSEC: " + (list ? "they do" : "it does") + " not validate";
  if (!ways.choose) return all;
  if (choice.way == Way::recursion) return "recursion, though it fails: the " + all + " do not answer either";
  return all + ", though they fail: recursion does not answer either";
}

// Nothing validates. Takes a way that answers, because single answers may still validate.
Choice unvalidated(const Trials& trials, const WaysToTry& ways) {
  Choice choice;
  for (Way way : {Way::configured, Way::recursion, Way::resolvers}) {
    Same same = trials_of(trials, way);
    if (same.empty()) continue;
    bool answered = std::ranges::any_of(same, answers);
    if (!answered) choice.silent.push_back(way);
    for (const Trial& each : same) choice.blames_clock = choice.blames_clock || each.test->blames_clock;
    bool first = choice.detail.empty();
    choice.detail +=
        (first ? "" : "; ") + (way == Way::recursion ? why_no_recursion(same)
                               : ways.choose ? name_of(way, ways.resolvers, ways) + ": " + why_not(same)
                                             : why_not(same));
    if (!first && (choice.outcome == Tested::broken || !answered)) continue;
    choice.way = way;
    choice.servers.clear();
    choice.dns = nullptr;
    choice.outcome = answered ? Tested::broken : Tested::no_answer;
    take_servers(choice, same, known);  // all of them: the only good one may have been too slow for the trial
  }
  for (const Trial& each : trials_of(trials, Way::unvalidated))
    if (works(each)) choice.plain = each.dns;
  choice.words = words_without_dnssec(choice, ways);
  return choice;
}

// What the trials share with the coroutine that waits for them. A trial that ends late writes into it for
// nobody. It also frees the Dns of a way that was not taken, after that Dns's own timeout at the latest.
struct Race {
  Race(const asio::any_io_executor& executor, ChoiceOptions options_)
      : options(std::move(options_)), changed(executor, options.limit), trials(trials_for(options.ways)) {}

  ChoiceOptions options;
  asio::steady_timer changed;  // expires at the limit; each result cancels it
  Trials trials;
};
using RacePtr = std::shared_ptr<Race>;

asio::awaitable<DnssecCheck> ask(std::shared_ptr<Dns> dns, Way way, TrustAnchor anchor, const Clock& clock) {
  if (way == Way::unvalidated) return answers_at_all(std::move(dns));
  return check_dnssec(std::move(dns), std::move(anchor), clock);
}

asio::awaitable<void> run_trial(RacePtr race, std::size_t number, const Clock& clock) {
  Trial& trial = race->trials[number];
  DnssecCheck result;
  try {
    auto made = race->options.make(trial.way, trial.servers);
    if (made) {
      trial.dns = *made;
      result = co_await ask(*std::move(made), trial.way, race->options.anchor, clock);
    } else {
      result.detail = std::move(made.error().detail);
    }
  } catch (const std::exception& error) {
    result.detail = std::string("internal error: ") + error.what();
  }
  if (!trial.test) trial.test = std::move(result);  // otherwise the time was up
  race->changed.cancel();
}

// Waits until a trial ends or the time is up. Returns true if the time is up.
asio::awaitable<bool> wait(RacePtr race) {
  co_await race->changed.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return steady_clock::now() >= race->changed.expiry();
}

// For a way that has not answered when the time is up.
DnssecCheck timeout(std::chrono::milliseconds limit) {
  auto ms = limit.count();
  std::string words = ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
  return {.outcome = Tested::no_answer, .detail = "no answer to the root's DNSKEY: timeout after " + words};
}

}  // namespace

Trials trials_for(const WaysToTry& ways) {
  Trials trials;
  if (ways.choose) trials.push_back({.way = Way::recursion, .servers = {}});
  Way listed = ways.choose ? Way::resolvers : Way::configured;
  for (const NameServer& each : ways.resolvers) trials.push_back({.way = listed, .servers = {each}});
  if (!ways.choose && ways.resolvers.empty()) trials.push_back({.way = Way::configured, .servers = {}});
  trials.push_back({.way = Way::unvalidated, .servers = ways.resolvers});
  return trials;
}

std::optional<Choice> choose(const Trials& trials, const WaysToTry& ways) {
  for (Way way : {Way::configured, Way::recursion, Way::resolvers}) {
    Same same = trials_of(trials, way);
    if (!std::ranges::all_of(same, known)) return std::nullopt;
    if (std::ranges::any_of(same, works)) return validated(trials, ways, way);
  }
  if (!std::ranges::all_of(trials, known)) return std::nullopt;
  return unvalidated(trials, ways);
}

asio::awaitable<Choice> choose_way(ChoiceOptions options, const Clock& clock) {
  auto executor = co_await asio::this_coro::executor;
  auto race = std::make_shared<Race>(executor, std::move(options));
  for (std::size_t i = 0; i < race->trials.size(); ++i)
    asio::co_spawn(executor, run_trial(race, i, clock), asio::detached);
  auto best = choose(race->trials, race->options.ways);
  while (!best) {
    bool time_is_up = co_await wait(race);
    for (Trial& each : race->trials) {
      if (time_is_up && !each.test) each.test = timeout(race->options.limit);
    }
    best = choose(race->trials, race->options.ways);
  }
  // A Dns that was tried and found the root's keys bogus would go on calling them bogus for a while.
  if (!best->dns || !best->works()) {
    if (auto made = race->options.make(best->way, best->servers)) best->dns = *std::move(made);
  }
  co_return *std::move(best);
}

}  // namespace mtasts
