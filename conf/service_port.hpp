// service_port - the TCP port of a number or of a service name (PFX-44).
//
// For default_port, overrides and keys such as "[host]:submission". Accepts any bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mtasts {

// text: digits up to 65535 (not 0), or a name: one of the mail services in any case, or one of
// system_services(). nullopt: no such port or service. Once system_services() was called, makes no system
// call and allocates nothing.
std::optional<std::uint16_t> service_port(std::string_view text);

}  // namespace mtasts
