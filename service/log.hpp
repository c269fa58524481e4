// log - one line an event, for people (text) or machines (json). A line is queued, never written, by the
// thread that logs: if the queue is full its oldest line is dropped, so logging never blocks an answer.
//
// text: 2026-01-31T12:00:00.123Z info answer domain=example.com answer="OK secure …" reason="enforce policy"
// ms=12 json:
// {"time":"2026-01-31T12:00:00.123Z","level":"info","event":"answer","domain":"example.com",…,"ms":12} Peer
// text in a field is made printable: a log line is always one line of UTF-8 without controls. In text a value
// with a blank, "=", a quote or a backslash stands in double quotes, quotes and backslashes behind a
// backslash.
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
  // An empty text or list is left out. A policy's mx are a list in JSON, joined by commas in text.
  std::variant<std::string_view, std::int64_t, MxListView> value;
};

class Log {
 public:
  using Level = LogConfig::Level;

  explicit Log(const LogConfig& config);
  ~Log();  // writes out what is queued

  // Cheap: one relaxed load. Ask before gathering fields.
  bool wants(Level level) const noexcept { return level <= level_.load(std::memory_order_relaxed); }

  void event(Level level, std::string_view name, std::initializer_list<LogField> fields);

  // An event with one sentence: event(level, name, {{"text", text}}).
  void say(Level level, std::string_view name, std::string_view text);

  // Applies another configuration (reload); main thread only. Lines of other threads go to the old or the new
  // target.
  void configure(const LogConfig& config);

 private:
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  LogConfig::Target target_;  // main thread only
  std::vector<std::shared_ptr<spdlog::logger>>
      retired_;       // targets of before a reload; lines may still be queued
  std::mutex mutex_;  // guards sink_, timed_ and format_; held for a copy only
  std::shared_ptr<spdlog::logger> sink_;
  bool timed_;  // the target adds no time of its own
  LogConfig::Format format_;
  std::atomic<Level> level_;
};

// The line as it would be written, without the time; for tests.
std::string format_event(LogConfig::Format format, std::string_view time, Log::Level level,
                         std::string_view name, std::initializer_list<LogField> fields);

}  // namespace mtasts
