#include "lookup/fetch_permits.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace mtasts {

namespace asio = boost::asio;

std::optional<PermitQueue::Id> PermitQueue::ask(Keys keys) {
  if (waiting() >= limits_.waiting) return std::nullopt;
  asked_.emplace(++last_, PermitRequest{std::move(keys)});
  grant_or_queue(last_);
  return last_;
}

// For example, ten keys that take all they can get end up with 42 of 640 permits each, and 220 stay free for
// others.
std::size_t PermitQueue::share() const noexcept {
  std::size_t free = limits_.all - held_;
  return std::max<std::size_t>(std::min(limits_.each, 2 * limits_.each * free / limits_.all), 1);
}

void PermitQueue::grant_or_queue(Id id) {
  PermitRequest& asked = asked_.at(id);
  for (const std::string& each : asked.keys) {
    Key& key = keys_[each];
    if (key.held < share()) continue;
    if (key.queue.empty()) full_.push_back(each);
    return key.queue.push_back(id);
  }
  if (held_ >= limits_.all) return queue_.push_back(id);
  for (const std::string& each : asked.keys) ++keys_[each].held;
  ++held_;
  asked.holds = true;
  ready_.push_back(id);
}

std::optional<PermitQueue::Id> PermitQueue::next() {
  while (!ready_.empty()) {
    Id id = ready_.front();
    ready_.pop_front();
    if (asked_.contains(id)) return id;
  }
  return std::nullopt;
}

// The first in the key's queue get the free part of its share, or go on to wait for something else.
void PermitQueue::drain(const std::string& name) {
  Key& key = keys_[name];
  while (key.held < share() && held_ < limits_.all && !key.queue.empty()) {
    Id id = key.queue.front();
    key.queue.pop_front();
    if (asked_.contains(id)) grant_or_queue(id);
  }
}

// Requests of keys that hold less than their share come first, then each full key in turn.
void PermitQueue::drain_all() {
  while (held_ < limits_.all && !queue_.empty()) {
    Id next = queue_.front();
    queue_.pop_front();
    if (asked_.contains(next)) grant_or_queue(next);
  }
  for (std::size_t left = full_.size(); left > 0 && held_ < limits_.all; --left) {
    std::string name = std::move(full_.front());
    full_.pop_front();
    drain(name);
    if (keys_[name].queue.empty()) {
      forget_idle(name);
    } else {
      full_.push_back(std::move(name));
    }
  }
}

void PermitQueue::forget_idle(const std::string& name) {
  auto key = keys_.find(name);
  if (key != keys_.end() && key->second.held == 0 && key->second.queue.empty()) keys_.erase(key);
}

void PermitQueue::leave(Id id) {
  auto node = asked_.extract(id);
  if (node.empty()) return;
  const PermitRequest& gone = node.mapped();
  if (gone.holds) {
    --held_;
    for (const std::string& each : gone.keys) --keys_[each].held;
    drain_all();
  }
  for (const std::string& each : gone.keys) forget_idle(each);
}

// Each waiter has a timer, which is cancelled once its permit is there.
struct FetchPermits::State {
  PermitQueue queue;
  std::unordered_map<PermitQueue::Id, asio::steady_timer*> waiters{};

  void tell() {
    while (auto id = queue.next()) {
      auto waiter = waiters.find(*id);
      if (waiter == waiters.end()) continue;
      waiter->second->cancel();
      waiters.erase(waiter);
    }
  }
};

FetchPermits::FetchPermits(asio::any_io_executor executor, PermitLimits limits)
    : executor_(std::move(executor)), state_(std::make_shared<State>(State{PermitQueue(limits)})) {}

std::size_t FetchPermits::waiting() const noexcept { return state_->queue.waiting(); }

asio::awaitable<std::optional<FetchPermits::Permit>> FetchPermits::take(PermitQueue::Keys keys,
                                                                        std::chrono::milliseconds patience) {
  auto state = state_;
  auto id = state->queue.ask(std::move(keys));
  if (!id) co_return std::nullopt;
  Permit permit(state, *id);
  asio::steady_timer timer(executor_, patience);
  state->waiters.emplace(*id, &timer);
  state->tell();
  while (state->waiters.contains(*id)) {
    auto [cancelled] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!cancelled) break;
  }
  if (state->waiters.erase(*id) != 0) co_return std::nullopt;
  co_return std::optional<Permit>(std::move(permit));
}

FetchPermits::Permit::~Permit() {
  if (!state_) return;
  state_->waiters.erase(id_);
  state_->queue.leave(id_);
  state_->tell();
}

}  // namespace mtasts
