#include "cache/lmdb_cache.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <future>
#include <mutex>

#include "cache/lmdb_store.hpp"
#include "cache/open_environment.hpp"
#include "cache/record_walk.hpp"
#include "cache/store_thread.hpp"

namespace mtasts {
namespace {

using namespace cache;

class LmdbCacheImpl final : public LmdbCache {
 public:
  LmdbCacheImpl(std::unique_ptr<Environment> env, const Clock& clock, std::uint64_t max_size)
      : env_(std::move(env)),
        clock_(clock),
        thread_(env_->writable() ? std::make_unique<StoreThread>(*env_, clock, fitting(max_size)) : nullptr),
        store_(*env_, thread_.get(), clock) {}

  Result<void> make() {
    if (int rc = store_.make()) return std::unexpected(env_->error("begin reading", rc));
    return {};
  }

  Result<std::unique_ptr<Reader>> reader() override {
    auto made = std::make_unique<LmdbReader>(*env_, thread_ ? thread_->add_ring() : nullptr);
    if (int rc = made->make()) return std::unexpected(env_->error("begin reading", rc));
    return made;
  }

  Store& store() override { return store_; }

  Result<void> walk(std::function<bool(std::string_view, Result<RecordView>)> f) override {
    return walk_records(*env_, f);
  }
  Result<void> walk_expiring(Time from, Time to,
                             std::function<bool(std::string_view, Result<RecordView>)> f) override {
    return cache::walk_expiring(*env_, from, to, f);
  }

  Result<ClockPast> clock_past() override {
    return read([this](MDB_txn* txn) {
      return ClockPast{newest_fetch(txn, env_->dbs()), clock_mark(txn, env_->dbs())};
    });
  }
  Result<HostMemory> host_memory() override {
    return read([this](MDB_txn* txn) { return cache::host_memory(txn, env_->dbs()); });
  }
  void remember(const HostMemory& memory) override {
    if (thread_) thread_->post({memory, nullptr});
  }

  Result<CacheStats> stats() override {
    return read([this](MDB_txn* txn) { return count(txn); });
  }

  CacheCondition condition() const override {
    auto condition = env_->condition().now();
    if (auto why = env_->folder_trouble()) {
      std::scoped_lock hold(mutex_);
      if (!folder_gone_) folder_gone_ = CacheTrouble{clock_.now(), std::move(*why)};
      condition.folder_gone = folder_gone_;
    }
    return condition;
  }

  void set_max_size(std::uint64_t bytes) noexcept override {
    if (thread_) thread_->set_max_size(fitting(bytes));
  }

  Result<bool> erase(const DomainName& domain) override {
    if (!thread_) return fail(Fault::storage, "cache " + env_->path() + ": it is open for reading only");
    std::promise<Result<bool>> promise;
    auto outcome = promise.get_future();
    thread_->post(
        {EraseDomain{domain}, [&promise](const Result<bool>& result) { promise.set_value(result); }});
    return outcome.get();
  }

 private:
  // Calls f(txn) in a read transaction of its own. f may throw LmdbFailure.
  template <class F>
  auto read(F f) -> Result<std::invoke_result_t<F, MDB_txn*>> try {
    RestingTxn txn(*env_);
    check(txn.make(), "begin a read");
    check(txn.renew(), "begin a read");
    return f(txn.get());
  } catch (const LmdbFailure& failure) {
    return std::unexpected(env_->error(failure.doing, failure.rc));
  }

  CacheStats count(MDB_txn* txn) const {
    MDB_stat policy{}, negative{};
    check(mdb_stat(txn, env_->dbs().policy, &policy), "count entries");
    check(mdb_stat(txn, env_->dbs().negative, &negative), "count entries");
    struct stat file{};
    if (::stat(data_file(env_->path()).c_str(), &file) != 0) throw LmdbFailure{errno, "check data.mdb"};
    return CacheStats{.policies = policy.ms_entries,
                      .negatives = negative.ms_entries,
                      .used_bytes = used_bytes(txn, env_->dbs()),
                      .file_bytes = static_cast<std::uint64_t>(file.st_size)};
  }

  // The map is never resized, so max_size may be at most half of it, also after a reload: a commit needs room
  // for copies of pages.
  std::uint64_t fitting(std::uint64_t max_size) const noexcept {
    return std::min(max_size, env_->map_size() / 2);
  }

  std::unique_ptr<Environment> env_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::optional<CacheTrouble> folder_gone_;  // set when it was first seen
  std::unique_ptr<StoreThread> thread_;              // destroyed before the environment and after the readers
  LmdbStore store_;
};

}  // namespace

Result<std::unique_ptr<LmdbCache>> LmdbCache::open(CacheOptions options, const Clock& clock) {
  CacheLog log(std::move(options.log));
  auto env =
      options.read_only
          ? open_for_reading(options.path, std::move(log))
          : open_for_writing(options.path,
                             {options.max_size, std::move(options.lock_memory), std::move(options.on_panic)},
                             clock.now(), std::move(log));
  if (!env) return std::unexpected(std::move(env.error()));
  auto made = std::make_unique<LmdbCacheImpl>(std::move(*env), clock, options.max_size);
  if (auto ready = made->make(); !ready) return std::unexpected(std::move(ready.error()));
  return made;
}

}  // namespace mtasts
