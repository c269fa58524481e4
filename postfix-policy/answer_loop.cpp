#include "postfix-policy/answer_loop.hpp"

#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "postfix-policy/connection.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds stall_limit{4};  // a tick comes each second; sendmail waits 5 s for a reply

}  // namespace

AnswerLoop::AnswerLoop(std::unique_ptr<Reader> reader, ResolveLoop& resolve, const Clock& clock, Log& log,
                       SettingsPtr settings)
    : reader_(std::move(reader)),
      resolve_(resolve),
      log_(log),
      answerer_(*reader_, clock, log, [&resolve](const DomainName& domain, std::optional<Route> dane) {
        resolve.look_again(domain, dane);
      }) {
  answerer_.use(std::move(settings));
}

AnswerLoop::~AnswerLoop() { stop(); }

void AnswerLoop::start() {
  asio::co_spawn(loop_, sweep_forever(), asio::detached);
  thread_ = std::thread([this] { loop_.run(); });
}

void AnswerLoop::adopt(int descriptor, int family) {
  connections_.fetch_add(1, std::memory_order_relaxed);
  asio::post(loop_, [this, descriptor, family] {
    Socket socket(loop_.get_executor());
    boost::system::error_code error;
    socket.assign(asio::generic::stream_protocol(family, 0), descriptor, error);
    if (!error) socket.non_blocking(true, error);
    if (error) {
      if (!socket.is_open()) ::close(descriptor);
      connections_.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    asio::co_spawn(loop_, serve(std::move(socket), *this), asio::detached);
  });
}

void AnswerLoop::use(SettingsPtr settings) {
  asio::post(loop_, [this, settings = std::move(settings)]() mutable { answerer_.use(std::move(settings)); });
}

void AnswerLoop::use(HealthPtr health) {
  asio::post(loop_, [this, health = std::move(health)]() mutable { answerer_.use(std::move(health)); });
}

void AnswerLoop::count(std::move_only_function<void(Counters)> deliver) {
  asio::post(loop_, [this, deliver = std::move(deliver)]() mutable { deliver(answerer_.counters()); });
}

void AnswerLoop::drain() {
  asio::post(loop_, [this] {
    draining_ = true;
    for (Session* session : sessions_) {
      boost::system::error_code ignored;
      if (!session->in_request) session->socket.close(ignored);
    }
  });
}

void AnswerLoop::stop() {
  loop_.stop();
  if (thread_.joinable()) thread_.join();
}

void AnswerLoop::enter(Session& session) {
  session.place = sessions_.insert(sessions_.end(), &session);
  boost::system::error_code ignored;
  if (draining_) session.socket.close(ignored);
}

void AnswerLoop::leave(Session& session) noexcept {
  sessions_.erase(session.place);
  connections_.fetch_sub(1, std::memory_order_relaxed);
}

asio::awaitable<void, LoopExecutor> AnswerLoop::sweep_forever() {
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                             LoopExecutor>
      timer(loop_.get_executor());
  while (true) {
    timer.expires_after(std::chrono::seconds(1));
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable_t<LoopExecutor>{}));
    auto now = std::chrono::steady_clock::now();
    stalled(now);
    ++tick_;
    ticked_ = now;
    sweep();
  }
}

bool AnswerLoop::stalled(std::chrono::steady_clock::time_point now) {
  if (now - ticked_ < stall_limit) return false;
  log_.say(Log::Level::warning, "stall",
           "an answer thread stood still for seconds: its connections are closed");
  ticked_ = now;
  for (Session* session : sessions_) {
    boost::system::error_code ignored;
    session->socket.close(ignored);
  }
  return true;
}

bool AnswerLoop::may_warn() {
  if (warned_ && tick_ - *warned_ < 60) return false;
  warned_ = tick_;
  return true;
}

// A connection that waits for its own flight is not idle; one whose client does not read its reply is.
void AnswerLoop::sweep() {
  auto idle = static_cast<std::uint32_t>(answerer_.settings().limits.idle.count());
  for (Session* session : sessions_) {
    boost::system::error_code ignored;
    if (!session->in_flight && tick_ - session->last_tick > idle) session->socket.close(ignored);
  }
}

}  // namespace mtasts
