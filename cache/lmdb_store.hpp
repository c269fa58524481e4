// lmdb_store - implements Store of ports/store.hpp: put() goes to the store thread, reads are done by the
// caller.
#pragma once

#include "cache/lmdb_reader.hpp"
#include "cache/store_thread.hpp"
#include "ports/clock.hpp"
#include "ports/store.hpp"

namespace mtasts::cache {

class LmdbStore final : public Store {
 public:
  // thread: nullptr in a cache that is only read; every put then fails. All three must outlive this. make()
  // must come first; it returns 0 or LMDB's code.
  LmdbStore(Environment& env, StoreThread* thread, const Clock& clock)
      : env_(env), thread_(thread), clock_(clock), reader_(env, nullptr), scan_(env) {}
  int make();

  boost::asio::awaitable<Result<void>> put(DomainName domain, Record record) override;
  Result<std::optional<Record>> get(const DomainName& domain) override;
  std::vector<DomainName> due(Time now, std::size_t limit, std::uint32_t unused_since_day) override;

 private:
  int collect(Time now, std::size_t limit, std::uint32_t unused_since_day, std::vector<DomainName>& out);
  bool wanted(std::string_view key, std::string_view domain, std::uint32_t unused_since_day);

  Environment& env_;
  StoreThread* thread_;
  const Clock& clock_;
  LmdbReader reader_;
  RestingTxn scan_;
};

}  // namespace mtasts::cache
