// ports/name_servers - "ask this name server itself", without a resolver in between. Implemented by net/dns.
//
// Nothing is validated, so an answer decides nothing about mail. It shows what a server has (mtastsctl
// check).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "core/address.hpp"
#include "core/dns_answer.hpp"

namespace mtasts {

class NameServers {
 public:
  virtual ~NameServers() = default;
  // Asks the server at this address one question, once. name: absolute, with or without the final dot, may
  // have underscores. Always answers, at the latest after a few seconds. Kind::failed: there was no answer,
  // or none of a server that is responsible for the name (no AA bit); an answer that is cut (TC) counts as
  // none. DnsAnswer::local: nothing was sent, because the address is special-use or out of this host's reach.
  // An alias is not followed: DnsAnswer::canonical is where the answer itself ends. Resolve thread only.
  virtual boost::asio::awaitable<DnsAnswer> ask_at(Address server, std::string name, RrType type) = 0;
};

}  // namespace mtasts
