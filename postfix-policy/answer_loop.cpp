#include "postfix-policy/answer_loop.hpp"

namespace mtasts {
namespace {

constexpr std::chrono::seconds tick_length{1};

}  // namespace

AnswerLoop::AnswerLoop(std::unique_ptr<PollLoop> poll, std::unique_ptr<Reader> reader, ResolveLoop& resolve,
                       const Clock& clock, Log& log, Shortages& shortages, SettingsPtr settings)
    : poll_(std::move(poll)),
      reader_(std::move(reader)),
      resolve_(resolve),
      log_(log),
      shortages_(shortages),
      answerer_(*reader_, clock, log, [&resolve](const DomainName& domain, std::optional<Route> dane) {
        resolve.look_up_again(domain, dane);
      }) {
  answerer_.use(std::move(settings));
}

AnswerLoop::~AnswerLoop() { stop(); }

void AnswerLoop::start() {
  thread_ = std::thread([this] {
    ticked_ = std::chrono::steady_clock::now();
    poll_->run([this] { turned(); });
  });
}

void AnswerLoop::adopt(int descriptor, Peers::Token peer, Room room) {
  Fd owned(descriptor);
  connections_.fetch_add(1, std::memory_order_relaxed);
  try {
    poll_->post([this, socket = std::move(owned), peer = std::move(peer), room]() mutable {
      enter(std::move(socket), std::move(peer), room);
    });
  } catch (const std::bad_alloc&) {  // the socket is closed; its client asks again
    connections_.fetch_sub(1, std::memory_order_relaxed);
  }
}

void AnswerLoop::enter(Fd socket, Peers::Token peer, Room room) try {
  bool is_refused = room != Room::there_is && !make_room() && room == Room::none;
  if (is_refused) note_refusal();
  auto connection = std::make_unique<Connection>(std::move(socket), std::move(peer), *this);
  auto place = idle_.insert(idle_.end(), std::move(connection));
  (*place)->among = &idle_;
  (*place)->place = place;
  if (is_refused || draining_ || !(*place)->watch()) close(**place);
} catch (const std::bad_alloc&) {  // the socket is closed; its client asks again
  connections_.fetch_sub(1, std::memory_order_relaxed);
}

void AnswerLoop::give_up_one() {
  poll_->post([this] { make_room(); });
}

void AnswerLoop::use(SettingsPtr settings) {
  poll_->post([this, settings = std::move(settings)]() mutable { answerer_.use(std::move(settings)); });
}

void AnswerLoop::use(HealthPtr health) {
  poll_->post([this, health = std::move(health)]() mutable { answerer_.use(std::move(health)); });
}

void AnswerLoop::count(std::move_only_function<void(Counters)> deliver) {
  poll_->post([this, deliver = std::move(deliver)]() mutable { deliver(answerer_.counters()); });
}

void AnswerLoop::drain() {
  poll_->post([this] {
    draining_ = true;
    close_if([](const Connection& connection) { return !connection.in_request(); });
  });
}

void AnswerLoop::stop() {
  poll_->stop();
  if (thread_.joinable()) thread_.join();
}

// When an idle connection is closed, Postfix asks again on a new one and logs nothing (SM-13). False: none is
// idle.
bool AnswerLoop::make_room() {
  for (auto& each : idle_) {
    if (!each->may_make_room()) continue;
    close(*each);
    return true;
  }
  return false;
}

void AnswerLoop::note_refusal() {
  shortages_.note(Shortage::connections);
  if (may_warn())
    log_.say(
        Log::Level::warning, "connection",
        "refused: all connections that [limits] connections or the limit of open files allows are in use, "
        "and none is idle");
}

void AnswerLoop::move(Connection& connection, Connection::List& to) noexcept {
  to.splice(to.end(), *connection.among, connection.place);
  connection.among = &to;
}

void AnswerLoop::used(Connection& connection) noexcept { move(connection, idle_); }

void AnswerLoop::waits(Connection& connection) noexcept { move(connection, waiting_); }

void AnswerLoop::close(Connection& connection) noexcept {
  if (!connection.shut()) return;
  move(connection, closed_);
  connections_.fetch_sub(1, std::memory_order_relaxed);
}

void AnswerLoop::close_if(const std::function<bool(const Connection&)>& condition) {
  for (auto* list : {&idle_, &waiting_}) {
    for (auto next = list->begin(); next != list->end();) {
      Connection& connection = **next++;
      if (condition(connection)) close(connection);
    }
  }
}

void AnswerLoop::turned() {
  closed_.clear();
  if (poll_->now() - ticked_ < tick_length) return;
  stalled();
  ++tick_;
  ticked_ = poll_->now();
  sweep();
  closed_.clear();
}

bool AnswerLoop::stalled() {
  if (PollLoop::coarse_now() - ticked_ < stall_limit) return false;
  log_.say(Log::Level::warning, "stall",
           "an answer thread did not run for several seconds, so its connections are closed");
  ticked_ = PollLoop::coarse_now();
  close_if([](const Connection&) { return true; });
  return true;
}

bool AnswerLoop::may_warn() {
  if (warned_ && tick_ - *warned_ < 60) return false;
  warned_ = tick_;
  return true;
}

// A connection that waits for a flight is not idle. One whose client does not read its reply is.
void AnswerLoop::sweep() {
  auto idle = static_cast<std::uint32_t>(answerer_.settings().limits.idle.count());
  close_if([idle](const Connection& connection) { return connection.idle_for(idle); });
}

}  // namespace mtasts
