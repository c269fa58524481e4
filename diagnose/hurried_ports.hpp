// hurried_ports - ports of a check that waits less long than senders do. What does not answer by then may
// answer a sender, so its failure is marked as one of this host (DnsAnswer::local, FetchError::local).
//
// A connection that was not made keeps its meaning: nobody needs that long to accept one.
#pragma once

#include <chrono>

#include "ports/dns.hpp"
#include "ports/fetch.hpp"

namespace mtasts {

struct WaitingTime {
  std::chrono::milliseconds here;     // after which the port that is asked gives up
  std::chrono::milliseconds senders;  // not longer than here: failures are passed on as they are
};

// Both ask through another port, which must outlive them. They must outlive each question.
class HurriedDns final : public Dns {
 public:
  HurriedDns(Dns& dns, const WaitingTime& time) : dns_(dns), time_(time) {}
  boost::asio::awaitable<DnsAnswer> ask(std::string name, RrType type) override;
  bool busy() const noexcept override { return dns_.busy(); }

 private:
  Dns& dns_;
  WaitingTime time_;
};

class HurriedFetch final : public Fetch {
 public:
  HurriedFetch(Fetch& fetch, const WaitingTime& time) : fetch_(fetch), time_(time) {}
  StartPtr start(const DomainName& domain, Dns& dns) override { return fetch_.start(domain, dns); }
  boost::asio::awaitable<std::expected<HttpAnswer, FetchError>> get_policy(PolicyRequest request) override;
  boost::asio::awaitable<PolicyHostAnswer> get_policy_at(PolicyRequest request, Address address) override;
  boost::asio::awaitable<PlaceFound> look_at(PolicyRequest request, PolicyPlace place) override {
    return fetch_.look_at(std::move(request), place);
  }

 private:
  Fetch& fetch_;
  WaitingTime time_;
};

}  // namespace mtasts
