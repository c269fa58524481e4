// get - GET https://host:port/path as a policy host is asked: every address in turn, one deadline over
// everything.
//
// Time is shared so that one dead address can't use it up: while others are left, a connect gets 2 s at most
// and a whole exchange a third of the time or its fair share of what is left, whichever is more. The last
// address gets all the rest. The failure that came farthest is reported, the others are named behind it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/proxy_address.hpp"
#include "net/https/addresses.hpp"
#include "net/https/sessions.hpp"
#include "net/https/tls.hpp"
#include "net/https/turns.hpp"
#include "ports/dns.hpp"
#include "ports/fetch.hpp"

namespace mtasts {

struct GetSettings {
  SslCtx tls;
  std::shared_ptr<TlsSessions> sessions{};  // kept of this context; nullptr: none
  std::chrono::milliseconds timeout{30000};
  std::optional<ProxyAddress> proxy;
  std::string proxy_authorization;  // a secret; empty: the proxy wants no login
  std::vector<Cidr> allow_addresses;
  std::shared_ptr<HostTurns> turns{};  // of those who can wait; nullptr: nobody waits
};

struct Url {
  std::string host;  // a host name
  std::uint16_t port = 443;
  std::string path;
};

struct GetJob {
  Url url;
  AddressLookupPtr lookup{};  // of the policy host's addresses, if it was begun before (nullptr with a proxy)
  Hurry hurry = Hurry::now;
  FetchGate* gate = nullptr;  // outlives the fetch; nullptr: none
};

// Who is in no hurry waits for a turn at the address that is dialled first (net/https/turns.hpp): up to 2 s,
// and is then put off; Hurry::soon up to 5 s, and goes then without one. Through a proxy nobody waits: policy
// hosts' addresses are not known here.
//
// What is waited for at the gate or for a turn does not count against the timeout. dns is used before the
// first suspension only.
boost::asio::awaitable<std::expected<HttpAnswer, FetchError>> get(Dns& dns,
                                                                  std::shared_ptr<const GetSettings> settings,
                                                                  GetJob job);

}  // namespace mtasts
