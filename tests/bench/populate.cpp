#include "tests/bench/populate.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>

#include "tests/bench/draw.hpp"

namespace mtasts::bench {
namespace {

namespace asio = boost::asio;

constexpr unsigned puts_in_flight = 2048;  // the store commits 256 at once

struct Progress {
  Store& store;
  const PopulatePlan& plan;
  const KeyPattern& pattern;
  Time now;
  const std::function<void(std::uint64_t)>& tell;
  Scatter scatter;
  std::uint64_t begun = 0, stored = 0;
  std::chrono::steady_clock::time_point told = std::chrono::steady_clock::now();
  Result<void> outcome{};
};

void tell_each_second(Progress& p) {
  auto now = std::chrono::steady_clock::now();
  if (now - p.told < std::chrono::seconds(1)) return;
  p.told = now;
  p.tell(p.stored);
}

std::uint64_t next_number(Progress& p) {
  std::uint64_t n = p.begun++;
  return p.plan.scattered ? p.scatter(n) : n;
}

// Many of these run at once. Each puts an entry, waits for its commit, and repeats until none is left or a
// put failed.
asio::awaitable<void> put_some(Progress& p) {
  while (p.outcome && p.begun < p.plan.domains) {
    auto number = next_number(p);
    auto domain = DomainName::parse(p.pattern.text(number));
    if (!domain) {
      p.outcome = fail(Fault::config,
                       p.pattern.text(number) + ": this name, made from the pattern, is not a domain name");
      co_return;
    }
    auto record = synthetic_record(p.plan.record, number, *domain, p.now);
    auto done = co_await p.store.put(*domain, std::move(record));
    if (!done && p.outcome) p.outcome = std::move(done);
    ++p.stored;
    tell_each_second(p);
  }
}

}  // namespace

Result<void> populate(Store& store, const PopulatePlan& plan, const KeyPattern& pattern, Time now,
                      const std::function<void(std::uint64_t)>& progress) {
  Progress p{.store = store,
             .plan = plan,
             .pattern = pattern,
             .now = now,
             .tell = progress,
             .scatter = Scatter(std::max<std::uint64_t>(plan.domains, 1))};
  asio::io_context loop(1);
  for (unsigned i = 0; i < puts_in_flight; ++i) asio::co_spawn(loop, put_some(p), asio::detached);
  loop.run();
  return p.outcome;
}

}  // namespace mtasts::bench
