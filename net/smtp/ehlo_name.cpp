#include "net/smtp/ehlo_name.hpp"

#include <algorithm>
#include <array>

#include "core/domain_name.hpp"

namespace mtasts {
namespace {

// Hosts without a name of their own are often in one of these. None is in the DNS (RFC 6761, RFC 6762).
constexpr auto no_domains = std::to_array<std::string_view>({"localhost", "localdomain", "local", "invalid"});

bool is_full_name(const DomainName& name) noexcept {
  auto text = name.str();
  auto dot = text.rfind('.');
  if (dot == std::string_view::npos || text.contains('_')) return false;
  return std::ranges::count(no_domains, text.substr(dot + 1)) == 0;
}

}  // namespace

std::string ehlo_name(std::string_view configured, std::string_view host_name, const Address& local) {
  if (!configured.empty()) return std::string(configured);
  auto name = DomainName::parse(host_name);
  if (name && is_full_name(*name)) return std::string(name->str());
  return (local.v6 ? "[IPv6:" : "[") + to_string(local) + "]";
}

}  // namespace mtasts
