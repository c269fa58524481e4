// load - asks a socketmap server as many smtp(8) processes do. Each connection waits for its reply before it
// asks again.
//
// It is one thread with epoll, and allocates nothing for a request. A latency is the time in
// nanoseconds from just before the request is made until its reply has been read. Replies during the warm-up
// are not counted. A connection that breaks (the server closes it, or sends bytes that are not a netstring or
// that nobody asked for) is an error, and is not opened again.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/draw.hpp"
#include "tests/bench/histogram.hpp"
#include "tests/bench/keys.hpp"
#include "tests/bench/sockets.hpp"

namespace mtasts::bench {

struct LoadPlan {
  std::vector<Endpoint> servers;  // the connections are spread over them; not empty
  unsigned connections = 1;
  unsigned idle = 0;  // further connections that never ask
  bool spin = false;  // never sleep, so that the server spends no time on waking this thread
  std::string map = "postfix310";
  OrderKind order = OrderKind::uniform;
  double exponent = 1.0;
  std::uint64_t seed = 1;
  std::chrono::nanoseconds warmup{0};
  std::chrono::nanoseconds span{0};  // 0: until every key was asked (order once)
  std::chrono::nanoseconds timeout{0};
  std::vector<pid_t> server_processes{};  // whose CPU time is added up; empty: not measured
};

// The statuses of the protocol, in the order of LoadResult::status. Its last cell counts all other replies.
inline constexpr std::array<std::string_view, 5> statuses{"OK", "NOTFOUND", "TEMP", "PERM", "TIMEOUT"};
std::size_t status_of(std::string_view reply) noexcept;  // statuses.size() if it is none of them

struct LoadResult {
  Histogram latency;  // its count is the number of requests
  std::array<std::uint64_t, statuses.size() + 1> status{};
  std::uint64_t reply_bytes = 0;  // octets of all payloads
  std::chrono::nanoseconds span{0};
  std::chrono::nanoseconds own_time{0};                            // of this thread on a core
  std::optional<std::chrono::nanoseconds> server_time{};           // on a core, all threads of the servers
  std::uint64_t closed_by_server = 0, unanswered = 0, errors = 0;  // these count the warm-up too
  std::string first_error{};
};

class Load {
 public:
  Load(const LoadPlan& plan, const Keys& keys);
  Result<void> open();  // all connections
  LoadResult run();     // REQUIRES: open() succeeded. Call it once only.

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection {
    Fd fd;
    Clock::time_point asked{};
    bool waiting = false;
    std::string partial{};  // what has come of an incomplete reply
  };

  void ask(Connection& connection);
  void receive(Connection& connection);
  void take(Connection& connection, std::string_view input);
  void count(const Connection& connection, std::string_view reply);
  void drop(Connection& connection, std::string why);
  void drop_silent_ones();
  void serve_ready(int wait_ms);
  void run_until(Clock::time_point end);

  const LoadPlan& plan_;
  const Keys& keys_;
  Order order_;
  Fd epoll_;
  std::vector<Connection> connections_;
  std::vector<char> input_;
  RequestBuffer request_;
  Clock::time_point now_{}, next_sweep_{};
  std::uint64_t waiting_ = 0;
  LoadResult result_;
};

}  // namespace mtasts::bench
