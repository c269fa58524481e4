// commits - stores what flights found out, and tries again what can't be stored yet.
//
// What protects nothing is not worth keeping when the cache can't be written, or not in time: it is looked up
// again. For the resolve thread.
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
  std::size_t most = 10'000;      // records that wait for their commit; above, only policies do
  std::chrono::seconds retry{5};  // of a policy
};

class Commits {
 public:
  // store outlives this.
  Commits(boost::asio::any_io_executor executor, Store& store, CommitOptions options)
      : executor_(std::move(executor)), store_(store), options_(options) {}

  // Ends once the record is stored, or need not be any more: it protects nothing, or `superseded` says that a
  // newer one is on its way. first_failure is called once. The record outlives the coroutine.
  boost::asio::awaitable<void> put(DomainName domain, const Record& record, std::function<bool()> superseded,
                                   std::function<void(const Error&)> first_failure);

  // True: so many wait that nothing should be looked up before some are stored.
  bool full() const noexcept { return under_way_.size() >= 2 * options_.most; }

 private:
  boost::asio::any_io_executor executor_;
  Store& store_;
  CommitOptions options_;
  Counter under_way_;
};

}  // namespace mtasts
