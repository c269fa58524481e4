// ports/dns - "ask the DNS, validated". Implemented by net/dns; faked by tests as data literals.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "core/dns_answer.hpp"

namespace mtasts {

class Dns {
 public:
  virtual ~Dns() = default;
  // name: absolute, with or without the final dot, may have underscores. Always answers, at the latest after
  // the configured timeout (then with Kind::failed). Call and await on the resolve thread only.
  virtual boost::asio::awaitable<DnsAnswer> ask(std::string name, RrType type) = 0;
  // True if so many questions are open that nothing should be asked which may turn out not to be needed.
  virtual bool busy() const noexcept { return false; }
};

}  // namespace mtasts
