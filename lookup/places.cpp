#include "lookup/places.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace mtasts {

namespace asio = boost::asio;

// A waiter's timer is cancelled once a place is his. One that went away meanwhile is skipped.
struct Places::State {
  std::size_t free;
  std::deque<std::weak_ptr<asio::steady_timer>> queue{};
};

Places::Places(asio::any_io_executor executor, std::size_t count)
    : executor_(std::move(executor)), count_(count), state_(std::make_shared<State>(State{count})) {}

std::size_t Places::waiting() const noexcept { return state_->queue.size(); }

bool Places::full() const noexcept { return state_->free == 0; }

asio::awaitable<std::optional<Places::Place>> Places::take() {
  auto state = state_;
  if (state->free > 0) {
    --state->free;
    co_return std::optional<Place>(std::in_place, std::move(state));
  }
  if (state->queue.size() >= count_) co_return std::nullopt;
  auto turn = std::make_shared<asio::steady_timer>(executor_, asio::steady_timer::time_point::max());
  state->queue.push_back(turn);
  co_await turn->async_wait(asio::as_tuple(asio::use_awaitable));
  co_return std::optional<Place>(std::in_place, std::move(state));
}

Places::Place::~Place() {
  if (!state_) return;
  while (!state_->queue.empty()) {
    auto next = state_->queue.front().lock();
    state_->queue.pop_front();
    if (!next) continue;
    next->cancel();
    return;
  }
  ++state_->free;
}

}  // namespace mtasts
