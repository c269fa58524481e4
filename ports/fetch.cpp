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

PolicyHostAnswer not_asked(FetchStep step, std::string why) {
  return {std::unexpected(FetchError{step, std::move(why)}), false};
}

boost::asio::awaitable<PolicyHostAnswer> Fetch::get_policy_at(PolicyRequest, Address) {
  co_return not_asked(FetchStep::connect, "single addresses of policy hosts can't be asked here");
}

}  // namespace mtasts
