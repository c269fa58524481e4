#include "lookup/commits.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace mtasts {

namespace asio = boost::asio;

asio::awaitable<void> Commits::put(DomainName domain, const Record& record, std::function<bool()> superseded,
                                   std::function<void(const Error&)> first_failure) {
  if (!record.policy && under_way_.size() >= options_.most) co_return;
  auto counted = under_way_.add();
  asio::steady_timer timer(executor_);
  for (bool first = true; !superseded(); first = false) {
    auto stored = co_await store_.put(domain, record);
    if (stored || !record.policy) co_return;
    if (first) first_failure(stored.error());
    timer.expires_after(options_.retry);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace mtasts
