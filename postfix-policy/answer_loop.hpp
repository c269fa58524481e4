// answer_loop - one answer thread: an event loop, its reader of the cache, and its connections.
//
// Connections are handed over as accepted descriptors and stay on their thread. One coarse tick a second
// sweeps idle ones; no connection has a timer of its own.
#pragma once

#include <atomic>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <thread>

#include "postfix-policy/answerer.hpp"
#include "postfix-policy/resolve_loop.hpp"

namespace mtasts {

using LoopExecutor = boost::asio::io_context::executor_type;
using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, LoopExecutor>;

class AnswerLoop {
 public:
  // resolve, clock and log outlive this. No thread runs before start().
  AnswerLoop(std::unique_ptr<Reader> reader, ResolveLoop& resolve, const Clock& clock, Log& log,
             SettingsPtr settings);
  ~AnswerLoop();  // stop()

  // Any thread:
  void start();
  void adopt(int descriptor, int family);  // takes ownership of a connected socket
  void use(SettingsPtr settings);
  void use(HealthPtr health);
  void count(std::move_only_function<void(Counters)> deliver);  // deliver is called on this thread
  void drain();  // no new requests: idle connections are closed, the others after their reply
  void stop();   // joins
  std::size_t connections() const noexcept { return connections_.load(std::memory_order_relaxed); }

  // What a connection's coroutine needs; only on this loop's thread.
  struct Session {
    Socket socket;
    std::uint32_t last_tick = 0;
    bool in_request = false;  // a whole request is being answered
    bool in_flight = false;   // waits for a flight: not idle, however long that takes
    std::chrono::steady_clock::time_point answer_by{};  // a later reply would be taken for another's (SM-14)
    std::list<Session*>::iterator place{};
  };
  void enter(Session& session);
  void leave(Session& session) noexcept;
  Answerer& answerer() noexcept { return answerer_; }
  ResolveLoop& resolve() noexcept { return resolve_; }
  LoopExecutor executor() noexcept { return loop_.get_executor(); }
  std::uint32_t tick() const noexcept { return tick_; }
  bool draining() const noexcept { return draining_; }
  // True if this thread has not run for seconds (a frozen process or disk): what it reads now may be old, and
  // a reply to it late. Closes all connections then; their clients ask again on new ones (SM-13, SM-14).
  bool stalled(std::chrono::steady_clock::time_point now);
  bool may_warn();  // once a minute, for what a client can cause at will
  Log& log() noexcept { return log_; }
  std::string& payload() noexcept { return payload_; }  // scratch between two co_awaits
  std::string& frame() noexcept { return frame_; }

 private:
  boost::asio::awaitable<void, LoopExecutor> sweep_forever();
  void sweep();

  // No locks around sockets: they and their timers are this thread's alone, other threads only post.
  boost::asio::io_context loop_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  boost::asio::executor_work_guard<LoopExecutor> work_{loop_.get_executor()};
  std::unique_ptr<Reader> reader_;
  ResolveLoop& resolve_;
  Log& log_;
  Answerer answerer_;
  std::list<Session*> sessions_;
  std::uint32_t tick_ = 0;
  std::chrono::steady_clock::time_point ticked_ = std::chrono::steady_clock::now();
  std::optional<std::uint32_t> warned_;
  bool draining_ = false;
  std::atomic<std::size_t> connections_{0};
  std::string payload_, frame_;
  std::thread thread_;
};

}  // namespace mtasts
