// rdata_text - DNS data in presentation form, as zone files and dig(1) have it (RFC 1035 §5.1, RFC 4034
// §5.3, RFC 6698 §2.2).
#pragma once

#include <string>
#include <string_view>

#include "core/dns_answer.hpp"

namespace mtasts {

// rdata: wire form without compression. "10 mx.example.com.", "192.0.2.1", "\"v=STSv1; id=1;\"", "3 1 1
// ab12…" whole. What is malformed or of a type without a form here is written as unknown data (RFC 3597 §5):
// "\# 4 c0000201". Printable ASCII, whatever the octets are.
std::string rdata_text(RrType type, std::string_view rdata);

// Octets as lower-case hexadecimal digits.
std::string hex_text(std::string_view octets);

}  // namespace mtasts
