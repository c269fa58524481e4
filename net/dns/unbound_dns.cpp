#include "net/dns/unbound_dns.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

#include "net/dns/unbound_answer.hpp"
#include "net/dns/unbound_context.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;

// One ask(), on its way. The asker waits on the timer; whoever has the answer sets it and cancels the timer.
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

// The context, its descriptor, and what is asked. Coroutines in ask() share it, so that they end well when
// the UnboundDns goes away under them.
class Resolver : public std::enable_shared_from_this<Resolver> {
 public:
  Resolver(asio::io_context& loop, UbCtx ctx, const UnboundOptions& options)
      : timeout(options.timeout),
        validates(options.validate && !options.trust_anchor.empty()),
        loop_(loop),
        max_queries_(std::max(options.max_queries, 1u)),
        ctx_(std::move(ctx)),
        descriptor_(loop, ub_fd(ctx_.get())) {}
  ~Resolver() { close(); }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  asio::io_context& loop() noexcept { return loop_; }
  Result<void> start();
  bool stopped() const noexcept { return !ctx_; }
  bool busy() const noexcept { return asked_.size() + queue_.size() > max_queries_ / 2; }
  void close() { stop("the resolver is shut down"); }
  void enter(const std::shared_ptr<Query>& query);
  void leave(const Query& query);

  const std::chrono::milliseconds timeout;
  const bool validates;

 private:
  void watch();
  static void on_result(void* number, int error, ub_result* result);
  void on_readable();
  void fill();
  void ask(const std::shared_ptr<Query>& query);
  void finish(std::uintptr_t number, DnsAnswer answer);
  void stop(const char* why);

  asio::io_context& loop_;
  std::size_t max_queries_;
  UbCtx ctx_;  // nullptr once stopped
  asio::posix::stream_descriptor descriptor_;
  std::deque<std::weak_ptr<Query>> queue_;                            // who has left is skipped
  std::unordered_map<std::uintptr_t, std::shared_ptr<Query>> asked_;  // by number
  std::uintptr_t last_number_ = 0;
};

// libunbound calls back inside ub_process() only (UB-12); this says whose. The argument of a query is its
// number and no pointer: a callback that comes late, twice or never can't touch memory that is gone (UB-14).
thread_local Resolver* processing = nullptr;

// libunbound makes its thread with the first question, which takes some milliseconds and can fail; so that is
// asked here, answered by libunbound itself (UB-19), and its number belongs to nobody.
Result<void> Resolver::start() {
  int status = ub_resolve_async(ctx_.get(), "localhost.", 1, 1, nullptr, &Resolver::on_result, nullptr);
  if (status != UB_NOERROR)
    return fail(Fault::config, std::string("libunbound can't start: ") + ub_strerror(status));
  watch();
  return {};
}

void Resolver::watch() {
  auto ready = [self = weak_from_this()](const boost::system::error_code& error) {
    auto resolver = self.lock();
    if (resolver && !error) resolver->on_readable();
  };
  descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, std::move(ready));
}

void Resolver::on_readable() {
  if (!ctx_) return;
  processing = this;
  int status = ub_process(ctx_.get());
  processing = nullptr;
  if (status != UB_NOERROR) return stop("libunbound's thread is gone; a new one is made within a minute");
  fill();
  watch();
}

void Resolver::on_result(void* number, int error, ub_result* raw) {
  UbResult result(raw);
  bool usable = error == UB_NOERROR && result != nullptr;
  processing->finish(reinterpret_cast<std::uintptr_t>(number),
                     usable ? to_answer(*result) : failed_answer(ub_strerror(error)));
}

void Resolver::finish(std::uintptr_t number, DnsAnswer answer) {
  auto found = asked_.find(number);
  if (found == asked_.end()) return;  // its asker has given up
  found->second->answer = std::move(answer);
  found->second->timer.cancel();
  asked_.erase(found);
}

void Resolver::enter(const std::shared_ptr<Query>& query) {
  if (!ctx_) {
    query->answer = failed_answer("the resolver is shut down");
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

void Resolver::ask(const std::shared_ptr<Query>& query) {
  query->number = ++last_number_;
  asked_.emplace(query->number, query);
  int status =
      ub_resolve_async(ctx_.get(), query->name.c_str(), static_cast<int>(query->type), 1,
                       reinterpret_cast<void*>(query->number), &Resolver::on_result, &query->async_id);
  if (status != UB_NOERROR) finish(query->number, failed_answer(ub_strerror(status)));
}

// The query goes on inside libunbound, and its answer lands in the cache; that is all right, and ub_cancel()
// only spares the callback. If it comes all the same, finish() knows its number no more.
void Resolver::leave(const Query& query) {
  if (asked_.erase(query.number) == 0 || !ctx_) return;
  ub_cancel(ctx_.get(), query.async_id);
  fill();
}

void Resolver::stop(const char* why) {
  if (!ctx_) return;
  descriptor_.release();  // the descriptor is libunbound's: without this it would be closed twice
  ctx_.reset();           // joins libunbound's thread; no callback comes after it
  auto asked = std::exchange(asked_, {});
  for (auto& [number, query] : asked) {
    query->answer = failed_answer(why);
    query->timer.cancel();
  }
  for (auto& waiting : std::exchange(queue_, {})) {
    if (auto query = waiting.lock()) {
      query->answer = failed_answer(why);
      query->timer.cancel();
    }
  }
}

// A place among the queries, given up however the coroutine ends.
class Place {
 public:
  Place(std::shared_ptr<Resolver> resolver, std::shared_ptr<Query> query)
      : resolver_(std::move(resolver)), query_(std::move(query)) {
    resolver_->enter(query_);
  }
  ~Place() { resolver_->leave(*query_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  std::shared_ptr<Resolver> resolver_;
  std::shared_ptr<Query> query_;
};

// The timeout counts from here, the time in the queue too: an asker has a deadline of its own and no use for
// more.
asio::awaitable<DnsAnswer> ask_and_wait(std::shared_ptr<Resolver> resolver, std::string name, RrType type) {
  if (auto why = refuse_name(name); !why.empty()) co_return failed_answer(std::string(why));
  if (!name.ends_with('.')) name += '.';
  auto query = std::make_shared<Query>(resolver->loop(), std::move(name), type);
  query->timer.expires_after(resolver->timeout);
  Place place(resolver, query);
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
  bool gone() const noexcept override { return resolver_->stopped(); }

 private:
  std::shared_ptr<Resolver> resolver_;
};

}  // namespace

Result<std::unique_ptr<Dns>> make_unbound_dns(asio::io_context& loop, const UnboundOptions& options) {
  auto ctx = make_unbound_context(options);
  if (!ctx) return std::unexpected(std::move(ctx.error()));
  auto resolver = std::make_shared<Resolver>(loop, std::move(*ctx), options);
  if (auto started = resolver->start(); !started) return std::unexpected(std::move(started.error()));
  return std::make_unique<UnboundDns>(std::move(resolver));
}

}  // namespace mtasts
