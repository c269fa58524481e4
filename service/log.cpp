#include "service/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/sinks/systemd_sink.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <chrono>
#include <utility>

#include "core/finding.hpp"

namespace mtasts {
namespace {

constexpr std::size_t queue_lines = 8192;
constexpr std::size_t max_value = 1000;  // octets of one value; a reply with a policy can have 90,000

spdlog::level::level_enum to_spdlog(Log::Level level) noexcept {
  switch (level) {
    case Log::Level::error: return spdlog::level::err;
    case Log::Level::warning: return spdlog::level::warn;
    case Log::Level::info: return spdlog::level::info;
    case Log::Level::debug: return spdlog::level::debug;
  }
  return spdlog::level::info;
}

std::string utc_now() {
  auto now = std::chrono::system_clock::now();
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                     ms);
}

bool needs_quotes(std::string_view value) { return value.find_first_of(" =\"\\") != std::string_view::npos; }

void append_text_value(std::string& line, std::string_view value) {
  std::string shown = printable(value, max_value);
  if (!needs_quotes(shown)) {
    line += shown;
    return;
  }
  line += '"';
  for (char c : shown) {
    if (c == '"' || c == '\\') line += '\\';
    line += c;
  }
  line += '"';
}

void append_json_text(std::string& line, std::string_view value) {
  line += boost::json::serialize(boost::json::string(printable(value, max_value)));
}

bool is_left_out(const LogField& field) noexcept {
  const auto* text = std::get_if<std::string_view>(&field.value);
  const auto* list = std::get_if<MxListView>(&field.value);
  return (text != nullptr && text->empty()) || (list != nullptr && list->empty());
}

struct TextValue {
  std::string& line;
  void operator()(std::string_view text) const { append_text_value(line, text); }
  void operator()(std::int64_t number) const { line += std::to_string(number); }
  void operator()(MxListView mx) const {
    std::string joined(mx.text());
    std::ranges::replace(joined, '\n', ',');
    append_text_value(line, joined);
  }
};

struct JsonValue {
  std::string& line;
  void operator()(std::string_view text) const { append_json_text(line, text); }
  void operator()(std::int64_t number) const { line += std::to_string(number); }
  void operator()(MxListView mx) const {  // limited in size as a text is
    std::size_t room = max_value;
    char before = '[';
    for (std::string_view pattern : mx) {
      if (pattern.size() > room) continue;
      room -= pattern.size();
      line += std::exchange(before, ',');
      append_json_text(line, pattern);
    }
    line += before == '[' ? "[]" : "]";
  }
};

std::string text_line(std::string_view time, Log::Level level, std::string_view name,
                      std::initializer_list<LogField> fields) {
  std::string line = time.empty() ? std::string() : std::string(time) + ' ';
  line.append(words(level)).append(" ").append(name);
  for (const LogField& field : fields) {
    if (is_left_out(field)) continue;
    line.append(" ").append(field.name).append("=");
    std::visit(TextValue{line}, field.value);
  }
  return line;
}

std::string json_line(std::string_view time, Log::Level level, std::string_view name,
                      std::initializer_list<LogField> fields) {
  std::string line = "{\"time\":";
  append_json_text(line, time);
  line.append(",\"level\":\"").append(words(level)).append("\",\"event\":\"").append(name).append("\"");
  for (const LogField& field : fields) {
    if (is_left_out(field)) continue;
    line.append(",\"").append(field.name).append("\":");
    std::visit(JsonValue{line}, field.value);
  }
  return line + '}';
}

spdlog::sink_ptr make_sink(LogConfig::Target target, const std::string& program) {
  switch (target) {
    case LogConfig::Target::syslog:
      return std::make_shared<spdlog::sinks::syslog_sink_mt>(program, LOG_PID, LOG_MAIL, false);
    case LogConfig::Target::journal: return std::make_shared<spdlog::sinks::systemd_sink_mt>(program);
    case LogConfig::Target::standard_error: break;
  }
  return std::make_shared<spdlog::sinks::stderr_sink_mt>();
}

// syslog and the journal add the time themselves; a JSON line always carries it.
bool is_timed(const LogConfig& config) {
  return config.target == LogConfig::Target::standard_error || config.format == LogConfig::Format::json;
}

std::shared_ptr<spdlog::logger> make_logger(LogConfig::Target target, const std::string& program,
                                            std::shared_ptr<spdlog::details::thread_pool> pool) {
  auto logger = std::make_shared<spdlog::async_logger>(program, make_sink(target, program), std::move(pool),
                                                       spdlog::async_overflow_policy::overrun_oldest);
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);  // the writing thread flushes after each line
  return logger;
}

}  // namespace

std::string format_event(LogConfig::Format format, std::string_view time, Log::Level level,
                         std::string_view name, std::initializer_list<LogField> fields) {
  return format == LogConfig::Format::json ? json_line(time, level, name, fields)
                                           : text_line(time, level, name, fields);
}

Log::Log(const LogConfig& config, std::string program)
    : program_(std::move(program)),
      pool_(std::make_shared<spdlog::details::thread_pool>(queue_lines, 1)),
      target_(config.target),
      sink_(make_logger(config.target, program_, pool_)),
      timed_(is_timed(config)),
      format_(config.format),
      level_(config.level) {}

// Joins the writing thread before the sinks are destroyed.
Log::~Log() { pool_.reset(); }

void Log::configure(const LogConfig& config) {
  auto sink = config.target == target_ ? sink_ : make_logger(config.target, program_, pool_);
  std::lock_guard lock(mutex_);
  if (sink != sink_) retired_.push_back(std::exchange(sink_, std::move(sink)));
  target_ = config.target;
  timed_ = is_timed(config);
  format_ = config.format;
  level_.store(config.level, std::memory_order_relaxed);
}

void Log::event(Level level, std::string_view name, std::initializer_list<LogField> fields) {
  if (!wants(level)) return;
  std::unique_lock lock(mutex_);
  auto sink = sink_;
  bool timed = timed_;
  auto format = format_;
  lock.unlock();
  sink->log(to_spdlog(level), format_event(format, timed ? utc_now() : "", level, name, fields));
}

void Log::say(Level level, std::string_view name, std::string_view text) {
  event(level, name, {{"text", text}});
}

}  // namespace mtasts
