#include "net/https/turns.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <map>

namespace mtasts {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;
using Timer = std::shared_ptr<asio::steady_timer>;

// Each waiter is in the queue with its timer. The timer of the first one ends when its turn comes, those of
// the others when their patience ends. A waiter that becomes the first is woken to set its timer again.
struct HostTurns::Host {
  unsigned now = 0;
  Steady::time_point next{};  // not before this
  std::deque<std::weak_ptr<asio::steady_timer>> queue{};

  bool at_rest(Steady::time_point time) const { return now == 0 && queue.empty() && time >= next; }
  Timer first() {
    while (!queue.empty() && queue.front().expired()) queue.pop_front();
    return queue.empty() ? nullptr : queue.front().lock();
  }
  void wake_first() {
    if (auto timer = first()) timer->cancel();
  }
  void leave(const Timer& timer) {
    std::erase_if(queue, [&](const auto& each) { return each.expired() || each.lock() == timer; });
    wake_first();
  }
};

struct HostTurns::State {
  asio::any_io_executor executor;
  TurnOptions options;
  std::map<Address, std::shared_ptr<Host>> hosts{};

  std::shared_ptr<Host> host(const Address& address) {
    if (hosts.size() >= options.most_idle)
      std::erase_if(hosts, [time = Steady::now()](const auto& each) { return each.second->at_rest(time); });
    auto& host = hosts[address];
    if (!host) host = std::make_shared<Host>();
    return host;
  }
};

HostTurns::HostTurns(asio::any_io_executor executor, TurnOptions options)
    : state_(std::make_shared<State>(State{std::move(executor), options})) {}

std::size_t HostTurns::addresses() const noexcept { return state_->hosts.size(); }

asio::awaitable<std::optional<HostTurns::Turn>> HostTurns::take(Address address,
                                                                std::chrono::milliseconds patience) {
  auto state = state_;
  auto host = state->host(address);
  auto timer = std::make_shared<asio::steady_timer>(state->executor);
  auto last = Steady::now() + patience;
  host->queue.push_back(timer);
  for (;;) {
    auto time = Steady::now();
    bool free = host->first() == timer && host->now < state->options.at_once;
    if (free && time >= host->next) break;
    if (time >= last) {
      host->leave(timer);
      co_return std::nullopt;
    }
    timer->expires_at(free ? std::min(host->next, last) : last);
    co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
  }
  ++host->now;
  host->next = Steady::now() + state->options.interval;
  Turn turn(host);
  host->leave(timer);
  co_return std::optional<Turn>(std::move(turn));
}

HostTurns::Turn::~Turn() {
  if (!host_) return;
  --host_->now;
  host_->wake_first();
}

}  // namespace mtasts
