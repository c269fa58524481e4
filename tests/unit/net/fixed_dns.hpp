// fixed_dns - a Dns whose answers are data. A name it does not know does not exist.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "ports/dns.hpp"

namespace mtasts {

class FixedDns final : public Dns {
 public:
  std::map<std::pair<std::string, RrType>, DnsAnswer> answers;
  std::set<std::string> silent;  // names whose questions never end
  std::set<RrType> silent_types;
  int asked = 0;
  bool is_busy = false;
  bool busy() const noexcept override { return is_busy; }

  void add_address(const std::string& name, const Address& address) {
    DnsAnswer& answer = answers[{name, address.v6 ? RrType::aaaa : RrType::a}];
    answer.kind = DnsAnswer::Kind::data;
    answer.rdata.emplace_back(address.octets.begin(), address.octets.begin() + (address.v6 ? 16 : 4));
  }

  boost::asio::awaitable<DnsAnswer> ask(std::string name, RrType type) override {
    ++asked;
    if (silent.contains(name) || silent_types.contains(type)) {
      boost::asio::steady_timer never(co_await boost::asio::this_coro::executor, std::chrono::hours(1));
      co_await never.async_wait(boost::asio::use_awaitable);
    }
    auto found = answers.find({name, type});
    if (found != answers.end()) co_return found->second;
    DnsAnswer none;
    none.kind = DnsAnswer::Kind::nxdomain;
    co_return none;
  }
};

}  // namespace mtasts
