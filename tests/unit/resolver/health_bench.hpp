// health_bench - a host whose DNS can be broken while a HealthCheck watches it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/dnskey.hpp"
#include "resolver/health_check.hpp"
#include "tests/unit/lookup/fakes.hpp"
#include "tests/unit/name_servers.hpp"
#include "tests/unit/net/run.hpp"
#include "tests/unit/virtual_time.hpp"

namespace mtasts::health_bench {

namespace asio = boost::asio;
using namespace std::chrono_literals;

const std::string root_key("\1\1\3\10key", 7);

inline DnsAnswer keys() {
  DnsAnswer answer;
  answer.kind = DnsAnswer::Kind::data;
  answer.security = DnsAnswer::Security::secure;
  answer.rdata = {root_key};
  return answer;
}

inline LogConfig quiet() {
  LogConfig config;
  config.level = LogConfig::Level::error;
  return config;
}

inline std::string asked_at(const Resolvers& resolvers) { return to_string(resolvers.front()); }

// A host whose DNS can be broken while the check runs.
struct Bench {
  Bench() {
    check.publish_to([this](HealthPtr health) { published.push_back(std::move(health)); });
    check.set_times({.usual = 60ms, .retry = 20ms, .limit = 50ms});
    recall({});
  }

  void recall(const HostMemory& memory) {
    check.recall(memory, [this](const HostMemory& known) { remembered.push_back(known); });
  }
  std::shared_ptr<Prepared> prepare(bool choose) {
    auto prepared = std::make_shared<Prepared>();
    HealthPlan& plan = prepared->plan;
    if (!choose) plan.first = {.way = Way::configured, .servers = listed};
    plan.ready = dns(plan.first.way, plan.first.servers);
    auto switched = std::make_unique<SwitchedDns>(plan.ready),
         for_sts = std::make_unique<SwitchedDns>(plan.ready);
    prepared->dns = switched.get();
    prepared->sts_dns = for_sts.get();
    prepared->network = std::make_shared<Network>();
    prepared->network->dns = std::move(switched);
    prepared->network->sts_dns = std::move(for_sts);
    plan.ways = [this, choose](const Resolvers& system) {
      return WaysToTry{.choose = choose, .resolvers = choose ? system : listed, .words = "as configured"};
    };
    plan.anchor = {"/root.key", {key_tag(root_key)}};
    plan.made_for = resolvers;
    plan.resolvers = [this] {
      if (failing_reads-- > 0) throw std::runtime_error("no memory");
      return resolvers;
    };
    plan.make = [this](Way way, const Resolvers& servers) -> Result<std::shared_ptr<Dns>> {
      if (way == unmakeable) return fail(Fault::config, "out of file descriptors");
      return dns(way, servers);
    };
    return prepared;
  }
  std::shared_ptr<fake::FakeDns> dns(Way way, const Resolvers& servers) {
    ++made;
    auto made_dns = std::make_shared<fake::FakeDns>();
    std::string who = way == Way::recursion ? "the root" : asked_at(servers.empty() ? resolvers : servers);
    if (way == Way::unvalidated) who += " without validation";
    made_dns->answers["who.example/TXT"] = fake::txt({who});
    bool by_root = way == Way::recursion || (way == Way::configured && servers.empty());
    made_dns->answer = way == Way::unvalidated ? unvalidated : by_root ? recursion : forwarded;
    return made_dns;
  }
  // The resolvers that the Dns in use asks; for DANE, and for policies.
  std::string who(SwitchedDns* in_use) {
    auto answer = run(loop, in_use->ask("who.example", RrType::txt));
    return decode_txt(answer.rdata.at(0)).value();
  }
  std::string who(const Prepared& prepared) { return who(prepared.dns); }
  std::string who_for_sts(const Prepared& prepared) { return who(prepared.sts_dns); }
  bool until(const std::function<bool()>& done) { return run_until(loop, 60s, done); }
  const Health& last() const { return *published.back(); }

  fake::VirtualTime virtual_time{[] { return true; }};  // the sockets in it are the loop's own
  DnsAnswer recursion = keys(), forwarded = keys(), unvalidated = keys();
  Resolvers resolvers = test::name_servers({"192.0.2.53"});
  Resolvers listed;  // of [dns] forward, without "auto"
  std::optional<Way> unmakeable;
  int failing_reads = 0;
  int made = 0;
  fake::FakeClock clock;
  Log log{quiet()};
  asio::io_context loop{1};
  std::vector<std::shared_ptr<Network>> networks;
  std::vector<HealthPtr> published;
  std::vector<HostMemory> remembered;
  HealthCheck check{loop.get_executor(), clock, log,
                    [this](std::shared_ptr<Network> network) { networks.push_back(std::move(network)); }};
};

const DnsAnswer silence = fake::dns_failure("timeout after 3 s"),
                stripped = fake::dns_failure("DNSSEC bogus: no signatures", DnsAnswer::Security::bogus);

}  // namespace mtasts::health_bench
