#include "resolver/switched_dns.hpp"

namespace mtasts {
namespace {

boost::asio::awaitable<DnsAnswer> ask_through(std::shared_ptr<Dns> dns, std::shared_ptr<bool> failed,
                                              std::string name, RrType type) {
  DnsAnswer answer = co_await dns->ask(std::move(name), type);
  *failed =
      *failed || answer.kind == DnsAnswer::Kind::failed || answer.security == DnsAnswer::Security::bogus;
  co_return answer;
}

}  // namespace

boost::asio::awaitable<DnsAnswer> SwitchedDns::ask(std::string name, RrType type) {
  return ask_through(dns_, failed_, std::move(name), type);
}

}  // namespace mtasts
