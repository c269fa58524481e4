// tlsa - TLSA records and the names they are looked up at (RFC 6698 §2.1, RFC 7671, RFC 7672 §2.2, §3.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mtasts {

struct Tlsa {
  unsigned usage = 0, selector = 0, matching = 0;
  std::string_view data;  // view into the RDATA
};

// nullopt: too short for its three fields and one octet of data.
std::optional<Tlsa> decode_tlsa(std::string_view rdata) noexcept;

// Why an SMTP client can't use the record; "" if it can (DANE-16, DANE-17). A usable record has usage
// DANE-TA(2) or DANE-EE(3), selector Cert(0) or SPKI(1), and matching type Full(0) with a DER certificate or
// public key, SHA2-256(1) with 32 octets, or SHA2-512(2) with 64. A weaker digest beside a stronger one is
// usable here: which of them a certificate must match is up to the SMTP client (DANE-21). The text is static.
std::string_view why_unusable(const Tlsa& tlsa) noexcept;

// The RDATA of a record in presentation form, "3 1 1 2bb1…": blanks between the fields and in the data,
// hexadecimal digits in any case. nullopt: malformed.
std::optional<std::string> tlsa_rdata(std::string_view text);
std::string tlsa_text(const Tlsa& tlsa);

// "_25._tcp.mx.example.com"; empty if that is too long for a DNS name, so that no such record can exist.
std::string tlsa_name(std::uint16_t port, std::string_view base);

// True if der is exactly one SEQUENCE with the top-level elements of a certificate (RFC 5280 §4.1) or of a
// SubjectPublicKeyInfo (§4.1.2.7). Checks the shape, not the contents.
bool is_der_certificate(std::string_view der) noexcept;
bool is_der_public_key(std::string_view der) noexcept;

}  // namespace mtasts
