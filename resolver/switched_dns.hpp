// switched_dns - a Dns that asks through another one, which can be replaced while questions are under way.
//
// A question stays with the Dns that it began with. For the resolve thread only.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "ports/dns.hpp"

namespace mtasts {

class SwitchedDns final : public Dns {
 public:
  // REQUIRES: dns is not null, here and in use().
  explicit SwitchedDns(std::shared_ptr<Dns> dns) : dns_(std::move(dns)) {}
  void use(std::shared_ptr<Dns> dns) noexcept { dns_ = std::move(dns); }

  // True if an answer was bogus or failed since the last call. A domain may be broken, or a resolver in use.
  bool take_failure() noexcept { return std::exchange(*failed_, false); }

  boost::asio::awaitable<DnsAnswer> ask(std::string name, RrType type) override;
  bool busy() const noexcept override { return dns_->busy(); }

 private:
  std::shared_ptr<Dns> dns_;
  std::shared_ptr<bool> failed_ = std::make_shared<bool>(false);  // questions may outlive this
};

}  // namespace mtasts
