#include "cache/store_thread.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <new>
#include <sstream>
#include <utility>

namespace mtasts::cache {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto commit_interval = 20ms, note_interval = 1000ms;
constexpr std::size_t batch_limit = 256, note_limit = 4096;
constexpr std::array retry_pauses{50ms, 200ms, 500ms};
constexpr auto mark_interval = 1min;        // together with a commit that is made anyway
constexpr auto idle_mark_interval = 10min;  // by a commit of its own
constexpr int last_reports = 20;            // attempts while closing; after that the changes get no outcome
constexpr auto report_pause = 100ms;

// For work that only informs: it is skipped if there is no memory.
template <class Work>
void safely(Work work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
  }
}

}  // namespace

std::vector<ReaderSlot> parse_readers(std::string_view table, std::uint64_t newest) {
  std::vector<ReaderSlot> slots;
  std::istringstream lines{std::string(table)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    ReaderSlot slot;
    std::string txn;  // "-": the transaction rests
    if (!(words >> slot.pid >> slot.thread >> txn)) continue;
    auto [end, error] = std::from_chars(txn.data(), txn.data() + txn.size(), slot.txn);
    if (error == std::errc() && end == txn.data() + txn.size() && slot.txn < newest) slots.push_back(slot);
  }
  return slots;
}

StoreThread::StoreThread(Environment& env, const Clock& clock, std::uint64_t max_size)
    : env_(env), clock_(clock), max_size_(max_size), results_(batch_limit) {
  batch_.reserve(batch_limit);
  notes_.reserve(note_limit);
  // The main thread handles all signals. A write beyond the limit on file sizes must fail, and not raise
  // SIGXFSZ here.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), "store");
}

StoreThread::~StoreThread() {
  {
    std::scoped_lock hold(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void StoreThread::post(Queued queued) {
  std::size_t waiting = 0;
  {
    std::scoped_lock hold(mutex_);
    queue_.push_back(std::move(queued));
    waiting = queue_.size();
  }
  if (waiting == 1 || waiting == batch_limit) wake_.notify_one();
}

std::shared_ptr<UseRing> StoreThread::add_ring() {
  auto ring = std::make_shared<UseRing>();
  std::scoped_lock hold(mutex_);
  rings_.push_back(ring);
  return ring;
}

void StoreThread::run() {
  last_minute_ = last_mark_ = Steady::now();
  for (;;) {
    next_batch();
    take_notes();
    bool last = batch_.empty() && [this] {
      std::scoped_lock hold(mutex_);
      return stop_ && queue_.empty();
    }();
    run_batch();
    safely([this] { once_a_minute(); });
    if (last) return;
  }
}

// Waits up to a second for a change, then for the end of the commit interval or a full batch, and fills
// batch_. It stays empty if no change came: then it is time to take in the notes.
void StoreThread::next_batch() {
  std::unique_lock hold(mutex_);
  wake_.wait_for(hold, note_interval, [this] { return stop_ || !queue_.empty(); });
  if (!queue_.empty())
    wake_.wait_until(hold, last_commit_ + commit_interval,
                     [this] { return stop_ || queue_.size() >= batch_limit; });
  while (!queue_.empty() && batch_.size() < batch_limit) {
    batch_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
}

void StoreThread::take_notes() {
  std::scoped_lock hold(mutex_);
  UseRing::Note note;
  for (auto& ring : rings_)
    while (notes_.size() < note_limit && ring->pop(note)) notes_.push_back(note);
  std::erase_if(rings_, [](const auto& ring) { return ring.use_count() == 1; });
}

void StoreThread::run_batch() {
  if (batch_.empty() && notes_.empty() && !mark_due(idle_mark_interval)) return;
  const char* doing = "commit";
  int rc = try_batch(doing);
  for (auto wait : retry_pauses) {
    if (rc == MDB_SUCCESS || rc == MDB_PANIC) break;
    safely([&] { env_.error(doing, rc); });
    if (!pause(wait)) break;
    rc = try_batch(doing);
  }
  env_.condition().end();
  last_commit_ = Steady::now();
  safely([&] { note_outcome(rc, doing); });
  for (int tries = 0; !report(rc, doing) && tries < last_reports;) {
    if (pause(report_pause)) continue;
    std::this_thread::sleep_for(report_pause);
    ++tries;
  }
  batch_.clear();
  notes_.clear();
  safely([this] { report_tally(); });
}

void StoreThread::note_outcome(int rc, const char* doing) {
  auto& condition = env_.condition();
  if (rc == MDB_SUCCESS) {
    condition.committed();
    if (tally_.lost > 0) condition.damaged(std::exchange(tally_.lost, 0), 0, "", clock_.now());
    return;
  }
  if (rc == MDB_PANIC) env_.panic(clock_.now());
  auto error = env_.error(doing, rc);
  condition.commit_failed(error.detail, clock_.now());
  report_failure(error.detail + "; " + std::to_string(batch_.size()) + " changes were not stored");
}

int StoreThread::try_batch(const char*& doing) try {
  auto& condition = env_.condition();
  condition.begin("the writer waits for LMDB's lock, which another process holds", clock_.now());
  WriteTxn txn(env_, clock_.moment());
  condition.begin("a commit waits for the disk", clock_.now());
  Bound bound{.max_size = max_size_};
  Tally tally;
  for (std::size_t i = 0; i < batch_.size(); ++i) results_[i] = apply(txn, batch_[i].change, bound, tally);
  for (const auto& note : notes_) apply_note(txn, note, tally);
  auto mark = mark_due(mark_interval) ? clock_.mark() : std::nullopt;
  if (mark) txn.note_certain(*mark);
  doing = "commit";
  int rc = txn.commit();
  if (rc != MDB_SUCCESS) return rc;
  env_.mend_size();
  if (mark) last_mark_ = Steady::now();
  tally_.evicted += tally.evicted;
  tally_.refused += tally.refused;
  tally_.lost += tally.lost;
  return rc;
} catch (const LmdbFailure& failure) {
  doing = failure.doing;
  return failure.rc;
} catch (const std::bad_alloc&) {
  doing = "store";
  return ENOMEM;
}

// Reports the outcome to each change, once. False: there was no memory to report to all; call it again.
bool StoreThread::report(int rc, const char* doing) try {
  auto error = rc == MDB_SUCCESS ? Error{} : env_.error(doing, rc);
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    if (!batch_[i].done) continue;
    batch_[i].done(rc == MDB_SUCCESS ? Result<bool>(results_[i]) : std::unexpected(error));
    batch_[i].done = nullptr;
  }
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

// Whether it is time to store that the clock is certain; always so with the last batch before an orderly
// stop.
bool StoreThread::mark_due(std::chrono::minutes interval) {
  {
    std::scoped_lock hold(mutex_);
    if (stop_) return clock_.mark().has_value();
  }
  return Steady::now() - last_mark_ >= interval && clock_.mark();
}

// Waits. False: the cache is being closed, so there must be no more waits.
bool StoreThread::pause(std::chrono::milliseconds time) {
  std::unique_lock hold(mutex_);
  return !wake_.wait_for(hold, time, [this] { return stop_; });
}

void StoreThread::once_a_minute() {
  if (Steady::now() - last_minute_ < 1min) return;
  last_minute_ = Steady::now();
  int cleared = 0;
  mdb_reader_check(env_.get(), &cleared);
  if (cleared > 0)
    env_.log().info("cache: cleared " + std::to_string(cleared) + " slots of readers that were killed");
  check_readers();
  report_tally();
}

// Logs the first failure at once, then at most one line a minute.
void StoreThread::report_failure(const std::string& what) {
  ++failures_;
  auto now = Steady::now();
  if (last_failure_ != Instant() && now - last_failure_ < 1min) return;
  last_failure_ = now;
  auto times = std::exchange(failures_, 0);
  env_.log().error(
      what +
      (times > 1 ? "; " + std::to_string(times) + " commits have failed since the last such line" : ""));
}

// A read transaction that stays open for more than a minute while others commit keeps freed pages from being
// used again, so that the file grows.
void StoreThread::check_readers() {
  std::string table;
  auto append = [](const char* line, void* to) {
    static_cast<std::string*>(to)->append(line);
    return 0;
  };
  MDB_envinfo info{};
  mdb_env_info(env_.get(), &info);
  mdb_reader_list(env_.get(), append, &table);
  auto open = parse_readers(table, info.me_last_txnid);
  std::vector<HeldReader> held;
  for (ReaderSlot& slot : open) {
    auto before = std::ranges::find_if(readers_, [&](const ReaderSlot& each) { return each.same(slot); });
    slot.since = before == readers_.end() ? clock_.now() : before->since;
    if (before != readers_.end()) held.push_back({slot.pid, slot.since});
  }
  for (const HeldReader& each : held)
    env_.log().warning("cache " + env_.path() + ": process " + std::to_string(each.pid) +
                       " has been reading for more than a minute, which makes the file grow; end it");
  readers_ = std::move(open);
  env_.condition().readers(std::move(held));
}

// Logs the first refusal and the first eviction at once, then for each at most one line a minute with the
// sum.
void StoreThread::report_tally() {
  auto now = Steady::now();
  auto may_say = [now](Instant& last) {
    if (last != Instant() && now - last < 1min) return false;
    last = now;
    return true;
  };
  std::string where = "cache " + env_.path() + ": ";
  if (tally_.refused > 0 && may_say(last_refusal_)) {
    env_.log().warning(where + "full of policies in force; " +
                       std::to_string(std::exchange(tally_.refused, 0)) +
                       " entries that protect nothing were not stored; raise [cache] max_size");
  }
  if (tally_.evicted > 0 && may_say(last_eviction_))
    env_.log().info(where + "full; " + std::to_string(std::exchange(tally_.evicted, 0)) +
                    " entries were evicted");
}

}  // namespace mtasts::cache
