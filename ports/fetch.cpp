#include "ports/fetch.hpp"

#include <utility>

namespace mtasts {

std::string_view words(FetchStep step) noexcept {
  switch (step) {
    case FetchStep::address: return "address lookup";
    case FetchStep::connect: return "connect";
    case FetchStep::proxy: return "proxy";
    case FetchStep::tls: return "TLS handshake";
    case FetchStep::request: return "HTTP request";
    case FetchStep::response: return "HTTP response";
    case FetchStep::deadline: return "deadline";
  }
  return "unknown step";
}

std::string url_of(const DomainName& domain, PolicyPlace place) {
  const std::string name(domain.str());
  switch (place) {
    case PolicyPlace::domain: return "https://" + name + "/.well-known/mta-sts.txt";
    case PolicyPlace::www: return "https://www." + name + "/.well-known/mta-sts.txt";
    case PolicyPlace::root: return "https://mta-sts." + name + "/mta-sts.txt";
    case PolicyPlace::plain_http: return "http://mta-sts." + name + "/.well-known/mta-sts.txt";
  }
  return {};
}

PolicyHostAnswer not_asked(FetchStep step, std::string why) {
  return {std::unexpected(FetchError{step, std::move(why)}), false};
}

boost::asio::awaitable<PolicyHostAnswer> Fetch::get_policy_at(PolicyRequest, Address) {
  co_return not_asked(FetchStep::connect, "single addresses of policy hosts can't be asked here");
}

boost::asio::awaitable<PlaceFound> Fetch::look_at(PolicyRequest, PolicyPlace) {
  co_return PlaceFound::not_asked;
}

}  // namespace mtasts
