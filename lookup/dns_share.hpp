// dns_share - DNS for one flight: its questions wait for slots among those of all flights
// (lookup/dns_turns.hpp), and end when the flight ends.
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

// What all flights share. The shares may outlive it.
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

  // Waits for a slot, then asks through dns, which it keeps alive until the answer is there. Once the share
  // is closed, the answer is Kind::failed.
  boost::asio::awaitable<DnsAnswer> ask(std::shared_ptr<Dns> dns, std::string name, RrType type);
  // True if so many questions are out that none should be asked which may turn out to be needless.
  bool busy() const noexcept;
  // True if a question of this share waits for a slot.
  bool waits() const noexcept;
  // What this host lacked, so that a question failed; the failure then says nothing about the name. Empty:
  // nothing.
  const std::string& shortage() const noexcept;
  // Gives up the flight's own slots; from now on it has shared slots only. For a flight that has taken long,
  // or that needs its slots less than others do.
  void give_up_own();
  // For when nobody needs an answer any more: questions that wait are not sent, those that were sent are
  // cancelled, and all of them fail.
  void close();

 private:
  struct Flight;
  std::shared_ptr<Flight> flight_;
};

// A Dns port that asks through a flight's share.
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
