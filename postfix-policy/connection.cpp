#include "postfix-policy/connection.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>

#include "core/netstring.hpp"
#include "core/reply.hpp"

namespace mtasts {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;
template <class T>
using Awaitable = asio::awaitable<T, LoopExecutor>;
constexpr asio::as_tuple_t<asio::use_awaitable_t<LoopExecutor>> with_error;
// The same without a coroutine of its own around the operation, for what is done with every request.
constexpr asio::as_tuple_t<asio::deferred_t> with_error_flat;

namespace {

// Postfix reads for 100 s, sendmail for 5 s; a reply after that would be taken as the answer to the next key
// (SM-14).
constexpr milliseconds postfix_patience{90'000};
constexpr milliseconds sendmail_patience{4'900};

// Input: most requests fit the array inside the coroutine; a longer one moves to the heap and back.
class Input {
 public:
  std::string_view view() const noexcept { return {begin() + start_, end_ - start_}; }
  void drop(std::size_t n) noexcept {
    start_ += n;
    if (start_ == end_) {
      start_ = end_ = 0;
      large_.reset();
    }
  }
  // Room for at least one byte more, and for `wanted` bytes from view().begin() in all.
  asio::mutable_buffer space(std::size_t wanted) {
    if (start_ > 0) {
      std::memmove(begin(), begin() + start_, end_ - start_);
      end_ -= start_;
      start_ = 0;
    }
    std::size_t need = std::max(wanted, end_ + 1);
    if (need > capacity()) grow(need);
    return asio::buffer(begin() + end_, capacity() - end_);
  }
  void filled(std::size_t n) noexcept { end_ += n; }

 private:
  struct Large {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };
  const char* begin() const noexcept { return large_ ? large_->bytes.get() : small_.data(); }
  char* begin() noexcept { return large_ ? large_->bytes.get() : small_.data(); }
  std::size_t capacity() const noexcept { return large_ ? large_->size : small_.size(); }
  void grow(std::size_t need) {
    Large larger{std::make_unique<char[]>(need), need};
    std::memcpy(larger.bytes.get(), begin(), end_);
    large_ = std::move(larger);
  }

  std::array<char, 600> small_;
  std::optional<Large> large_;
  std::size_t start_ = 0, end_ = 0;
};

// An asker's side of a flight. Only its own loop touches it; the resolve thread holds a weak pointer to post
// home with.
struct Waiter {
  asio::basic_waitable_timer<Steady, asio::wait_traits<Steady>, LoopExecutor> timer;
  OutcomePtr outcome;
};

void bring_home(const std::weak_ptr<Waiter>& waiter, OutcomePtr outcome) {
  if (auto alive = waiter.lock()) {
    alive->outcome = std::move(outcome);
    alive->timer.cancel();
  }
}

Awaitable<OutcomePtr> wait_for_flight(AnswerLoop& loop, const Miss& miss) {
  const Question& question = miss.asked.question;
  auto waiter = std::make_shared<Waiter>(Waiter{{loop.executor(), question.wait}, nullptr});
  Deliver deliver = [home = loop.executor(),
                     weak = std::weak_ptr<Waiter>(waiter)](OutcomePtr outcome) mutable {
    asio::post(home, [weak = std::move(weak), outcome = std::move(outcome)] { bring_home(weak, outcome); });
  };
  loop.resolve().ask(question, std::move(deliver));
  co_await waiter->timer.async_wait(with_error);
  if (waiter->outcome) co_return std::move(waiter->outcome);
  static const OutcomePtr pending = std::make_shared<Outcome>(Outcome{Outcome::State::pending, {}});
  co_return pending;
}

// Made only on a miss, so that an idle connection's frame stays small. The reply is appended to
// loop.payload().
Awaitable<void> answer_miss(AnswerLoop& loop, AnswerLoop::Session& session, std::unique_ptr<Miss> miss) {
  auto began = Steady::now();
  session.in_flight = true;
  OutcomePtr outcome = co_await wait_for_flight(loop, *miss);
  session.in_flight = false;
  auto took = std::chrono::duration_cast<milliseconds>(Steady::now() - began);
  loop.payload().clear();
  loop.answerer().finish(*miss, *outcome, took, loop.payload());
}

// A request has come: its reply is in loop.payload() now, or what it has to wait for is returned.
std::unique_ptr<Miss> begin_answer(AnswerLoop& loop, AnswerLoop::Session& session, Steady::time_point now,
                                   std::string_view payload) {
  session.in_request = true;
  session.last_tick = loop.tick();
  session.answer_by = now + postfix_patience;
  loop.payload().clear();
  auto miss = loop.answerer().answer(payload, loop.payload());
  if (!miss) return nullptr;
  if (miss->asked.dialect == Dialect::sts) session.answer_by = now + sendmail_patience;
  return std::make_unique<Miss>(*std::move(miss));
}

// Sends loop.payload() as a frame, as far as that goes without waiting. What is left of it, in loop.frame();
// nullopt: close the connection.
std::optional<std::string_view> send_now(AnswerLoop& loop, AnswerLoop::Session& session) {
  if (Steady::now() >= session.answer_by) return std::nullopt;
  std::string& frame = loop.frame();
  frame.clear();
  append_netstring(frame, loop.payload());
  boost::system::error_code error;
  std::size_t sent = session.socket.write_some(asio::buffer(frame), error);
  if (error && error != asio::error::would_block) return std::nullopt;
  return std::string_view(frame).substr(sent);
}

Awaitable<bool> send_rest(Socket& socket, std::string rest) {
  auto [error, n] = co_await asio::async_write(socket, asio::buffer(rest), with_error);
  co_return !error;
}

void log_bad_frame(AnswerLoop& loop, Frame::State state) {
  if (!loop.may_warn()) return;
  std::string_view why = state == Frame::State::too_long
                             ? "request longer than [limits] query_bytes"
                             : "not a netstring: is the client a socketmap client?";
  loop.log().say(Log::Level::warning, "connection", why);
}

// One flat coroutine: on the cached path nothing is made on the heap, not even a coroutine's frame.
Awaitable<void> serve_session(AnswerLoop& loop, AnswerLoop::Session& session) {
  Input input;
  while (!loop.draining()) {
    Frame frame = next_frame(input.view(), loop.answerer().settings().limits.query_bytes);
    if (frame.state == Frame::State::partial) {
      auto [error, n] = co_await session.socket.async_read_some(input.space(frame.wanted), with_error_flat);
      if (error) co_return;
      input.filled(n);
      continue;
    }
    if (frame.state != Frame::State::whole) co_return log_bad_frame(loop, frame.state);
    auto now = Steady::now();
    if (loop.stalled(now)) co_return;
    if (auto miss = begin_answer(loop, session, now, frame.payload))
      co_await answer_miss(loop, session, std::move(miss));
    auto rest = send_now(loop, session);
    if (!rest) co_return;
    if (!rest->empty() && !co_await send_rest(session.socket, std::string(*rest))) co_return;
    session.in_request = false;
    session.last_tick = loop.tick();
    input.drop(frame.used);
  }
}

}  // namespace

Awaitable<void> serve(Socket socket, AnswerLoop& loop) {
  AnswerLoop::Session session{std::move(socket), loop.tick()};
  loop.enter(session);
  try {
    co_await serve_session(loop, session);
  } catch (const std::exception& e) {  // no memory: this connection ends, the daemon does not
    loop.log().event(Log::Level::error, "connection", {{"text", "internal error"}, {"detail", e.what()}});
  }
  loop.leave(session);
}

}  // namespace mtasts
