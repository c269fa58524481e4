#include "tests/bench/load.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/netstring.hpp"
#include "tests/bench/cpu_time.hpp"

namespace mtasts::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_payload = 100'000;  // of a reply, as Postfix takes it
constexpr auto sweep_interval = 100ms;

}  // namespace

std::size_t status_of(std::string_view reply) noexcept {
  auto word = reply.substr(0, reply.find(' '));
  bool blank_follows = word.size() < reply.size();
  auto place = std::ranges::find(statuses, word);
  return blank_follows ? static_cast<std::size_t>(place - statuses.begin()) : statuses.size();
}

Load::Load(const LoadPlan& plan, const Keys& keys)
    : plan_(plan),
      keys_(keys),
      order_(plan.order, keys.size(), plan.exponent, plan.seed),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      input_(max_payload + 16) {}

Result<void> Load::open() {
  connections_.reserve(plan_.connections + plan_.idle);
  for (std::uint32_t i = 0; i < plan_.connections + plan_.idle; ++i) {
    auto fd = connect_to(plan_.servers[i % plan_.servers.size()]);
    if (!fd) return std::unexpected(std::move(fd.error()));
    epoll_event event{.events = EPOLLIN, .data = {.u32 = i}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd->get(), &event) != 0)
      return fail(Fault::network, std::string("epoll: ") + std::strerror(errno));
    connections_.push_back({.fd = std::move(*fd)});
  }
  return {};
}

LoadResult Load::run() {
  now_ = Clock::now();
  auto begin = now_ + plan_.warmup;
  for (unsigned i = 0; i < plan_.connections; ++i) ask(connections_[i]);
  run_until(begin);
  result_.latency.clear();
  result_.status = {};
  result_.reply_bytes = 0;
  auto server_before = cpu_time_of_all(plan_.server_processes);
  auto own_before = cpu_time_of_this_thread();
  begin = now_;
  run_until(plan_.span == 0ns ? Clock::time_point::max() : begin + plan_.span);
  result_.own_time = cpu_time_of_this_thread() - own_before;
  result_.span = now_ - begin;
  auto server_after = cpu_time_of_all(plan_.server_processes);
  if (server_before && server_after) result_.server_time = *server_after - *server_before;
  return std::move(result_);
}

// Ends earlier if no connection waits for a reply any more.
void Load::run_until(Clock::time_point end) {
  const int wait_ms = plan_.spin ? 0 : static_cast<int>(std::chrono::milliseconds(sweep_interval).count());
  while (waiting_ > 0 && now_ < end) {
    serve_ready(wait_ms);
    if (now_ >= next_sweep_) drop_silent_ones();
  }
}

void Load::serve_ready(int wait_ms) {
  epoll_event events[64];
  int count = ::epoll_wait(epoll_.get(), events, std::size(events), wait_ms);
  if (count <= 0) now_ = Clock::now();
  for (int i = 0; i < count; ++i) receive(connections_[events[i].data.u32]);
}

// A socket whose last request was read has room for another, so a request that is not sent whole is an error.
void Load::ask(Connection& connection) {
  auto number = order_.next();
  connection.waiting = number.has_value();
  if (!number) return;
  ++waiting_;
  connection.asked = now_;
  auto request = write_request(request_, plan_.map, keys_, *number);
  auto sent = ::send(connection.fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size()))
    drop(connection, std::string("send: ") + (sent < 0 ? std::strerror(errno) : "not taken whole"));
}

void Load::receive(Connection& connection) {
  if (!connection.fd) return;
  auto got = ::recv(connection.fd.get(), input_.data(), input_.size(), 0);
  now_ = Clock::now();
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    ++result_.closed_by_server;
    bool busy = &connection < &connections_[plan_.connections];
    return drop(connection, busy ? "the server closed a connection that waited for a reply" : "");
  }
  std::string_view input(input_.data(), static_cast<std::size_t>(got));
  if (!connection.waiting) return drop(connection, "the server sent a reply without a request");
  if (connection.partial.empty()) return take(connection, input);
  connection.partial += input;
  std::string whole = std::exchange(connection.partial, {});
  take(connection, whole);
}

void Load::take(Connection& connection, std::string_view input) {
  Frame frame = next_frame(input, max_payload);
  if (frame.state == Frame::State::partial) {
    connection.partial = input;
  } else if (frame.state != Frame::State::whole) {
    drop(connection, "a reply is not a netstring");
  } else if (frame.used != input.size()) {
    drop(connection, "more than one reply to one request");
  } else {
    count(connection, frame.payload);
    --waiting_;
    ask(connection);
  }
}

void Load::count(const Connection& connection, std::string_view reply) {
  result_.latency.add(static_cast<std::uint64_t>((now_ - connection.asked) / 1ns));
  ++result_.status[status_of(reply)];
  result_.reply_bytes += reply.size();
}

// If why is empty, it is not counted as an error.
void Load::drop(Connection& connection, std::string why) {
  connection.fd = Fd();
  if (std::exchange(connection.waiting, false)) --waiting_;
  if (why.empty()) return;
  if (result_.errors++ == 0) result_.first_error = std::move(why);
}

void Load::drop_silent_ones() {
  next_sweep_ = now_ + sweep_interval;
  for (Connection& connection : connections_) {
    if (!connection.waiting || now_ - connection.asked < plan_.timeout) continue;
    ++result_.unanswered;
    drop(connection, "");
  }
}

}  // namespace mtasts::bench
