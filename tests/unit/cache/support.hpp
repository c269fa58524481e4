// support - what the cache's tests share: a temporary folder, a clock that is set by hand, entries, and a way
// to await.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cache/lmdb_cache.hpp"

namespace mtasts::test {

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string cache() const { return path_ + "/cache"; }
  std::string file(const std::string& name) const { return cache() + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class HandClock final : public Clock {
 public:
  Moment moment() const noexcept override {
    Time now(std::chrono::seconds(seconds_.load())), sure(std::chrono::seconds(last_certain_.load()));
    return sure == Time{} ? certain(now) : in_doubt(now, sure);
  }
  std::optional<ClockMark> mark() const noexcept override {
    if (last_certain_ != 0) return std::nullopt;
    return ClockMark{now(), {}, {}};
  }
  void set(Time now) { seconds_ = now.time_since_epoch().count(); }
  void doubt(Time last_certain) { last_certain_ = last_certain.time_since_epoch().count(); }
  void trust() { last_certain_ = 0; }
  void turn(std::chrono::seconds by) { seconds_ += by.count(); }
  std::uint32_t day() const { return static_cast<std::uint32_t>(seconds_.load() / 86400); }

 private:
  std::atomic<std::int64_t> seconds_ = 1'800'000'000;  // 2027-01-15
  std::atomic<std::int64_t> last_certain_ = 0;         // 0: the clock is certain
};

class LogLines {
 public:
  std::function<void(int, std::string)> sink();
  bool has(int level, const std::string& part) const;
  std::size_t count(int level, const std::string& part) const;
  std::string all() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<int, std::string>> lines_;
};

DomainName name(const std::string& text);
DomainName numbered(const std::string& prefix, int n);  // "prefix-000042.example"

Record policy_record(Mode mode, Time fetched_at, std::uint32_t max_age = 86400 * 30,
                     const std::string& id = "20270101");
Record negative_record(Time looked_up_at);

// Puts, and stores the outcome. The store, the clock and the outcome must outlive it.
boost::asio::awaitable<void> put_into(Store& store, DomainName domain, Record record,
                                      std::optional<Result<void>>& outcome);

// Runs an awaitable of the store to its end on a new executor.
Result<void> put(LmdbCache& cache, const DomainName& domain, Record record);
std::size_t put_all(LmdbCache& cache, const std::vector<DomainName>& domains, const Record& record);
std::size_t put_many(LmdbCache& cache, const std::string& prefix, int from, int to, const Record& record);

// Returns when everything that was noted and posted before is committed. Posts a change that changes nothing,
// because notes are stored together with the next change.
void settle(LmdbCache& cache);

// Whether f becomes true within a minute: for what another process or thread does at some time.
bool soon(const std::function<bool()>& f);

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& bytes);
// Writes into daemon.lock that the last writer stopped in order and left data.mdb as it is now.
void as_left_in_order(const TempFolder& folder);
std::vector<std::string> files_like(const std::string& folder, const std::string& prefix);

// A second process running unit_cache_child.
class Child {
 public:
  explicit Child(std::vector<std::string> arguments);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  std::string line();  // its next line of output; empty: it has ended
  void say(const std::string& line);
  void kill(int signal);
  int wait();  // exit status; 128 + signal if it was killed

 private:
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1;
  std::string buffer_;
};

}  // namespace mtasts::test
