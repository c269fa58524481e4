// service_port - the TCP port that a number or the name of a service stands for (PFX-44).
//
// For default_port, overrides and keys such as "[host]:submission". Any bytes are taken; nothing is thrown.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mtasts {

// Digits up to 65535 (not 0), or a name: the services of mail in any case, without touching the system, then
// services(5) as getservbyname(3) finds them, which may read files and allocate. nullopt: no such port or
// service.
std::optional<std::uint16_t> service_port(std::string_view text) noexcept;

}  // namespace mtasts
