// answer_loop - one answer thread: a loop, its reader of the cache, and its connections.
//
// Connections are handed over as accepted descriptors and stay on their thread. One coarse tick a second
// sweeps idle ones; no connection has a timer of its own.
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

// A tick comes each second; sendmail waits 5 s for a reply.
inline constexpr std::chrono::seconds stall_limit{4};

class AnswerLoop {
 public:
  // resolve, clock, log and shortages outlive this. No thread runs before start().
  AnswerLoop(std::unique_ptr<PollLoop> poll, std::unique_ptr<Reader> reader, ResolveLoop& resolve,
             const Clock& clock, Log& log, Shortages& shortages, SettingsPtr settings);
  ~AnswerLoop();  // stop()

  // Any thread:
  void start();
  enum class Room { there_is, scarce, none };
  // Takes ownership of a connected socket that does not block. Unless there is room, the connection of this
  // thread that has been idle longest is closed for it. If none is idle and there is no room, the new one is.
  void adopt(int descriptor, Peers::Token peer, Room room);
  void give_up_one();  // the one that has been idle longest, if any
  void use(SettingsPtr settings);
  void use(HealthPtr health);
  void count(std::move_only_function<void(Counters)> deliver);  // deliver is called on this thread
  void drain();  // no new requests: idle connections are closed, the others after their reply
  void stop();   // joins
  std::size_t connections() const noexcept { return connections_.load(std::memory_order_relaxed); }

  // What a connection needs; only on this loop's thread.
  void close(Connection& connection) noexcept;  // it is destroyed at the end of the turn
  void used(Connection& connection) noexcept;   // just now
  void waits(Connection& connection) noexcept;  // for a flight
  PollLoop& poll() noexcept { return *poll_; }
  Answerer& answerer() noexcept { return answerer_; }
  ResolveLoop& resolve() noexcept { return resolve_; }
  std::uint32_t tick() const noexcept { return tick_; }
  bool draining() const noexcept { return draining_; }
  // True if this thread has not run for seconds (a frozen process or disk): what it reads now may be old, and
  // a reply to it late. Closes all connections then; their clients ask again on new ones (SM-13, SM-14).
  bool stalled();
  bool may_warn();  // once a minute, for what a client can cause at will
  Log& log() noexcept { return log_; }
  // Scratch, for as long as one call from the loop takes.
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
  Connection::List idle_;     // the longest unused first
  Connection::List waiting_;  // for flights
  Connection::List closed_;   // in this turn
  std::uint32_t tick_ = 0;
  PollLoop::Moment ticked_ = std::chrono::steady_clock::now();
  std::optional<std::uint32_t> warned_;
  bool draining_ = false;
  std::atomic<std::size_t> connections_{0};
  std::string reply_;
  std::array<char, 2048> input_;  // nobody sends much ahead (SM-10), and the others of a turn wait
  std::thread thread_;
};

}  // namespace mtasts
