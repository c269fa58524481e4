// discover - one look at a domain's policy: ask the TXT record, fetch the policy if the rules say so
// (lookup/plan.hpp). The DANE states of the record are left to lookup/dane_lookup.hpp.
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
  Record record;         // to be stored
  bool asked = false;    // the TXT record was asked
  bool fetched = false;  // HTTPS was asked
  bool put_off = false;  // the policy host had no turn for it: nothing is known that was not known before
  bool changed = false;  // a policy came that differs from the stored one in id, mode or mx
  std::vector<Route> dane{};  // next hops whose DANE state was looked up
  std::string shortage{};     // set: something was not found out, because this host lacked what it takes
};

// Always ends: dns and fetch have deadlines of their own. All references outlive the coroutine. Resolve
// thread.
boost::asio::awaitable<Discovery> discover(Dns& dns, Fetch& fetch, const Clock& clock, DomainName domain,
                                           std::optional<Record> stored, Trigger trigger);

}  // namespace mtasts
