#include "core/name_server.hpp"

#include <algorithm>
#include <charconv>

#include "core/text.hpp"

namespace mtasts {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && port != 0 ? std::optional(port) : std::nullopt;
}

}  // namespace

std::string to_string(const NameServer& server) {
  auto text = to_string(server.address);
  if (!server.interface.empty()) text += "%" + server.interface;
  if (server.port != 53) text += "@" + std::to_string(server.port);
  return text;
}

std::optional<NameServer> parse_name_server(std::string_view text) {
  auto at = text.find('@'), percent = text.substr(0, at).find('%');
  auto host = text.substr(0, at);
  auto address = parse_address(host.substr(0, percent));
  if (!address) return std::nullopt;
  NameServer server{.address = *address};
  if (percent != host.npos) {
    server.interface = host.substr(percent + 1);
    if (!address->v6 || !may_be_interface(server.interface)) return std::nullopt;
  }
  if (at == text.npos) return server;
  auto port = parse_port(text.substr(at + 1));
  if (!port) return std::nullopt;
  server.port = *port;
  return server;
}

bool may_be_interface(std::string_view text) noexcept {
  constexpr std::size_t most = 15;  // IFNAMSIZ of <net/if.h>, less its NUL
  auto fine = [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_'; };
  return !text.empty() && text.size() <= most && std::ranges::all_of(text, fine);
}

}  // namespace mtasts
