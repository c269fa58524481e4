// examine_server - what `mtastsctl smtp` works out: whether a mail server does TLS as it should, on each
// port.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "diagnose/judge_smtp.hpp"
#include "ports/dns.hpp"

namespace mtasts {

struct ServerAddresses {
  std::vector<Address> addresses;  // as choose_addresses() has them
  std::string failure;             // why a lookup failed, printable; empty: none did
  std::size_t left_out = 0;        // further addresses
};

boost::asio::awaitable<ServerAddresses> find_server(Dns& dns, std::string host);

// Talks to every address, all of them at once and each on one port after the other. On port 465 TLS begins at
// once. smtp must outlive it. The result has an entry for each port, in their order.
boost::asio::awaitable<std::vector<SmtpHostFacts>> talk_to_server(Smtp& smtp, std::string host,
                                                                  std::vector<Address> addresses,
                                                                  std::vector<unsigned> ports);

// Which ports must be there.
enum class WantedPorts : std::uint8_t {
  as_mx,  // port 25. The others are for users, and an MX host need not have them
  all,    // somebody asked for each
};

// Pure. ports: from talk_to_server(); empty if the server has no address. Each port is judged for itself: if
// nobody answers at one, it is unknown whether it is blocked on the way, whatever the others say.
Judgement judge_server(const std::string& host, const ServerAddresses& found,
                       std::vector<SmtpHostFacts> ports, WantedPorts wanted, unsigned warn_days, Time now);

}  // namespace mtasts
