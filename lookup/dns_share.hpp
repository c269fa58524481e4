// dns_share - the DNS as one flight asks it: its questions take their turns among those of all flights
// (lookup/dns_turns.hpp), and end when the flight does.
//
// For the coroutines of one thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <utility>

#include "lookup/dns_turns.hpp"
#include "ports/dns.hpp"

namespace mtasts {

// What all flights share. It may go before the shares do.
class DnsShares {
 public:
  explicit DnsShares(boost::asio::any_io_executor executor, DnsTurns::Limits limits = {});

 private:
  friend class DnsShare;
  struct State;
  std::shared_ptr<State> state_;
};

class DnsShare {
 public:
  explicit DnsShare(const DnsShares& shares);
  ~DnsShare();  // close()
  DnsShare(const DnsShare&) = delete;
  DnsShare& operator=(const DnsShare&) = delete;

  // Asks in turn through dns, which is kept until the answer is there. Fails once the share is closed.
  boost::asio::awaitable<DnsAnswer> ask(std::shared_ptr<Dns> dns, std::string name, RrType type);
  // Whether so much is asked that nothing should be which may turn out not to be needed.
  bool busy() const noexcept;
  // Whether a question has not been sent yet.
  bool waits() const noexcept;
  // Why a question failed that says nothing about its name, because this host lacked something. Empty: none
  // did.
  const std::string& shortage() const noexcept;
  // From now on only what all flights share: the flight has taken long, or others need its slots more.
  void give_up_own();
  // Nobody needs an answer any more: what waits is not sent, what was sent is cancelled, and all fail.
  void close();

 private:
  struct Flight;
  std::shared_ptr<Flight> flight_;
};

// One of the ports that a flight asks through its share.
class SharedDns final : public Dns {
 public:
  SharedDns(std::shared_ptr<DnsShare> share, std::shared_ptr<Dns> dns)
      : share_(std::move(share)), dns_(std::move(dns)) {}
  boost::asio::awaitable<DnsAnswer> ask(std::string name, RrType type) override {
    return share_->ask(dns_, std::move(name), type);
  }
  bool busy() const noexcept override { return share_->busy() || dns_->busy(); }

 private:
  std::shared_ptr<DnsShare> share_;
  std::shared_ptr<Dns> dns_;
};

}  // namespace mtasts
