#include "conf/service_port.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "conf/services.hpp"
#include "core/text.hpp"

namespace mtasts {
namespace {

constexpr std::size_t longest_name = 32;

struct Service {
  std::string_view name;
  std::uint16_t port;
};

// RFC 6409, RFC 8314 §7.3 and older names still in use. RFC 2033 has no port; Postfix uses 24.
constexpr std::array<Service, 7> services{{{"smtp", 25},
                                           {"submission", 587},
                                           {"submissions", 465},
                                           {"smtps", 465},
                                           {"ssmtp", 465},
                                           {"urd", 465},
                                           {"lmtp", 24}}};

std::optional<std::uint16_t> port_number(std::string_view digits) noexcept {
  std::uint16_t port = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || port == 0) return std::nullopt;
  return port;
}

}  // namespace

std::optional<std::uint16_t> service_port(std::string_view text) {
  auto allowed = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '+'; };
  if (text.empty() || text.size() > longest_name || !std::ranges::all_of(text, allowed)) return std::nullopt;
  if (std::ranges::all_of(text, is_digit)) return port_number(text);
  for (const Service& each : services)
    if (equal_folded(each.name, text)) return each.port;
  return system_services().port(text);
}

}  // namespace mtasts
