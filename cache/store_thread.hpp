// store_thread - the only writer (LMDB-1): takes queued changes, commits them, then reports back.
//
// Commits at most every 20 ms or 256 changes; the first change after a pause is committed at once. A change
// is reported only after its commit is durable; a commit that fails is tried again, then all of its changes
// report Fault::storage. Without memory a commit fails like any other, and its reports wait until there is
// some. While the clock is certain it notes that once a minute. Every second the notes of the answer threads
// are taken in, every minute dead readers' slots are cleared.
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
  // Called on the store thread, again if it throws; may be empty.
  std::move_only_function<void(const Result<bool>&)> done;
};

// An open transaction of some reader, as LMDB's table of readers shows it.
struct ReaderSlot {
  pid_t pid = 0;
  std::string thread;
  std::uint64_t txn = 0;
  Time since{};  // first seen
  bool same(const ReaderSlot& other) const noexcept {
    return pid == other.pid && thread == other.thread && txn == other.txn;
  }
};
// Of LMDB's text (mdb_reader_list), those that read an older state than `newest`.
std::vector<ReaderSlot> parse_readers(std::string_view table, std::uint64_t newest);

class StoreThread {
 public:
  // env, clock outlive it.
  StoreThread(Environment& env, const Clock& clock, std::uint64_t max_size);
  ~StoreThread();  // commits what is queued
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  void post(Queued queued);             // any thread
  std::shared_ptr<UseRing> add_ring();  // any thread; the ring goes when its reader has let go of it
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

  std::mutex mutex_;  // queue_, rings_, stop_
  std::condition_variable wake_;
  std::deque<Queued> queue_;
  std::vector<std::shared_ptr<UseRing>> rings_;
  bool stop_ = false;

  // The rest belongs to the thread. What a batch needs is reserved, so that it can be taken without memory.
  std::vector<Queued> batch_;
  std::vector<UseRing::Note> notes_;
  std::vector<bool> results_;
  Tally tally_;
  std::vector<ReaderSlot> readers_;  // that were open a minute ago
  std::size_t failures_ = 0;         // since the last line about them
  Instant last_commit_{}, last_minute_{}, last_refusal_{}, last_eviction_{}, last_mark_{}, last_failure_{};
  std::thread thread_;
};

}  // namespace mtasts::cache
