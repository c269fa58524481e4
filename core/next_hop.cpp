#include "core/next_hop.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "core/address.hpp"
#include "core/text.hpp"

namespace mtasts {

namespace {

// Digits up to 65535, or a service name as in services(5) (PFX-44). Empty is the default port: so Postfix
// reads "host:".
bool is_port(std::string_view text) noexcept {
  if (std::ranges::all_of(text, is_digit)) {
    std::uint16_t number = 1;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return text.empty() || (error == std::errc() && number != 0);
  }
  return text.size() <= 32 && is_alnum(text.front()) && std::ranges::all_of(text, [](char c) {
           return is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '+';
         });
}

bool is_address(std::string_view text) noexcept {
  if (text.size() > 5 && equal_folded(text.substr(0, 5), "ipv6:")) text.remove_prefix(5);  // RFC 5321 §4.1.3
  return parse_address(text).has_value();
}

std::variant<NextHop, NotAHost> next_hop(std::string_view host, std::string_view port,
                                         bool bracketed) noexcept {
  std::optional<DomainName> domain = DomainName::parse(host);
  if (!domain || !is_port(port)) return NotAHost::not_a_name;
  return NextHop{*domain, port, bracketed};
}

std::variant<NextHop, NotAHost> bracketed_hop(std::string_view key) noexcept {
  std::size_t close = key.find(']');
  if (close == std::string_view::npos) return NotAHost::not_a_name;
  std::string_view host = key.substr(1, close - 1), rest = key.substr(close + 1);
  if (!rest.empty() && rest.front() != ':') return NotAHost::not_a_name;
  if (!rest.empty()) rest.remove_prefix(1);
  if (is_address(host)) return NotAHost::address;
  return next_hop(host, rest, true);
}

}  // namespace

std::variant<NextHop, NotAHost> parse_next_hop(std::string_view key) noexcept {
  if (key.starts_with('.')) return NotAHost::parent;
  if (key.starts_with('[')) return bracketed_hop(key);
  if (is_address(key)) return NotAHost::address;  // before splitting off a port: IPv6 has colons
  std::size_t colon = key.find(':');
  if (colon == std::string_view::npos) return next_hop(key, {}, false);
  std::string_view host = key.substr(0, colon);
  if (is_address(host)) return NotAHost::address;
  return next_hop(host, key.substr(colon + 1), false);
}

std::string_view words(NotAHost why) noexcept {
  switch (why) {
    case NotAHost::parent: return "a parent-domain key";
    case NotAHost::address: return "an IP address";
    case NotAHost::not_a_name: return "not a host name";
  }
  return "not a host name";
}

}  // namespace mtasts
