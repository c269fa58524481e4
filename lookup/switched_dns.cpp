#include "lookup/switched_dns.hpp"

namespace mtasts {
namespace {

boost::asio::awaitable<DnsAnswer> ask_through(std::shared_ptr<Dns> dns, std::string name, RrType type) {
  co_return co_await dns->ask(std::move(name), type);
}

}  // namespace

boost::asio::awaitable<DnsAnswer> SwitchedDns::ask(std::string name, RrType type) {
  return ask_through(dns_, std::move(name), type);
}

}  // namespace mtasts
