#include "milter/run.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "conf/milter_values.hpp"
#include "core/parts.hpp"
#include "milter/mtastsd_asker.hpp"
#include "milter/shell.hpp"
#include "milter/tally.hpp"
#include "service/account.hpp"
#include "service/listener.hpp"
#include "service/log.hpp"
#include "service/stop_guard.hpp"
#include "version.hpp"

namespace mtasts {

namespace asio = boost::asio;
using Level = Log::Level;

namespace {

constexpr std::chrono::seconds drain_limit{3};  // for the messages under way
constexpr std::chrono::seconds stop_limit{9};   // for the whole stop; service managers wait 10 s or more
constexpr std::chrono::hours tally_interval{1};

void say_all(Log& log, Level level, std::string_view event, std::string_view lines) {
  for (std::string_view line : Parts(lines)) log.say(level, event, line);
}

AskerSettings asker_settings(const Config& config) {
  auto endpoints = config.milter.socketmap ? std::vector{*config.milter.socketmap} : config.listen.socketmap;
  return {std::move(endpoints), config.milter.zone};
}

void raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

class Milter {
 public:
  Milter(MilterOptions options, Parsed parsed)
      : options_(std::move(options)),
        config_(std::move(parsed.config)),
        guard_(program, stop_limit, [this](std::string_view line) { log_.say(Level::error, "stop", line); }),
        log_(config_.log, program),
        current_(std::make_shared<const MilterConfig>(config_.milter)) {
    for (const std::string& warning : parsed.warnings) log_.say(Level::warning, "config", warning);
  }
  Milter(const Milter&) = delete;
  Milter& operator=(const Milter&) = delete;
  ~Milter() {
    end_callbacks();
    guard_.waits_for("the log's reader");
    guard_.forget_tell();
  }

  int run() {
    log_.event(Level::info, "start", {{"version", version}, {"config", options_.config_file}});
    raise_descriptor_limit();
    if (auto started = start(); !started) {
      say_all(log_, Level::error, "start", started.error().detail);
      return 1;
    }
    await_signals();
    tell_counters_hourly();
    log_.event(Level::info, "start", {{"text", "ready"}, {"listen", milter_notation(config_.milter.listen)}});
    loop_->run();
    guard_.waits_for("the answers under way");
    end_callbacks();
    log_counters();
    log_.say(Level::info, "stop", "stopped");
    return exit_status_;
  }

 private:
  static constexpr const char* program = "mtasts-milter";

  // Binds the socket, as root if the milter is root, then gives up root.
  Result<void> start() {
    if (auto checked = check_milter_start(config_); !checked) return checked;
    auto bound =
        Listening::bind(config_.milter.listen, config_.listen.socket_mode, config_.listen.socket_group);
    if (!bound) return std::unexpected(std::move(bound.error()));
    listening_.emplace(*std::move(bound));
    auto account = account_to_become(config_.listen);
    if (!account) return std::unexpected(std::move(account.error()));
    if (*account) {
      listening_->give_to((*account)->uid, no_group);
      if (auto done = become(**account); !done) return done;
      log_.event(Level::info, "start", {{"text", "gave up root"}, {"user", (*account)->name}});
    }
    asker_ = std::make_unique<MtastsdAsker>(asker_settings(config_), log_);
    hooks_ = {.config = [this] { return current(); },
              .report = [this](const MessageReport& report) { tell(report); },
              .trouble = [this](const char* text) { log_.say(Level::error, "milter", text); },
              .asker = asker_.get()};
    if (auto registered = register_milter(hooks_, listening_->descriptor()); !registered) return registered;
    // libmilter blocks signals in the thread that runs it (MLT-6), so it must not be this one. The thread
    // can't be joined, and keeps the loop that it may post to.
    std::thread([this, loop = loop_] {
      bool in_order = serve_milter();
      asio::post(*loop, [this, in_order] { libmilter_ended(in_order); });
    }).detach();
    return {};
  }

  // No callback uses this object afterwards.
  void end_callbacks() {
    if (!asker_) return;
    asker_->give_up();
    close_milter();
  }

  void libmilter_ended(bool in_order) {
    if (stopping_) return;
    log_.say(Level::error, "stop",
             in_order ? "libmilter stopped; the milter must be started again"
                      : "libmilter failed; the milter must be started again");
    exit_status_ = 1;
    loop_->stop();
  }

  std::shared_ptr<const MilterConfig> current() {
    std::scoped_lock hold(mutex_);
    return current_;
  }

  // Any thread.
  void tell(const MessageReport& report) {
    tally_.add(report);
    if (report.demand.empty() && report.off_policy == 0) return;
    auto number = [](std::size_t count) { return static_cast<std::int64_t>(count); };
    log_.event(Level::info, "message",
               {{"queue", report.queue_id},
                {"sender", report.sender},
                {"demand", report.demand},
                {"tls_required", report.tls_required_no ? "no" : ""},
                {"recipients", number(report.recipients)},
                {"refused", number(report.refused)},
                {"deferred", number(report.deferred)},
                {"unknown", number(report.unknown)},
                {"off_policy", number(report.off_policy)},
                {"result", words(report.result)},
                {"reason", report.reason}});
  }

  void log_counters() {
    auto now = tally_.now();
    log_.event(Level::info, "counters",
               {{"messages", now.messages},
                {"with_demand", now.with_demand},
                {"refused_recipients", now.refused},
                {"deferred_recipients", now.deferred},
                {"unknown_recipients", now.unknown},
                {"off_policy_recipients", now.off_policy},
                {"prefetches_dropped", static_cast<std::int64_t>(asker_->dropped())}});
  }

  void tell_counters_hourly() {
    tally_timer_.expires_after(tally_interval);
    tally_timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      log_counters();
      tell_counters_hourly();
    });
  }

  void await_signals() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        reload();
        return await_signals();
      }
      begin_stop();
    });
  }

  void reload() {
    if (options_.config_file.empty())
      return log_.say(Level::warning, "reload",
                      "nothing to reload: the milter was started without a configuration file");
    auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    auto parsed = load_config(options_.config_file, options_.paths, now);
    if (!parsed) return refuse_reload(parsed.error());
    if (auto checked = check_milter_start(parsed->config); !checked) return refuse_reload(checked.error());
    for (const std::string& warning : parsed->warnings) log_.say(Level::warning, "config", warning);
    use(std::move(parsed->config));
    log_.event(Level::info, "reload",
               {{"text", "the new configuration is in force for connections that begin now"},
                {"config", options_.config_file}});
    log_counters();
  }

  void refuse_reload(const Error& error) {
    say_all(log_, Level::error, "reload", error.detail);
    log_.say(Level::error, "reload", "nothing has changed: the previous configuration stays in force");
  }

  void use(Config next) {
    if (next.milter.listen != config_.milter.listen || next.listen.user != config_.listen.user)
      log_.say(Level::warning, "reload",
               "changes of [milter] listen and [listen] user take effect at the next restart");
    next.milter.listen = config_.milter.listen;
    if (auto set = listening_->set_rights(next.listen.socket_mode, next.listen.socket_group); !set)
      say_all(log_, Level::error, "reload", set.error().detail);
    log_.configure(next.log);
    asker_->use(asker_settings(next));
    config_ = std::move(next);
    std::scoped_lock hold(mutex_);
    current_ = std::make_shared<const MilterConfig>(config_.milter);
  }

  // libmilter drops the connections when it stops, so messages under way come to their end first. A new one
  // that begins meanwhile is served too.
  void begin_stop() {
    stopping_ = true;
    guard_.waits_for("the messages under way");
    log_.say(Level::info, "stop", "finishing the messages under way");
    drained_by_ = std::chrono::steady_clock::now() + drain_limit;
    await_drained();
  }

  void await_drained() {
    if (messages_under_way() == 0 || std::chrono::steady_clock::now() >= drained_by_) return loop_->stop();
    drain_timer_.expires_after(std::chrono::milliseconds(20));
    drain_timer_.async_wait([this](boost::system::error_code error) {
      if (!error) await_drained();
    });
  }

  MilterOptions options_;
  Config config_;
  StopGuard guard_;  // outlives the log, because the log may be what is stuck
  Log log_;
  Tally tally_;
  std::mutex mutex_;  // guards current_
  std::shared_ptr<const MilterConfig> current_;
  MilterHooks hooks_;
  std::shared_ptr<asio::io_context> loop_ = std::make_shared<asio::io_context>(1);
  asio::signal_set signals_{*loop_, SIGTERM, SIGINT, SIGHUP};
  asio::steady_timer tally_timer_{*loop_}, drain_timer_{*loop_};
  std::optional<Listening> listening_;
  std::unique_ptr<MtastsdAsker> asker_;
  std::chrono::steady_clock::time_point drained_by_{};
  bool stopping_ = false;
  int exit_status_ = 0;
};

}  // namespace

Result<void> check_milter_start(const Config& config) {
  if (!config.listen.socket_group.empty())
    if (auto group = group_id(config.listen.socket_group); !group)
      return std::unexpected(std::move(group.error()));
  if (auto account = account_to_become(config.listen); !account)
    return std::unexpected(std::move(account.error()));
  return Listening::check(config.milter.listen);
}

int run_milter(const MilterOptions& options, Parsed parsed) {
  return Milter(options, std::move(parsed)).run();
}

}  // namespace mtasts
