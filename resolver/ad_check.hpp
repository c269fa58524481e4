// ad_check - for postfix_dane = "auto": does the Postfix that asks do DANE itself? It does if its own
// resolvers say that they validated (PFX-8, PFX-33).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "conf/config.hpp"
#include "net/dns/ad_probe.hpp"

namespace mtasts {

struct AdResult {
  AdProbe probe;
  std::string file;  // the resolv.conf that names it
  AdSeen seen = AdSeen::no_answer;
};

struct AdFinding {
  bool postfix_dane = false;
  bool answered = false;  // false: none of the resolvers did, so nothing is known; try again soon
  std::string detail;     // one line: who was asked, what they said, and what to do
};

// Judges what the resolvers said. All that answer must show AD, because Postfix asks the next one when the
// first is silent. Pure.
AdFinding judge_ad_results(const std::vector<AdResult>& results);

// The resolvers of Postfix's own resolv.conf (conf/resolv_conf.hpp), each once. sockets: where socketmap
// listens. Reads files; one that can't be read counts as empty.
std::vector<AdResult> postfix_resolvers(const std::vector<Endpoint>& sockets);

// Asks all resolvers at the same time, and judges.
boost::asio::awaitable<AdFinding> check_ad(std::vector<AdResult> resolvers);

}  // namespace mtasts
