#include "postfix-policy/resolve_loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <future>

#include "net/dns/unbound_dns.hpp"
#include "net/https/https_fetch.hpp"
#include "postfix-policy/flight_log.hpp"
#include "postfix-policy/settings.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

UnboundOptions dns_options(const Config& config) {
  UnboundOptions options;
  options.forward = config.dns.forward;
  options.root_hints = config.dns.root_hints;
  options.trust_anchor = config.dns.trust_anchor;
  options.timeout = config.dns.timeout;
  return options;
}

HttpsOptions https_options(const Config& config) {
  HttpsOptions options;
  options.ca_file = config.https.ca_file;
  options.timeout = config.https.timeout;
  options.proxy = config.https.proxy;
  options.allow_addresses = config.https.allow_addresses;
  return options;
}

}  // namespace

ResolveLoop::ResolveLoop(Store& store, const Clock& clock, Log& log)
    : store_(store),
      clock_(clock),
      log_(log),
      flights_(loop_.get_executor(), nullptr, store, clock,
               [this](const FlightReport& r) { log_flight(log_, r); }) {}

ResolveLoop::~ResolveLoop() { stop(); }

// libunbound's descriptor belongs to the loop's thread, so a running loop makes it there.
Result<std::unique_ptr<Dns>> ResolveLoop::make_dns(const Config& config) {
  if (!thread_.joinable()) return make_unbound_dns(loop_, dns_options(config));
  std::promise<Result<std::unique_ptr<Dns>>> made;
  auto future = made.get_future();
  asio::post(loop_, [&] { made.set_value(make_unbound_dns(loop_, dns_options(config))); });
  return future.get();
}

Result<std::shared_ptr<Network>> ResolveLoop::make(const Config& config) {
  // The last owner lets go on the loop's thread, wherever that owner is (this function on a failure, or a
  // flight).
  std::shared_ptr<Network> network(new Network, [this](Network* n) { discard(n); });
  auto dns = make_dns(config);
  if (!dns) return std::unexpected(std::move(dns.error()));
  network->dns = *std::move(dns);
  auto fetch = make_https_fetch(loop_, *network->dns, https_options(config));
  if (!fetch) return std::unexpected(std::move(fetch.error()));
  network->fetch = *std::move(fetch);
  network->mx_hosts = most_mx_hosts(config);
  return network;
}

void ResolveLoop::discard(Network* network) {
  std::unique_ptr<Network> owner(network);
  if (!thread_.joinable() || thread_.get_id() == std::this_thread::get_id()) return;
  asio::post(loop_, [owner = std::move(owner)] {});
}

void ResolveLoop::use(std::shared_ptr<Network> network) {
  asio::post(loop_, [this, network = std::move(network)]() mutable { flights_.use(std::move(network)); });
}

void ResolveLoop::start() {
  asio::co_spawn(loop_, refresh_forever(flights_, store_, clock_, {}), asio::detached);
  thread_ = std::thread([this] { loop_.run(); });
}

void ResolveLoop::stop() {
  loop_.stop();
  if (thread_.joinable()) thread_.join();
  flights_.use(nullptr);  // flights under way keep theirs until the loop goes
}

void ResolveLoop::ask(const Question& question, Deliver deliver) {
  asio::post(loop_, [this, question, deliver = std::move(deliver)]() mutable {
    flights_.ask(question, std::move(deliver));
  });
}

void ResolveLoop::look_again(const DomainName& domain, std::optional<Route> dane) {
  asio::post(loop_, [this, domain, dane] { flights_.look_again(domain, dane, Trigger::ask); });
}

}  // namespace mtasts
