// service_port - the TCP port that a number or the name of a service stands for (PFX-44).
//
// For default_port, overrides and keys such as "[host]:submission". Any bytes are taken.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mtasts {

// Digits up to 65535 (not 0), or a name: the services of mail in any case, then those of system_services().
// nullopt: no such port or service. Takes no system call and nothing from the heap once system_services() was
// called.
std::optional<std::uint16_t> service_port(std::string_view text);

}  // namespace mtasts
