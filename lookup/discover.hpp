// discover - one lookup of a domain's policy: asks for the TXT record, and fetches the policy if the rules of
// lookup/plan.hpp say so. It leaves the domain's states to lookup/dane_lookup.hpp.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <vector>

#include "lookup/plan.hpp"
#include "ports/clock.hpp"
#include "ports/dns.hpp"
#include "ports/fetch.hpp"

namespace mtasts {

struct Discovery {
  Record record;              // to be stored
  bool asked = false;         // the TXT record was asked for
  bool fetched = false;       // the policy host was asked
  bool put_off = false;       // the fetch was put off, so nothing new is known
  bool changed = false;       // a policy was fetched that differs from the stored one in id, mode or mx
  std::vector<Route> dane{};  // routes whose state was looked up
  std::string shortage{};     // what this host lacked, so that something was not found out; empty: nothing
};

// Always ends, because dns and fetch have deadlines of their own. stored: the domain's entry; nullopt: there
// is none. All references must outlive the coroutine. For the resolve thread.
boost::asio::awaitable<Discovery> discover(Dns& dns, Fetch& fetch, const Clock& clock, DomainName domain,
                                           std::optional<Record> stored, Trigger trigger);

}  // namespace mtasts
