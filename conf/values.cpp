#include "conf/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "conf/service_port.hpp"
#include "core/domain_name.hpp"
#include "core/finding.hpp"
#include "core/text.hpp"
#include "idn/to_a_labels.hpp"

namespace mtasts {
namespace {

constexpr std::size_t max_socket_path = 107;  // sizeof(sockaddr_un::sun_path) - 1
constexpr std::size_t max_path = 4095;        // PATH_MAX - 1

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Ascending: the formatters start at the end.
constexpr std::array<Unit, 5> durations{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 5> sizes{
    {{"", 1}, {"KiB", 1ull << 10}, {"MiB", 1ull << 20}, {"GiB", 1ull << 30}, {"TiB", 1ull << 40}}};

template <class T>
std::optional<T> whole_number(std::string_view text, int base = 10) noexcept {
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> with_unit(std::string_view text, const std::array<Unit, 5>& units,
                                       std::uint64_t limit) noexcept {
  auto digits = static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
  auto number = whole_number<std::uint64_t>(text.substr(0, digits));
  auto unit = std::ranges::find(units, text.substr(digits), &Unit::name);
  if (!number || unit == units.end() || *number > limit / unit->factor) return std::nullopt;
  return *number * unit->factor;
}

std::string in_largest_unit(std::uint64_t value, const std::array<Unit, 5>& units) {
  auto unit = units.rbegin();
  while (unit->factor > 1 && (value == 0 || value % unit->factor != 0)) ++unit;
  return fmt::format("{}{}", value / unit->factor, unit->name);
}

std::unexpected<std::string> wrong(std::string_view text, std::string_view what) {
  return std::unexpected(fmt::format("\"{}\" {}", printable(text), what));
}

// Splits "HOST:PORT" or "[V6]:PORT"; drops the brackets.
std::optional<std::pair<std::string_view, std::uint16_t>> split_port(std::string_view text) noexcept {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return std::nullopt;
  auto host = text.substr(0, colon);
  auto port = whole_number<std::uint16_t>(text.substr(colon + 1));
  bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  bool has_colon = host.find(':') != std::string_view::npos;
  if (!port || *port == 0 || host.empty() || bracketed != has_colon) return std::nullopt;
  return std::pair(host, *port);
}

std::optional<Endpoint> inet_endpoint(std::string_view text) noexcept {
  auto parts = split_port(text);
  if (!parts) return std::nullopt;
  auto address = parse_address(parts->first == "localhost" ? "127.0.0.1" : parts->first);
  if (!address) return std::nullopt;
  return Endpoint{Endpoint::Kind::inet, {}, *address, parts->second};
}

// toml++ has checked the UTF-8. A control octet in a path is at best a typing error.
bool has_control(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool may_be_account(std::string_view text) noexcept {
  auto allowed = [](char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; };
  return text.size() <= 32 && std::ranges::all_of(text, allowed) && !text.starts_with('-');
}

// RFC 5321 §4.1.3.
bool is_address_literal(std::string_view text) noexcept {
  constexpr std::string_view tag = "IPv6:";
  if (!text.starts_with('[') || !text.ends_with(']') || text.size() < 2) return false;
  text = text.substr(1, text.size() - 2);
  bool v6 = equal_folded(text.substr(0, tag.size()), tag);
  auto address = parse_address(v6 ? text.substr(tag.size()) : text);
  return address && address->v6 == v6;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
  constexpr std::uint64_t century = 36'525 * 86'400'000ull;
  if (text.empty() || is_digit(text.back())) return std::nullopt;
  auto value = with_unit(text, durations, century);
  if (!value) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::string format_duration(std::chrono::milliseconds value) {
  if (value.count() <= 0) return "0s";
  return in_largest_unit(static_cast<std::uint64_t>(value.count()), durations);
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  return with_unit(text, sizes, std::numeric_limits<std::int64_t>::max());
}

std::string format_size(std::uint64_t bytes) { return in_largest_unit(bytes, sizes); }

Read<Endpoint> read_endpoint(std::string_view text) {
  if (text.starts_with("unix:")) {
    auto path = read_socket_path(text.substr(5));
    if (!path) return std::unexpected(path.error());
    return unix_endpoint(*std::move(path));
  }
  if (text.starts_with("inet:")) {
    if (auto endpoint = inet_endpoint(text.substr(5))) return *endpoint;
    return wrong(
        text, "has no address and port; write inet:127.0.0.1:8463, inet:[::1]:8463 or inet:localhost:8463");
  }
  return wrong(text, "is not an endpoint; write unix:/PATH or inet:ADDRESS:PORT");
}

Read<std::optional<Endpoint>> read_host_port(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (auto endpoint = inet_endpoint(text)) return endpoint;
  return wrong(text, "is not an address with a port; write \"127.0.0.1:8464\", or \"\" to turn it off");
}

Read<NameServer> read_forwarder(std::string_view text) {
  auto server = parse_name_server(text);
  if (server && server->interface.empty()) return *std::move(server);
  return wrong(
      text,
      "is not the address of a resolver; write \"192.0.2.53\", or \"192.0.2.53@5353\" if its port is not 53");
}

Read<std::optional<ProxyAddress>> read_proxy(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  if (text.empty()) return std::nullopt;
  if (text.contains('@'))  // its password must not get into a log
    return std::unexpected(
        "holds a login, which others could read here; write user:password into a file with mode 0600 "
        "and name it in proxy_credentials_file");
  if (text.starts_with(scheme)) {
    auto parts = split_port(text.substr(scheme.size()));
    if (parts && (parse_address(parts->first) || DomainName::parse(parts->first)))
      return ProxyAddress{std::string(parts->first), parts->second};
  }
  return wrong(text,
               "is not a proxy; write \"http://HOST:PORT\" (the proxy must allow CONNECT to port 443), or "
               "\"\" for none");
}

Read<Cidr> read_cidr(std::string_view text) {
  if (auto block = parse_cidr(text)) return *block;
  return wrong(text, "is not an address block; write it as \"203.0.113.0/24\" or \"2001:db8::/32\"");
}

std::string format_cidr(const Cidr& block) { return fmt::format("{}/{}", to_string(block.base), block.bits); }

Read<unsigned> read_socket_mode(std::string_view text) {
  auto mode = whole_number<unsigned>(text, 8);
  bool shaped = text.size() == 4 && text.front() == '0';
  if (shaped && mode && *mode != 0 && (*mode & ~0666u) == 0) return *mode;
  return wrong(
      text,
      "is not a mode for a socket; write four octal digits with read and write bits only, such as \"0660\"");
}

Read<std::string> read_absolute_path(std::string_view text) {
  if (!text.starts_with('/')) return wrong(text, "is not an absolute path; begin it with \"/\"");
  if (has_control(text)) return wrong(text, "holds a control character; remove it");
  if (text.size() > max_path) return wrong(text, fmt::format("is too long; use at most {} octets", max_path));
  return std::string(text);
}

Read<std::string> read_optional_path(std::string_view text) {
  if (text.empty()) return std::string();
  return read_absolute_path(text);
}

Read<std::string> read_socket_path(std::string_view text) {
  if (text.size() > max_socket_path)
    return wrong(text, fmt::format("is too long for a socket; use at most {} octets", max_socket_path));
  return read_absolute_path(text);
}

Read<std::string> read_group(std::string_view text) {
  if (may_be_account(text)) return std::string(text);
  return wrong(
      text,
      "is not a group name; write a name that `getent group` knows, or \"\" to leave the group unchanged");
}

Read<std::string> read_user(std::string_view text) {
  if (may_be_account(text)) return std::string(text);
  return wrong(text, "is not a user name; write a name that `getent passwd` knows, or \"\" to stay root");
}

Read<std::string> read_dns_zone(std::string_view text) {
  auto ascii = has_u_labels(text) ? to_a_labels(text) : std::optional<std::string>(text);
  auto name = ascii ? DomainName::parse(*ascii) : std::nullopt;
  if (!name) return wrong(text, "is not a domain name; write it as \"corp.example\"");
  return std::string(name->str());
}

Read<std::string> read_ehlo(std::string_view text) {
  if (text.empty() || is_address_literal(text)) return std::string(text);
  auto name = read_dns_zone(text);
  if (name && name->contains('.') && !name->contains('_')) return name;
  return wrong(text,
               "is not a full domain name; write it as \"checker.example.com\", or an address as "
               "\"[192.0.2.1]\" or \"[IPv6:2001:db8::1]\"");
}

Read<std::uint16_t> read_service_port(std::string_view text) {
  auto allowed = [](char c) { return is_alnum(c) || c == '-'; };
  bool has_letter = !std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '-'; });
  bool hyphens_are_well = !text.starts_with('-') && !text.ends_with('-') && !text.contains("--");
  if (text.size() > 15 || !has_letter || !hyphens_are_well || !std::ranges::all_of(text, allowed))
    return wrong(text,
                 "is not a service; write its name, such as \"submission\", or a port number without quotes");
  if (auto port = service_port(text)) return *port;
  return wrong(text, "is not a service that this system knows; write its port number without quotes");
}

bool is_zone_name(std::string_view text) noexcept {
  auto allowed = [](char c) { return is_digit(c) || is_lower(c) || c == '_' || c == '-'; };
  return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, allowed);
}

}  // namespace mtasts
