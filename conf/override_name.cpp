#include "conf/override_name.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "conf/service_port.hpp"
#include "core/finding.hpp"
#include "core/next_hop.hpp"
#include "idn/to_a_labels.hpp"

namespace mtasts {
namespace {

std::unexpected<std::string> wrong(std::string_view what) { return std::unexpected(std::string(what)); }

std::optional<DomainName> domain_of(std::string_view text) {
  if (!has_u_labels(text)) return DomainName::parse(text);
  auto ascii = to_a_labels(text);
  return ascii ? DomainName::parse(*ascii) : std::nullopt;
}

bool is_address(std::string_view text) noexcept {
  auto hop = parse_next_hop(text);
  const auto* why = std::get_if<NotAHost>(&hop);
  return why != nullptr && *why == NotAHost::address;
}

Read<OverrideKey> read_wildcard(std::string_view base) {
  if (base.empty())
    return wrong("stands for every domain; set [policy] for them, or name a domain as \"*.example.com\"");
  if (base.find_first_of("[]:") != std::string_view::npos)
    return wrong("has a \"*\" beside brackets or a port; write one or the other");
  auto domain = domain_of(base);
  if (!domain || base.starts_with('*') || is_address(base))
    return wrong(
        "has no domain name after \"*.\"; write it as \"*.example.com\", which covers names at any depth");
  return OverrideKey{*domain, true, false, false, {}};
}

// The parts of "host", "host:port", "[host]", "[host]:port".
struct Literal {
  std::string_view host;
  std::optional<std::string_view> port;
  bool bracketed;
};

std::optional<Literal> split(std::string_view name) noexcept {
  bool bracketed = name.starts_with('[');
  std::size_t end = name.find(bracketed ? ']' : ':');
  if (bracketed && end == std::string_view::npos) return std::nullopt;
  Literal parts{name.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end), {}, bracketed};
  std::string_view rest = end == std::string_view::npos ? "" : name.substr(bracketed ? end + 1 : end);
  if (rest.empty()) return parts;
  if (!rest.starts_with(':')) return std::nullopt;
  parts.port = rest.substr(1);
  return parts;
}

}  // namespace

Read<OverrideKey> read_override_name(std::string_view name) {
  if (name == "*" || name.starts_with("*.")) return read_wildcard(name == "*" ? "" : name.substr(2));
  if (name.starts_with('.'))
    return wrong("begins with a dot; write \"*\" before it for any name below that domain");
  if (is_address(name))
    return wrong("is an IP address, which is always answered NOTFOUND; remove the section");
  auto parts = split(name);
  auto domain = parts ? domain_of(parts->host) : std::nullopt;
  if (!domain)
    return wrong(
        "is not a next hop; write \"example.com\", \"*.example.com\", \"[mx.example.com]\" or "
        "\"[mx.example.com]:587\"");
  if (!parts->port) return OverrideKey{*domain, false, parts->bracketed, parts->bracketed, std::nullopt};
  auto port = service_port(*parts->port);
  if (!port)
    return wrong(
        fmt::format("has \"{}\" as its port, which is neither a port nor a service that this system knows; "
                    "write a number from 1 to 65535",
                    printable(*parts->port)));
  return OverrideKey{*domain, false, true, parts->bracketed, port};
}

std::string to_string(const OverrideKey& key) {
  auto name = fmt::format("{}{}", key.wildcard ? "*." : "", key.domain.str());
  if (key.bracketed) name = "[" + name + "]";
  return key.port ? fmt::format("{}:{}", name, *key.port) : name;
}

}  // namespace mtasts
