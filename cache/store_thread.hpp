// store_thread - the only writer (LMDB-1): takes queued changes, commits them, then reports back.
//
// A commit follows the one before after 20 ms, or earlier once 256 changes wait; the first change after a
// pause is committed at once. A change is reported as done only when its commit is durable. A commit that
// fails is tried three more times; then all of its changes report Fault::storage. A commit that fails for
// lack of memory is treated the same, and its reports wait until there is memory.
//
// Every second the thread takes in the notes of the answer threads. Every minute it clears the reader slots
// of dead processes. While the clock is certain, it stores that fact about once a minute, together with a
// commit that is made anyway, or after ten minutes with a commit of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "cache/changes.hpp"
#include "ports/clock.hpp"

namespace mtasts::cache {

struct Queued {
  Change change;
  // Called on the store thread with the outcome; called again if it throws std::bad_alloc. May be empty.
  std::move_only_function<void(const Result<bool>&)> done;
};

// An open read transaction, as LMDB's table of readers shows it.
struct ReaderSlot {
  pid_t pid = 0;
  std::string thread;
  std::uint64_t txn = 0;
  Time since{};  // first seen
  bool same(const ReaderSlot& other) const noexcept {
    return pid == other.pid && thread == other.thread && txn == other.txn;
  }
};
// Reads the text of mdb_reader_list(); returns the transactions that are older than the commit `newest`.
std::vector<ReaderSlot> parse_readers(std::string_view table, std::uint64_t newest);

class StoreThread {
 public:
  // Starts the thread. env and clock must outlive this. max_size: octets of pages in use.
  StoreThread(Environment& env, const Clock& clock, std::uint64_t max_size);
  ~StoreThread();  // commits what is queued, then ends the thread
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  // These may be called on any thread. The store thread drops a ring when its reader has released it.
  void post(Queued queued);
  std::shared_ptr<UseRing> add_ring();
  void set_max_size(std::uint64_t bytes) noexcept { max_size_ = bytes; }

 private:
  using Instant = std::chrono::steady_clock::time_point;
  void run();
  void next_batch();
  void run_batch();
  int try_batch(const char*& doing);
  bool report(int rc, const char* doing);
  void take_notes();
  bool mark_due(std::chrono::minutes interval);
  bool pause(std::chrono::milliseconds time);
  void once_a_minute();
  void report_tally();
  void note_outcome(int rc, const char* doing);
  void report_failure(const std::string& what);
  void check_readers();

  Environment& env_;
  const Clock& clock_;
  std::atomic<std::uint64_t> max_size_;

  std::mutex mutex_;  // for queue_, rings_ and stop_
  std::condition_variable wake_;
  std::deque<Queued> queue_;
  std::vector<std::shared_ptr<UseRing>> rings_;
  bool stop_ = false;

  // Only the store thread uses the rest. The space for a batch is reserved, so that taking one allocates
  // nothing.
  std::vector<Queued> batch_;
  std::vector<UseRing::Note> notes_;
  std::vector<bool> results_;
  Tally tally_;
  std::vector<ReaderSlot> readers_;  // those that were open a minute ago
  std::size_t failures_ = 0;         // failed commits since the last log line about them
  Instant last_commit_{}, last_minute_{}, last_refusal_{}, last_eviction_{}, last_mark_{}, last_failure_{};
  std::thread thread_;
};

}  // namespace mtasts::cache
