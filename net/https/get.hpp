// get - GET https://host:port/path from a policy host: tries every address in turn, with one deadline for
// everything.
//
// One dead address can't use up the time: while others are left, a connect gets 2 s at most, and a whole
// exchange gets a third of the timeout or its fair share of what is left, whichever is more. The last address
// gets all the rest. If all fail, the error reports the attempt that came farthest, and then names the
// others.
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
  std::shared_ptr<TlsSessions> sessions{};  // of this context; nullptr: none are kept
  std::chrono::milliseconds timeout{30000};
  std::optional<ProxyAddress> proxy;
  std::string proxy_authorization;  // a secret; empty: the proxy wants no login
  std::vector<Cidr> allow_addresses;
  std::shared_ptr<HostTurns> turns{};  // for fetches that can wait; nullptr: none waits
};

struct Url {
  std::string host;  // a host name
  std::uint16_t port = 443;
  std::string path;
  bool plain = false;  // http, not https: nothing proves the host, so what it says must never be used
};

struct GetJob {
  Url url;
  AddressLookupPtr lookup{};  // of the policy host's addresses, if it was begun before; nullptr with a proxy
  Hurry hurry = Hurry::now;
  FetchGate* gate = nullptr;  // outlives the fetch; nullptr: none
};

// A fetch waits for a turn at the address that is dialled first (net/https/turns.hpp), unless it is
// Hurry::now. Hurry::whenever waits up to 2 s and is then put off; Hurry::soon waits up to 5 s and then goes
// without a turn. Through a proxy no fetch waits, because the policy host's addresses are not known here.
//
// Time spent at the gate, or waiting for a turn, does not count against the timeout. Uses dns only before the
// first suspension.
boost::asio::awaitable<std::expected<HttpAnswer, FetchError>> get(Dns& dns,
                                                                  std::shared_ptr<const GetSettings> settings,
                                                                  GetJob job);

// The same from one address, as Fetch::get_policy_at() says. It waits for nobody's turn.
boost::asio::awaitable<PolicyHostAnswer> get_at(std::shared_ptr<const GetSettings> settings, Url url,
                                                Address address);

}  // namespace mtasts
