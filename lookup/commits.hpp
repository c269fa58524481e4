// commits - stores what flights have found out, and tries again what can't be stored yet.
//
// Only an entry with a policy is tried again. One without a policy protects nothing: if the cache can't be
// written, or too many wait, it is dropped and the domain is looked up again later. For the resolve thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>

#include "core/result.hpp"
#include "lookup/counted.hpp"
#include "ports/store.hpp"

namespace mtasts {

struct CommitOptions {
  std::size_t most = 10'000;  // entries that may wait for their commit; above that, only those with a policy
  std::chrono::seconds retry{5};  // before a policy is tried again
};

class Commits {
 public:
  // store must outlive this.
  Commits(boost::asio::any_io_executor executor, Store& store, CommitOptions options)
      : executor_(std::move(executor)), store_(store), options_(options) {}

  // Stores the record as the domain's entry. Ends when it is stored, when it can't be stored and has no
  // policy, or when superseded() says that a newer one is on its way. Calls first_failure once, when a policy
  // can't be stored at the first attempt. record must outlive the coroutine.
  boost::asio::awaitable<void> put(DomainName domain, const Record& record, std::function<bool()> superseded,
                                   std::function<void(const Error&)> first_failure);

  // True if so many entries wait that no flight should start before some are stored.
  bool full() const noexcept { return under_way_.size() >= 2 * options_.most; }

 private:
  boost::asio::any_io_executor executor_;
  Store& store_;
  CommitOptions options_;
  Counter under_way_;
};

}  // namespace mtasts
