#include "ports/fetch.hpp"

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

}  // namespace mtasts
