#include "postfix-policy/connection.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "core/netstring.hpp"
#include "postfix-policy/answer_loop.hpp"

namespace mtasts {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Postfix waits 100 s for a reply, sendmail 5 s. They would take a later reply for that to the next key
// (SM-14).
constexpr milliseconds postfix_patience{90'000};
constexpr milliseconds sendmail_patience{4'900};

constexpr std::uint32_t patience_ticks = 5;  // for the rest of a request, or until a reply has been read

constexpr std::size_t kept_capacity = 512;  // capacity that an empty buffer keeps; more is freed

void log_bad_frame(AnswerLoop& loop, Frame::State state) {
  if (!loop.may_warn()) return;
  std::string_view why =
      state == Frame::State::too_long
          ? "closed: a request was longer than [limits] query_bytes"
          : "closed: the client sent something other than a netstring; it must be a socketmap client";
  loop.log().say(Log::Level::warning, "connection", why);
}

LookupOutcomePtr pending() {
  static const LookupOutcomePtr outcome =
      std::make_shared<LookupOutcome>(LookupOutcome{LookupOutcome::State::pending, {}});
  return outcome;
}

}  // namespace

// The asker's side of a flight. Only its own loop uses it; the resolve thread holds a weak pointer, with
// which it posts the outcome to this loop. It is destroyed with its connection, or by the first outcome: the
// flight's, or the end of the wait.
struct Connection::Flight {
  Connection& asker;
  Miss miss;
  PollLoop::Moment began;
};

Connection::Connection(Fd socket, Peers::Token peer, AnswerLoop& loop) noexcept
    : socket_(std::move(socket)), peer_(std::move(peer)), loop_(loop), last_tick_(loop.tick()) {}

bool Connection::watch() noexcept { return loop_.poll().watch(socket_.get(), EPOLLIN, *this); }

bool Connection::idle_for(std::uint32_t ticks) const noexcept {
  return !flight_ && loop_.tick() - last_tick_ > ticks;
}

bool Connection::may_make_room() const noexcept {
  if (flight_) return false;
  if (in_request_) return idle_for(patience_ticks);
  if (!unread_.empty()) return loop_.tick() - unread_since_ > patience_ticks;
  char octet = 0;
  return ::recv(socket_.get(), &octet, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

bool Connection::shut() noexcept {
  flight_.reset();
  return bool(std::exchange(socket_, Fd()));
}

void Connection::ready() {
  if (!socket_) return;  // closed earlier in this turn
  try {
    if (flight_)
      return void(close());  // nothing is read while it waits, so this event means that the client has closed
    unsent_.empty() ? read() : send_rest();
  } catch (const std::exception& e) {  // out of memory: close this connection and keep the daemon
    loop_.log().event(Log::Level::error, "connection", {{"text", "internal error"}, {"detail", e.what()}});
    close();
  }
}

void Connection::read() {
  auto& buffer = loop_.input();
  auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return void(close());
  std::string_view input(buffer.data(), static_cast<std::size_t>(got));
  answer_all(unread_.empty() ? input : std::string_view(unread_.append(input)));
}

// input: what was just read, or unread_.
void Connection::answer_all(std::string_view input) {
  while (true) {
    Frame frame = next_frame(input, loop_.answerer().settings().limits.query_bytes);
    if (frame.state == Frame::State::partial) return keep(input);
    if (frame.state != Frame::State::whole) {
      log_bad_frame(loop_, frame.state);
      return void(close());
    }
    input.remove_prefix(frame.used);
    if (answer(frame.payload) == After::next) continue;
    return socket_ ? keep(input) : void();
  }
}

void Connection::keep(std::string_view input) {
  if (unread_.empty()) unread_since_ = loop_.tick();
  if (input.empty() && unread_.capacity() <= kept_capacity) return unread_.clear();
  bool own = input.data() >= unread_.data() && input.data() <= unread_.data() + unread_.size();
  own ? void(unread_.erase(0, unread_.size() - input.size())) : void(unread_.assign(input));
  if (unread_.capacity() > kept_capacity + 2 * unread_.size()) unread_.shrink_to_fit();
}

Connection::After Connection::answer(std::string_view payload) {
  if (loop_.stalled()) return After::stop;
  in_request_ = true;
  unread_since_ = last_tick_ = loop_.tick();
  loop_.used(*this);
  answer_by_ = loop_.poll().now() + postfix_patience;
  auto miss = loop_.answerer().answer(payload, begin_reply());
  if (!miss) return send();
  ask(*std::move(miss));
  return After::stop;
}

void Connection::ask(Miss miss) {
  auto now = Steady::now();
  if (miss.asked.dialect == Dialect::sts) answer_by_ = now + sendmail_patience;
  flight_.reset(new Flight{*this, std::move(miss),
                           now});  // not make_shared: a timer's weak pointer would keep its memory
  loop_.poll().change(socket_.get(), 0, *this);
  loop_.waits(*this);
  std::weak_ptr<Flight> weak = flight_;
  auto land = [weak](LookupOutcomePtr outcome) {
    if (auto flight = weak.lock()) flight->asker.finish(std::move(outcome));
  };
  const Question& question = flight_->miss.question;
  loop_.poll().at(now + question.wait, [land] { land(pending()); });
  loop_.resolve().ask(question, [&home = loop_.poll(), land](LookupOutcomePtr outcome) {
    home.post([land, outcome = std::move(outcome)]() mutable { land(std::move(outcome)); });
  });
}

void Connection::finish(LookupOutcomePtr outcome) {
  auto flight = std::exchange(flight_, nullptr);
  auto took = std::chrono::duration_cast<milliseconds>(Steady::now() - flight->began);
  try {
    last_tick_ = loop_.tick();
    loop_.used(*this);
    loop_.answerer().finish(flight->miss, *outcome, took, begin_reply());
    loop_.poll().change(socket_.get(), EPOLLIN, *this);
    if (send() == After::next) answer_all(unread_);
  } catch (const std::exception& e) {
    loop_.log().event(Log::Level::error, "connection", {{"text", "internal error"}, {"detail", e.what()}});
    close();
  }
}

std::string& Connection::begin_reply() { return loop_.reply().assign(netstring_room, ' '); }

// Sends loop_.reply() as a netstring.
Connection::After Connection::send() {
  auto now = PollLoop::coarse_now();  // the thread may have been frozen since the turn began
  if (now >= answer_by_ || now - loop_.poll().now() >= stall_limit) return close();
  std::string_view frame = frame_in_place(loop_.reply());
  auto sent = ::send(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL);
  if (sent == static_cast<ssize_t>(frame.size())) return end_request();
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return close();
  unsent_ = frame.substr(sent < 0 ? 0 : static_cast<std::size_t>(sent));
  loop_.poll().change(socket_.get(), EPOLLOUT, *this);
  return After::stop;
}

void Connection::send_rest() {
  auto sent = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (sent < 0) return void(close());
  unsent_.erase(0, static_cast<std::size_t>(sent));
  if (!unsent_.empty()) return;
  unsent_ = std::string();
  loop_.poll().change(socket_.get(), EPOLLIN, *this);
  if (end_request() == After::next) answer_all(unread_);
}

Connection::After Connection::end_request() {
  in_request_ = false;
  last_tick_ = loop_.tick();
  return loop_.draining() ? close() : After::next;
}

Connection::After Connection::close() {
  loop_.close(*this);
  return After::stop;
}

}  // namespace mtasts
