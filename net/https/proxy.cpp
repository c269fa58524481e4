#include "net/https/proxy.hpp"

#include <charconv>
#include <optional>

#include "core/address.hpp"
#include "core/domain_name.hpp"
#include "core/finding.hpp"

namespace mtasts {
namespace {

constexpr std::string_view scheme = "http://";

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(Fault::config, "[https] proxy: \"" + printable(text) + "\": " + std::string(why) +
                                 "; write \"http://host:port\", or \"\" for none");
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

bool is_host(std::string_view host, bool bracketed) {
  auto address = parse_address(host);
  if (bracketed || host.contains(':')) return bracketed && address && address->v6;
  return address || DomainName::parse(host);
}

}  // namespace

Result<ProxyAddress> parse_proxy(std::string_view text) {
  if (text.contains('@'))  // and nothing of it is shown
    return fail(
        Fault::config,
        "[https] proxy: it holds a login; write user:password into a file that others can't read, name that "
        "file in proxy_credentials_file, and write proxy as \"http://host:port\"");
  std::string_view rest = text;
  if (!rest.starts_with(scheme))
    return refuse(text, "only a proxy spoken to by plain HTTP (http://) is supported");
  rest.remove_prefix(scheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  auto colon = rest.rfind(':');
  auto port = colon == std::string_view::npos ? std::nullopt : parse_port(rest.substr(colon + 1));
  if (!port) return refuse(text, "the port is missing or is no number from 1 to 65535");
  std::string_view host = rest.substr(0, colon);
  bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!is_host(host, bracketed)) return refuse(text, "the host is neither a name nor an address");
  return ProxyAddress{std::string(host), *port};
}

}  // namespace mtasts
