// log - writes one line for each event, for people (text) or programs (json).
//
// The thread that logs only queues the line; another thread writes it. If the queue is full, its oldest line
// is dropped, so logging never blocks an answer. Text of peers is made printable: a log line is always one
// line of UTF-8 without control characters.
//
// In format text, a value with a blank, "=", a quote or a backslash stands in double quotes, with a backslash
// before each quote and backslash:
//
//     2026-01-31T12:00:00.123Z info answer domain=example.com reason="enforce policy" ms=12
//
// In format json:
//
//     {"time":"2026-01-31T12:00:00.123Z","level":"info","event":"answer","domain":"example.com","ms":12}
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "conf/config.hpp"
#include "core/mx_list.hpp"

namespace spdlog {
class logger;
namespace details {
class thread_pool;
}
}  // namespace spdlog

namespace mtasts {

struct LogField {
  std::string_view name;
  // A field with an empty text or list is left out. A policy's mx values are a list in json, and joined by
  // commas in text. Views need to live only until event() returns.
  std::variant<std::string_view, std::int64_t, MxListView> value;
};

class Log {
 public:
  using Level = LogConfig::Level;

  // program: the name by which syslog and the journal file the lines.
  explicit Log(const LogConfig& config, std::string program = "mtastsd");
  ~Log();  // writes what is still queued; may block

  // Whether a line of this level is logged. Cheap (one relaxed load): ask before gathering fields.
  bool wants(Level level) const noexcept { return level <= level_.load(std::memory_order_relaxed); }

  void event(Level level, std::string_view name, std::initializer_list<LogField> fields);

  // Logs an event with one sentence: event(level, name, {{"text", text}}).
  void say(Level level, std::string_view name, std::string_view text);

  // Applies another configuration at a reload; main thread only. Lines that other threads log meanwhile go to
  // the old or the new target.
  void configure(const LogConfig& config);

 private:
  const std::string program_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  LogConfig::Target target_;  // main thread only
  std::vector<std::shared_ptr<spdlog::logger>>
      retired_;       // targets before a reload; lines for them may still be queued
  std::mutex mutex_;  // guards sink_, timed_ and format_; held for a copy only
  std::shared_ptr<spdlog::logger> sink_;
  bool timed_;  // lines carry the time, because the target adds none
  LogConfig::Format format_;
  std::atomic<Level> level_;
};

// The line that is written; in text without the time if time is empty. For event() and tests.
std::string format_event(LogConfig::Format format, std::string_view time, Log::Level level,
                         std::string_view name, std::initializer_list<LogField> fields);

}  // namespace mtasts
