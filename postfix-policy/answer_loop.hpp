// answer_loop - one answer thread: its event loop, its reader of the cache, and its connections.
//
// The main thread hands over accepted descriptors; a connection stays on its thread. Connections have no
// timers of their own: once a second a tick closes the idle ones.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <thread>

#include "postfix-policy/answerer.hpp"
#include "postfix-policy/connection.hpp"
#include "postfix-policy/resolve_loop.hpp"
#include "service/shortages.hpp"
#include "sys/poll_loop.hpp"

namespace mtasts {

// A thread counts as stalled if its tick, due each second, is this late. sendmail waits 5 s for a reply.
inline constexpr std::chrono::seconds stall_limit{4};

class AnswerLoop {
 public:
  // resolve, clock, log and shortages must outlive this. No thread runs before start().
  AnswerLoop(std::unique_ptr<PollLoop> poll, std::unique_ptr<Reader> reader, ResolveLoop& resolve,
             const Clock& clock, Log& log, Shortages& shortages, SettingsPtr settings);
  ~AnswerLoop();  // calls stop()

  // Any thread may call these:
  void start();
  enum class Room { there_is, scarce, none };
  // Takes ownership of a connected, non-blocking socket. Unless room is there_is, this thread closes its
  // longest idle connection to make room. If none is idle and room is none, it closes the new connection.
  void adopt(int descriptor, Peers::Token peer, Room room);
  void give_up_one();  // closes the longest idle connection, if one is idle
  void use(SettingsPtr settings);
  void use(HealthPtr health);
  void count(std::move_only_function<void(Counters)> deliver);  // calls deliver on this loop's thread
  void drain();  // takes no new requests: closes idle connections now, and the others after their reply
  void stop();   // ends the thread and waits for it
  std::size_t connections() const noexcept { return connections_.load(std::memory_order_relaxed); }

  // For connections, on this loop's thread only:
  void close(Connection& connection) noexcept;  // it is destroyed at the end of this turn of the loop
  void used(Connection& connection) noexcept;   // it was used just now
  void waits(Connection& connection) noexcept;  // it waits for a flight
  PollLoop& poll() noexcept { return *poll_; }
  Answerer& answerer() noexcept { return answerer_; }
  ResolveLoop& resolve() noexcept { return resolve_; }
  std::uint32_t tick() const noexcept { return tick_; }
  bool draining() const noexcept { return draining_; }
  // True if this thread has not run for stall_limit (a frozen process or disk): requests that it reads now
  // may be old, and their replies late. Then it closes all connections; the clients ask again on new ones
  // (SM-13, SM-14).
  bool stalled();
  bool may_warn();  // true once a minute: limits warnings that a client can cause at will
  Log& log() noexcept { return log_; }
  // Scratch buffers, valid until the current call from the loop returns.
  std::string& reply() noexcept { return reply_; }
  std::array<char, 2048>& input() noexcept { return input_; }

 private:
  void enter(Fd socket, Peers::Token peer, Room room);
  bool make_room();
  void note_refusal();
  static void move(Connection& connection, Connection::List& to) noexcept;
  void turned();
  void sweep();
  void close_if(const std::function<bool(const Connection&)>& condition);

  std::unique_ptr<PollLoop> poll_;
  std::unique_ptr<Reader> reader_;
  ResolveLoop& resolve_;
  Log& log_;
  Shortages& shortages_;
  Answerer answerer_;
  Connection::List idle_;     // the longest idle first
  Connection::List waiting_;  // those that wait for flights
  Connection::List closed_;   // closed in this turn, destroyed at its end
  std::uint32_t tick_ = 0;
  PollLoop::Moment ticked_ = std::chrono::steady_clock::now();
  std::optional<std::uint32_t> warned_;
  bool draining_ = false;
  std::atomic<std::size_t> connections_{0};
  std::string reply_;
  std::array<char, 2048> input_;  // small: clients do not send far ahead (SM-10)
  std::thread thread_;
};

}  // namespace mtasts
