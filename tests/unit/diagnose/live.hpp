// live - the live MX hosts of a domain for tests, each with one address.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "diagnose/candidate.hpp"
#include "tests/unit/diagnose/dialogues.hpp"

namespace mtasts::test {

struct LiveHost {
  std::string name;
  SmtpDialogue dialogue;
  unsigned preference = 10;
};

inline LiveHosts live_of(const std::vector<LiveHost>& hosts) {
  LiveHosts live{MxFacts{DomainName::parse("a.example").value()}};
  live.now = now;
  live.smtp.domain = "a.example";
  Address address = parse_address("203.0.113.1").value();
  for (const LiveHost& each : hosts) {
    live.mx.hosts.push_back({each.name, each.preference, {address}});
    SmtpHostFacts host;
    host.name = each.name;
    host.preference = each.preference;
    host.mode = Mode::none;
    host.addresses = {{.address = address, .dialogue = each.dialogue}};
    live.smtp.hosts.push_back(std::move(host));
  }
  return live;
}

inline LiveHost good_host(const std::string& name) { return {name, good_dialogue(name)}; }

inline LiveHost without_starttls(const std::string& name) {
  auto dialogue = ended(good_dialogue(name), SmtpStage::ehlo, SmtpTrouble::reply);
  dialogue.ehlo.lines = {name};
  return {name, dialogue};
}

inline LiveHost unreachable(const std::string& name) {
  return {name, ended(good_dialogue(name), SmtpStage::none, SmtpTrouble::timeout, "no answer in time")};
}

}  // namespace mtasts::test
