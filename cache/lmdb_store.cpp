#include "cache/lmdb_store.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace mtasts::cache {
namespace {

namespace asio = boost::asio;

constexpr std::size_t review_limit = 256;  // outdated or unused keys that one due() hands to the store thread

// Wraps a completion handler so that the store thread can call it and it runs on its own executor. Meanwhile
// the executor counts it as work; otherwise an io_context with nothing else to do would return. The memory
// for the result is allocated here, so that a call that throws std::bad_alloc has lost nothing and can be
// repeated.
template <class Handler>
std::move_only_function<void(const Result<bool>&)> resume_at_home(Handler handler) {
  struct Waiting {
    Handler handler;
    asio::executor_work_guard<asio::associated_executor_t<Handler>> work;
    Result<void> result{};
  };
  auto work = asio::make_work_guard(asio::get_associated_executor(handler));
  auto waiting = std::make_shared<Waiting>(Waiting{std::move(handler), std::move(work)});
  return [waiting = std::move(waiting)](const Result<bool>& outcome) {
    if (!outcome) waiting->result = std::unexpected(outcome.error());
    asio::post(waiting->work.get_executor(),
               [waiting] { std::move(waiting->handler)(std::move(waiting->result)); });
    waiting->work.reset();
  };
}

}  // namespace

int LmdbStore::make() {
  int rc = reader_.make();
  return rc == MDB_SUCCESS ? scan_.make() : rc;
}

asio::awaitable<Result<void>> LmdbStore::put(DomainName domain, Record record) {
  if (thread_ == nullptr)
    co_return fail(Fault::storage, "cache " + env_.path() + ": it is open for reading only");
  bound_dane_states(record, clock_.now());
  // Stores exactly what will be read back: times out of range are clamped, and an entry that cannot be
  // decoded is refused.
  auto bytes = encode(record);
  auto readable = decode(bytes);
  if (!readable) co_return fail(Fault::storage, "this entry cannot be stored: " + readable.error().detail);
  PutRecord change{domain, to_record(*readable)};
  auto start = [this](auto handler, PutRecord put) {
    thread_->post({std::move(put), resume_at_home(std::move(handler))});
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<void>)>(
      std::move(start), asio::use_awaitable, std::move(change));
}

Result<std::optional<Record>> LmdbStore::get(const DomainName& domain) {
  ReadGuard guard(reader_);
  auto found = reader_.find(domain);
  if (!found) return std::unexpected(std::move(found.error()));
  if (!*found) return std::optional<Record>();
  return std::optional(to_record(**found));
}

std::vector<DomainName> LmdbStore::due(Time now, std::size_t limit, std::uint32_t unused_since_day) {
  std::vector<DomainName> domains;
  int rc = collect(now, limit, unused_since_day, domains);
  scan_.rest();
  if (rc != MDB_SUCCESS) env_.log().error(env_.error("find the policies that are due", rc).detail);
  return domains;
}

int LmdbStore::collect(Time now, std::size_t limit, std::uint32_t unused_since_day,
                       std::vector<DomainName>& out) {
  if (int rc = scan_.renew()) return rc;
  MDB_cursor* raw = nullptr;
  if (int rc = mdb_cursor_open(scan_.get(), env_.dbs().due, &raw)) return rc;
  Cursor cursor(raw);
  std::size_t reviews = 0;
  MDB_val key{}, value{};
  int rc = mdb_cursor_get(raw, &key, &value, MDB_FIRST);
  for (; rc == MDB_SUCCESS && out.size() < limit; rc = mdb_cursor_get(raw, &key, &value, MDB_NEXT)) {
    auto parsed = parse_time_key(to_view(key));
    if (parsed && parsed->when > now) break;
    auto domain = parsed ? DomainName::parse(parsed->domain) : std::nullopt;
    if (domain && wanted(to_view(key), parsed->domain, unused_since_day)) {
      out.push_back(*domain);
    } else if (thread_ != nullptr) {
      // The key is removed, so that domains that nobody uses do not pile up in front of those in use.
      thread_->post({ReviewDue{std::string(to_view(key)), unused_since_day}, nullptr});
      if (++reviews == review_limit) break;
    }
  }
  return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

// Whether the key matches the entry as it is now, and the domain is in use.
bool LmdbStore::wanted(std::string_view key, std::string_view domain, std::uint32_t unused_since_day) {
  auto found = get_value(scan_.get(), env_.dbs().policy, domain);
  auto value = found.bytes ? split_value(domain, *found.bytes) : std::nullopt;
  if (!value || value->last_used < unused_since_day) return false;
  auto record = decode(value->record);
  return record && time_key(record->refresh_at, domain).view() == key;
}

}  // namespace mtasts::cache
