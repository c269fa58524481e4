#include "net/dns/unbound_dns.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <deque>
#include <exception>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "net/dns/unbound_answer.hpp"
#include "net/dns/unbound_context.hpp"
#include "net/dns/unbound_events.hpp"
#include "sys/local_shortage.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;
constexpr char shut_down[] = "the resolver is shut down";
constexpr char no_socket[] =
    "no socket for a DNS question: this host is out of descriptors, memory or local ports";

// One ask() that is under way. The asker waits on the timer. Whoever sets the answer cancels the timer.
struct Query {
  Query(asio::io_context& loop, std::string name_, RrType type_)
      : name(std::move(name_)), type(type_), timer(loop) {}

  std::string name;
  RrType type;
  asio::steady_timer timer;
  std::optional<DnsAnswer> answer;
  std::uintptr_t number = 0;  // 0: still in the queue
  int async_id = 0;           // libunbound's
};

// The context, its events, and the queries. Coroutines in ask() share it, so that they end cleanly if the
// UnboundDns is destroyed before them.
class Resolver : public std::enable_shared_from_this<Resolver> {
 public:
  Resolver(asio::io_context& loop, const UnboundOptions& options)
      : timeout(options.timeout),
        validates(options.validate && !options.trust_anchor.empty()),
        loop_(loop),
        max_queries_(std::max(options.max_queries, 1u)) {}
  ~Resolver() { close(); }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  asio::io_context& loop() noexcept { return loop_; }
  Result<void> start(const UnboundOptions& options);
  bool busy() const noexcept { return asked_.size() + abandoned_.size() + queue_.size() > max_queries_ / 4; }
  void close();
  void enter(const std::shared_ptr<Query>& query);
  void leave(const Query& query);

  const std::chrono::milliseconds timeout;
  const bool validates;

 private:
  static void on_reply(void* number, int rcode, void* packet, int size, int security, char* why,
                       int) noexcept;
  void on_due();
  void fill();
  void ask(const std::shared_ptr<Query>& query);
  void finish(std::uintptr_t number, const UnboundReply& reply) noexcept;

  asio::io_context& loop_;
  std::size_t max_queries_;
  std::shared_ptr<UnboundEvents> events_;
  UbCtx ctx_;                                                         // nullptr once closed
  std::deque<std::weak_ptr<Query>> queue_;                            // a query that has left is skipped
  std::unordered_map<std::uintptr_t, std::shared_ptr<Query>> asked_;  // by number
  std::unordered_set<std::uintptr_t> abandoned_;  // libunbound goes on with them, but nobody waits
  std::uintptr_t last_number_ = 0;
};

// The resolver whose libunbound is running now: it calls back only inside ub_resolve_event() and
// UnboundEvents::run(). The argument of a query is its number, not a pointer, so a callback that comes late,
// twice or never can't touch memory that is gone (UB-14).
thread_local Resolver* at_work = nullptr;

class AtWork {
 public:
  explicit AtWork(Resolver* resolver) : before_(std::exchange(at_work, resolver)) {}
  ~AtWork() { at_work = before_; }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

 private:
  Resolver* before_;
};

void answer(Query& query, DnsAnswer answer) {
  query.answer = std::move(answer);
  query.timer.cancel();
}

Result<void> Resolver::start(const UnboundOptions& options) {
  auto events = UnboundEvents::make(loop_, [weak = weak_from_this()] {
    if (auto resolver = weak.lock()) resolver->on_due();
  });
  if (!events) return std::unexpected(std::move(events.error()));
  events_ = *std::move(events);
  auto ctx = make_unbound_context(options, *events_);
  if (!ctx) return std::unexpected(std::move(ctx.error()));
  ctx_ = *std::move(ctx);
  return {};
}

void Resolver::on_due() {
  {
    AtWork work(this);
    events_->run();
  }
  fill();
}

// Called from C, which an exception must not cross.
void Resolver::on_reply(void* number, int rcode, void* packet, int size, int security, char* why,
                        int) noexcept {
  constexpr int bogus = 1, secure = 2;  // UB-16
  UnboundReply reply{.rcode = rcode, .packet = {}, .why_bogus = why};
  if (packet != nullptr) reply.packet = {static_cast<const char*>(packet), static_cast<std::size_t>(size)};
  if (security == bogus) reply.security = DnsAnswer::Security::bogus;
  if (security == secure) reply.security = DnsAnswer::Security::secure;
  if (at_work != nullptr) at_work->finish(reinterpret_cast<std::uintptr_t>(number), reply);
}

void Resolver::finish(std::uintptr_t number, const UnboundReply& reply) noexcept {
  abandoned_.erase(number);
  auto found = asked_.find(number);
  if (found == asked_.end()) return;  // its asker has given it up
  auto query = std::move(found->second);
  asked_.erase(found);
  try {
    answer(*query, to_answer(reply, query->name, query->type));
  } catch (const std::exception&) {
    answer(*query, failed_answer("no memory"));  // short enough to need no allocation
  }
}

void Resolver::enter(const std::shared_ptr<Query>& query) {
  if (!ctx_) {
    query->answer = failed_answer(shut_down);
    return;
  }
  queue_.push_back(query);
  fill();
}

void Resolver::fill() {
  while (ctx_ && asked_.size() < max_queries_ && !queue_.empty()) {
    auto query = queue_.front().lock();
    queue_.pop_front();
    if (query && query->timer.expiry() > std::chrono::steady_clock::now()) ask(query);
  }
}

// If the answer is in libunbound's cache, the callback runs inside this call.
void Resolver::ask(const std::shared_ptr<Query>& query) {
  query->number = ++last_number_;
  asked_.emplace(query->number, query);
  AtWork work(this);
  int status =
      ub_resolve_event(ctx_.get(), query->name.c_str(), static_cast<int>(query->type), 1,
                       reinterpret_cast<void*>(query->number), &Resolver::on_reply, &query->async_id);
  if (status == UB_NOERROR || asked_.erase(query->number) == 0) return;
  answer(*query, failed_answer(ub_strerror(status)));
}

// The query goes on inside libunbound, and its answer gets into the cache. ub_cancel() would only suppress
// the callback, which tells us when the query is over; until then it holds sockets.
void Resolver::leave(const Query& query) {
  if (asked_.erase(query.number) == 0 || !ctx_) return;
  abandoned_.insert(query.number);
  fill();
}

void Resolver::close() {
  {
    AtWork nobody(nullptr);  // libunbound calls back with a failure for each query that is out (UB-14)
    ctx_.reset();
  }
  if (events_) events_->close();
  for (auto& [number, query] : std::exchange(asked_, {})) answer(*query, failed_answer(shut_down));
  for (auto& waiting : std::exchange(queue_, {})) {
    if (auto query = waiting.lock()) answer(*query, failed_answer(shut_down));
  }
}

// An entry among the queries, removed however the coroutine ends.
class EnteredQuery {
 public:
  EnteredQuery(std::shared_ptr<Resolver> resolver, std::shared_ptr<Query> query)
      : resolver_(std::move(resolver)), query_(std::move(query)) {
    resolver_->enter(query_);
  }
  ~EnteredQuery() { resolver_->leave(*query_); }
  EnteredQuery(const EnteredQuery&) = delete;
  EnteredQuery& operator=(const EnteredQuery&) = delete;

 private:
  std::shared_ptr<Resolver> resolver_;
  std::shared_ptr<Query> query_;
};

asio::awaitable<DnsAnswer> ask_once(std::shared_ptr<Resolver> resolver, std::string name, RrType type,
                                    Steady::time_point deadline) {
  auto query = std::make_shared<Query>(resolver->loop(), std::move(name), type);
  query->timer.expires_at(deadline);
  EnteredQuery place(resolver, query);
  while (!query->answer) {
    auto [error] = co_await query->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!error) break;
  }
  if (query->answer) {
    query->answer->validated = resolver->validates;
    co_return std::move(*query->answer);
  }
  co_return timeout_answer(resolver->timeout, query->number != 0);
}

// libunbound reports a socket that it could not make in the same way as a server that did not answer, and
// remembers both for five seconds.
constexpr std::chrono::seconds failure_is_kept{6};

bool failed_by_shortage(const DnsAnswer& answer, Steady::time_point begin) {
  return answer.kind == DnsAnswer::Kind::failed && answer.security != DnsAnswer::Security::bogus &&
         local_shortage_since(begin - failure_is_kept);
}

// The timeout counts from here and covers the time in the queue: an asker has its own deadline and can't use
// a later answer.
asio::awaitable<DnsAnswer> ask_and_wait(std::shared_ptr<Resolver> resolver, std::string name, RrType type) {
  if (auto why = refuse_name(name); !why.empty()) co_return failed_answer(std::string(why));
  if (!name.ends_with('.')) name += '.';
  auto begin = Steady::now();
  auto deadline = begin + resolver->timeout;
  asio::steady_timer pause(resolver->loop());
  for (;;) {
    auto sent = Steady::now();
    DnsAnswer answer = co_await ask_once(resolver, name, type, deadline);
    if (failed_by_shortage(answer, sent)) {
      answer.local = true;
      answer.reason = no_socket;
    }
    auto again = Steady::now() + shortage_pause;
    if (!answer.local || again > std::min(deadline, begin + shortage_patience)) co_return answer;
    pause.expires_at(again);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

class UnboundDns final : public Dns {
 public:
  explicit UnboundDns(std::shared_ptr<Resolver> resolver) : resolver_(std::move(resolver)) {}
  ~UnboundDns() override { resolver_->close(); }
  UnboundDns(const UnboundDns&) = delete;
  UnboundDns& operator=(const UnboundDns&) = delete;

  asio::awaitable<DnsAnswer> ask(std::string name, RrType type) override {
    return ask_and_wait(resolver_, std::move(name), type);
  }
  bool busy() const noexcept override { return resolver_->busy(); }

 private:
  std::shared_ptr<Resolver> resolver_;
};

}  // namespace

Result<std::unique_ptr<Dns>> make_unbound_dns(asio::io_context& loop, const UnboundOptions& options) {
  auto resolver = std::make_shared<Resolver>(loop, options);
  if (auto started = resolver->start(options); !started) return std::unexpected(std::move(started.error()));
  return std::make_unique<UnboundDns>(std::move(resolver));
}

}  // namespace mtasts
