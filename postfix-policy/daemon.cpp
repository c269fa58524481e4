#include "postfix-policy/daemon.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "cache/lmdb_cache.hpp"
#include "core/parts.hpp"
#include "postfix-policy/admin/admin.hpp"
#include "postfix-policy/answer_loop.hpp"
#include "postfix-policy/preflight.hpp"
#include "postfix-policy/privileges.hpp"
#include "postfix-policy/resolve_loop.hpp"
#include "service/account.hpp"
#include "service/config_file.hpp"
#include "service/listener.hpp"
#include "service/log.hpp"
#include "service/peers.hpp"
#include "service/shortages.hpp"
#include "service/stop_guard.hpp"
#include "sys/cores.hpp"
#include "sys/descriptor_budget.hpp"
#include "sys/local_shortage.hpp"
#include "sys/watched_clock.hpp"
#include "version.hpp"

namespace mtasts {

namespace asio = boost::asio;
using Level = Log::Level;

namespace {

constexpr std::chrono::seconds drain_limit{8};  // for the answers in progress
constexpr std::chrono::seconds stop_limit{9};   // for the whole stop; service managers wait 10 s or more
// Several SIGHUPs in a row cause one reload: it begins reload_delay after the last one, but at most
// max_reload_delay after the first.
constexpr std::chrono::milliseconds reload_delay{100}, max_reload_delay{1000};
// How long the start waits to learn whether Postfix does DANE itself; until then mail to domains with DANE is
// deferred. Asking takes some milliseconds, unless Postfix's resolver is down.
constexpr std::chrono::milliseconds first_health_limit{1000};
constexpr std::size_t reserved_descriptors = 16;

void say_all(Log& log, Level level, std::string_view event, std::string_view lines) {
  for (std::string_view line : Parts(lines)) log.say(level, event, line);
}

class Daemon {
 public:
  Daemon(DaemonOptions options, Parsed parsed)
      : options_(std::move(options)),
        config_(std::move(parsed.config)),
        guard_("mtastsd", stop_limit,
               [this](std::string_view line) {
                 log_.say(Level::error, "stop",
                          std::string(line) + ", and what is not yet stored will be looked up again");
               }),
        log_(config_.log) {
    for (const std::string& warning : parsed.warnings) log_.say(Level::warning, "config", warning);
    file_ = loaded(parsed.text);
  }

  ~Daemon() {
    stop();
    guard_.waits_for("the log's reader");
    guard_.forget_tell();
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  int run() {
    log_.event(Level::info, "start",
               {{"version", version}, {"config", options_.config_file}, {"cache", config_.cache.path}});
    raise_descriptor_limit();
    if (auto started = start(); !started) {
      say_all(log_, Level::error, "start", started.error().detail);
      return 1;
    }
    await_signals();
    watch_descriptors();
    first_health_.get_future().wait_for(first_health_limit);  // connections wait in the listeners' queues
    main_loop_.run();
    stop();
    log_.say(Level::info, "stop", "stopped");
    return exit_status_;
  }

 private:
  // Binds the sockets, as root if the daemon is root, then gives up root. Files that are created later belong
  // to the user.
  Result<void> bind() {
    auto checked = check_start(config_, was_root_, [](const Config&) { return Result<void>(); });
    if (!checked) return checked;
    if (auto bound = listeners_.apply(config_.listen); !bound) return bound;
    if (auto bound = admin_.listen(config_.listen); !bound) return bound;
    auto account = account_to_become(config_.listen);
    if (!account) return std::unexpected(std::move(account.error()));
    if (*account) return drop_root(**account);
    if (was_root_)
      log_.say(Level::warning, "start",
               "mtastsd stays root; create a user mtastsd (adduser --system --group mtastsd), or name "
               "another user "
               "in [listen] user");
    return {};
  }

  Result<void> drop_root(const Account& account) {
    if (auto given = give_folder(config_.cache.path, account); !given) return given;
    listeners_.give_to(account.uid);
    admin_.give_to(account);
    if (auto dropped = become(account); !dropped) return dropped;
    log_.event(Level::info, "start", {{"text", "gave up root"}, {"user", account.name}});
    return {};
  }

  Result<void> start() {
    if (auto bound = bind(); !bound) return bound;
    auto cache = LmdbCache::open(cache_options(), clock_);
    if (!cache) return std::unexpected(std::move(cache.error()));
    cache_ = *std::move(cache);
    auto past = cache_->clock_past();
    if (!past) return std::unexpected(std::move(past.error()));
    clock_.begin(*past);
    resolve_ = std::make_unique<ResolveLoop>(cache_->store(), clock_, log_, shortages_);
    auto network = resolve_->make(config_);
    if (!network) return std::unexpected(std::move(network.error()));
    if (auto made = make_answer_loops(); !made) return made;
    start_admin();
    auto memory = cache_->host_memory();
    if (!memory) return std::unexpected(std::move(memory.error()));
    resolve_->recall(*memory, [this](const HostMemory& known) { cache_->remember(known); });
    resolve_->publish_to([this](const HealthPtr& health) { spread(health); });
    resolve_->use(*std::move(network));
    resolve_->start();
    for (auto& loop : answer_loops_) loop->start();
    return {};
  }

  void start_admin() {
    std::vector<AnswerLoop*> loops;
    for (auto& loop : answer_loops_) loops.push_back(loop.get());
    admin_.start(std::move(loops), *resolve_, *cache_, facts(config_));
  }

  ConfigFile loaded(std::string_view text) const {
    if (options_.config_file.empty()) return {};
    return {options_.config_file, clock_.now(), sha256_hex(text)};
  }

  StatusFacts facts(const Config& config) const { return {file_, listeners_.endpoints(), config}; }

  // Runs on the resolve thread, and posts the health to the other threads.
  void spread(const HealthPtr& health) {
    for (auto& loop : answer_loops_) loop->use(health);
    admin_.use(health);
    bool known = !health->postfix_asked || health->postfix_dane.has_value();
    if (known && !health_known_) first_health_.set_value();
    health_known_ = health_known_ || known;
  }

  CacheOptions cache_options() {
    CacheOptions options;
    options.path = config_.cache.path;
    options.max_size = config_.cache.max_size;
    options.log = [this](int level, std::string line) {
      log_.say(level == 0 ? Level::info : level == 1 ? Level::warning : Level::error, "cache", line);
    };
    options.on_panic = [this] { asio::post(main_loop_, [this] { restart_for_cache(); }); };
    return options;
  }

  // LMDB refuses all work, so every answer would be TEMP. The exit status makes a service manager start
  // mtastsd again, and the next start checks the file.
  void restart_for_cache() {
    log_.say(Level::error, "stop",
             "the cache can't be used any more: mtastsd stops, and must be started again");
    exit_status_ = 1;
    ::raise(SIGTERM);  // as a service manager does, so that the same time limit applies
  }

  Result<void> make_answer_loops() {
    unsigned count = config_.listen.workers > 0 ? config_.listen.workers : usable_cores();
    SettingsPtr settings = make_settings(config_);
    for (unsigned i = 0; i < count; ++i) {
      auto reader = cache_->reader();
      if (!reader) return std::unexpected(std::move(reader.error()));
      auto poll = PollLoop::make();
      if (!poll) return std::unexpected(std::move(poll.error()));
      answer_loops_.push_back(std::make_unique<AnswerLoop>(*std::move(poll), *std::move(reader), *resolve_,
                                                           clock_, log_, shortages_, settings));
    }
    return {};
  }

  // Connections must not take the descriptors that DNS and HTTPS need.
  void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    most_connections_ = descriptor_budget().connections;
    if (most_connections_ >= config_.limits.connections) return;
    log_.say(Level::warning, "start",
             "at most " + std::to_string(most_connections_) + " connections: the limit of open files (" +
                 std::to_string(limit.rlim_cur) +
                 ") allows no more; raise it (LimitNOFILE=) or lower [limits] connections");
  }

  static bool has_fewer(const std::unique_ptr<AnswerLoop>& a, const std::unique_ptr<AnswerLoop>& b) {
    return a->connections() < b->connections();
  }

  // Gives the connection to the thread with the fewest; if one must be closed for it, to the thread with the
  // most.
  void adopt(int descriptor, bool scarce) {
    auto [fewest, most] = std::ranges::minmax_element(answer_loops_, has_fewer);
    std::size_t all = 0;
    for (auto& loop : answer_loops_) all += loop->connections();
    std::size_t limit = std::min<std::size_t>(config_.limits.connections, most_connections_);
    auto user = peer_of(descriptor);
    if (!may_be_postfix(user) && peers_.held(user) >= std::max<std::size_t>(limit / 2, 1))
      return refuse(descriptor, user);
    using Room = AnswerLoop::Room;
    Room room = all >= limit ? Room::none : scarce ? Room::scarce : Room::there_is;
    (room == Room::there_is ? *fewest : *most)->adopt(descriptor, peers_.add(user), room);
  }

  // Anybody on this host may connect over TCP. If Postfix can use a unix socket, all TCP clients count as one
  // user.
  bool may_be_postfix(std::optional<uid_t> user) const {
    if (user) return *user == 0 || user == postfix_user_;
    return std::ranges::none_of(config_.listen.socketmap,
                                [](const Endpoint& each) { return each.kind == Endpoint::Kind::unix_path; });
  }

  void refuse(int descriptor, std::optional<uid_t> user) {
    ::close(descriptor);
    shortages_.note(Shortage::connections);
    auto now = clock_.now();
    if (now - last_refused_ < std::chrono::minutes(1)) return;
    last_refused_ = now;
    log_.say(Level::warning, "connection",
             "refused: " + (user ? "the user with uid " + std::to_string(*user) : std::string("TCP")) +
                 " already holds half of all connections; only Postfix and root may hold more, and only over "
                 "a unix socket");
  }

  void await_signals() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        reload_soon();
        return await_signals();
      }
      log_.say(Level::info, "stop", "finishing the answers under way");
      begin_drain();
    });
  }

  void reload_soon() {
    auto now = std::chrono::steady_clock::now();
    if (!reload_by_) reload_by_ = now + max_reload_delay;
    reload_timer_.expires_at(std::min(*reload_by_, now + reload_delay));
    reload_timer_.async_wait([this](boost::system::error_code cancelled) {
      if (cancelled) return;
      reload_by_.reset();
      reload();
    });
  }

  void reload() {
    if (options_.config_file.empty())
      return log_.say(Level::warning, "reload",
                      "nothing to reload: mtastsd was started without a configuration file");
    auto parsed = load_config(options_.config_file, options_.paths, clock_.now());
    if (!parsed) return refuse_reload(parsed.error());
    Config next = std::move(parsed->config);
    ConfigFile before = std::exchange(file_, loaded(parsed->text));
    if (auto applied = apply(next); !applied) {
      file_ = std::move(before);
      return refuse_reload(applied.error());
    }
    for (const std::string& warning : parsed->warnings) log_.say(Level::warning, "config", warning);
    config_ = std::move(next);
    log_.event(Level::info, "reload",
               {{"text", "the new configuration is in force"}, {"config", options_.config_file}});
  }

  void refuse_reload(const Error& error) {
    say_all(log_, Level::error, "reload", error.detail);
    log_.say(Level::error, "reload", "nothing has changed: the previous configuration stays in force");
  }

  // All steps that can fail come first, so a reload happens wholly or not at all.
  Result<void> apply(Config& next) {
    std::shared_ptr<Prepared> network;
    auto checked = check_start(next, was_root_, [&](const Config& config) -> Result<void> {
      auto made = resolve_->make(config);
      if (!made) return std::unexpected(std::move(made.error()));
      network = *std::move(made);
      return {};
    });
    if (!checked) return checked;
    keep_until_restart(next);
    if (auto bound = listen(next.listen); !bound) return bound;
    resolve_->use(std::move(network));
    admin_.tell(facts(next));
    SettingsPtr settings = make_settings(next);
    for (auto& loop : answer_loops_) loop->use(settings);
    cache_->set_max_size(next.cache.max_size);
    log_.configure(next.log);
    return {};
  }

  void keep_until_restart(Config& next) {
    bool same = next.cache.path == config_.cache.path && next.listen.workers == config_.listen.workers &&
                next.listen.user == config_.listen.user;
    if (same) return;
    log_.say(Level::warning, "reload",
             "changes of [cache] path, [listen] workers and [listen] user take effect at the next restart");
    next.cache.path = config_.cache.path;
    next.listen.workers = config_.listen.workers;
    next.listen.user = config_.listen.user;
    next.listen.user_configured = config_.listen.user_configured;
  }

  Result<void> listen(const ListenConfig& next) {
    auto control = admin_.listen(next);
    if (!control) return control;
    auto bound = listeners_.apply(next);
    if (bound) return bound;
    auto back = admin_.listen(config_.listen);
    if (!back) log_.say(Level::error, "listen", back.error().detail);
    return bound;
  }

  void begin_drain() {
    guard_.waits_for("the answers under way");
    reload_timer_.cancel();
    listeners_.accept_pending();
    listeners_.close();
    admin_.close();
    for (auto& loop : answer_loops_) loop->drain();
    drained_by_ = std::chrono::steady_clock::now() + drain_limit;
    await_drained();
  }

  void await_drained() {
    bool busy = std::ranges::any_of(answer_loops_, [](const auto& loop) { return loop->connections() > 0; });
    if (!busy || std::chrono::steady_clock::now() >= drained_by_) return main_loop_.stop();
    timer_.expires_after(std::chrono::milliseconds(20));
    timer_.async_wait([this](boost::system::error_code cancelled) {
      if (!cancelled) await_drained();
    });
  }

  // Also called after a failed start. The resolve thread stops first, because it posts to the answer loops.
  // The cache then commits what is queued.
  void stop() {
    guard_.waits_for("the admin thread");
    admin_.stop();
    guard_.waits_for("the resolve thread");
    if (resolve_) resolve_->stop();
    guard_.waits_for("an answer thread");
    for (auto& loop : answer_loops_) loop->stop();
    answer_loops_.clear();
    guard_.waits_for("the last commit to the cache");
    cache_.reset();
    resolve_.reset();
    guard_.waits_for("the main thread");
  }

  // Accepting notices at once when descriptors run out. DNS and HTTPS hide it, so this tries to get one every
  // second.
  void watch_descriptors() {
    int spare = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (spare >= 0) {
      ::close(spare);
    } else if (errno == EMFILE) {
      shortages_.note(Shortage::descriptors);
      note_local_shortage();
    }
    reserve_.fill();
    descriptor_timer_.expires_after(std::chrono::seconds(1));
    descriptor_timer_.async_wait([this](boost::system::error_code error) {
      if (!error) watch_descriptors();
    });
  }

  DaemonOptions options_;
  Config config_;
  ConfigFile file_;
  StopGuard guard_;  // outlives the log, because the log may be what is stuck
  Log log_;
  WatchedClock clock_;
  Shortages shortages_;
  asio::io_context main_loop_{1};
  asio::signal_set signals_{main_loop_, SIGTERM, SIGINT, SIGHUP};
  asio::steady_timer timer_{main_loop_}, reload_timer_{main_loop_}, descriptor_timer_{main_loop_};
  std::optional<std::chrono::steady_clock::time_point> reload_by_;
  const bool was_root_ = ::geteuid() == 0;
  std::chrono::steady_clock::time_point drained_by_{};
  Time last_refused_{};
  std::promise<void> first_health_;
  bool health_known_ = false;  // resolve thread only
  std::size_t most_connections_ = SIZE_MAX;
  DescriptorReserve reserve_{reserved_descriptors};
  Peers peers_;
  const std::optional<uid_t> postfix_user_ = postfix_user();
  Admin admin_{main_loop_, log_,     clock_,
               shortages_, reserve_, options_.paths.control};  // outlives the loops: they post to it
  std::unique_ptr<LmdbCache> cache_;
  int exit_status_ = 0;
  std::unique_ptr<ResolveLoop> resolve_;
  std::vector<std::unique_ptr<AnswerLoop>> answer_loops_;
  Listeners listeners_{main_loop_,
                       log_,
                       shortages_,
                       reserve_,
                       [this](int descriptor, bool scarce) { adopt(descriptor, scarce); },
                       [this] { (*std::ranges::max_element(answer_loops_, has_fewer))->give_up_one(); }};
};

}  // namespace

int run_daemon(const DaemonOptions& options, Parsed parsed) {
  return Daemon(options, std::move(parsed)).run();
}

}  // namespace mtasts
