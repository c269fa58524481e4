// rdata_text - DNS data in presentation form, as in zone files and in dig(1) (RFC 1035 §5.1, RFC 4034
// §5.3, RFC 6698 §2.2).
#pragma once

#include <string>
#include <string_view>

#include "core/dns_answer.hpp"

namespace mtasts {

// rdata: wire form without compression. Returns "10 mx.example.com.", "192.0.2.1", "3 1 1 ab12…" in
// full, "\"v=STSv1; id=1;\"". Malformed data, and types that have no form here, are written as unknown data
// (RFC 3597 §5): "\# 4 c0000201". Always printable ASCII.
std::string rdata_text(RrType type, std::string_view rdata);

// Octets as lower-case hexadecimal digits.
std::string hex_text(std::string_view octets);

}  // namespace mtasts
