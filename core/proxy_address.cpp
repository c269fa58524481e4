#include "core/proxy_address.hpp"

namespace mtasts {

std::string to_string(const ProxyAddress& proxy) {
  std::string host = proxy.host.contains(':') ? "[" + proxy.host + "]" : proxy.host;
  return "http://" + host + ":" + std::to_string(proxy.port);
}

}  // namespace mtasts
