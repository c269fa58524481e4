#include "core/tlsa.hpp"

#include <charconv>

#include "core/domain_name.hpp"
#include "core/text.hpp"

namespace mtasts {
namespace {

constexpr std::size_t head_size = 3;
constexpr unsigned char der_sequence = 0x30, der_bit_string = 0x03, der_object_id = 0x06;

// The length octets of DER (X.690 §8.1.3, §10.1): definite, in the shortest form. nullopt: missing or
// malformed.
std::optional<std::size_t> take_length(std::string_view& der) noexcept {
  if (der.empty()) return std::nullopt;
  auto first = static_cast<unsigned char>(der.front());
  der.remove_prefix(1);
  if (first < 0x80) return first;
  std::size_t octets = first & 0x7Fu, length = 0;
  if (octets == 0 || octets > 3 || octets > der.size() || der.front() == '\0') return std::nullopt;
  for (std::size_t i = 0; i < octets; ++i) length = length << 8 | static_cast<unsigned char>(der[i]);
  der.remove_prefix(octets);
  if (length < 0x80) return std::nullopt;
  return length;
}

// Takes the element at the front off and returns its contents. nullopt: another tag, or cut short.
std::optional<std::string_view> take(std::string_view& der, unsigned char tag) noexcept {
  if (der.empty() || static_cast<unsigned char>(der.front()) != tag) return std::nullopt;
  der.remove_prefix(1);
  auto length = take_length(der);
  if (!length || *length > der.size()) return std::nullopt;
  std::string_view contents = der.substr(0, *length);
  der.remove_prefix(*length);
  return contents;
}

// A BIT STRING whose first octet counts the unused bits.
bool takes_bit_string(std::string_view& der) noexcept {
  auto bits = take(der, der_bit_string);
  return bits && bits->size() > 1 && static_cast<unsigned char>(bits->front()) < 8;
}

bool takes_algorithm(std::string_view& der) noexcept {
  auto algorithm = take(der, der_sequence);
  return algorithm && take(*algorithm, der_object_id);
}

std::string_view bad_full_data(const Tlsa& tlsa) noexcept {
  if (tlsa.selector == 0) return is_der_certificate(tlsa.data) ? "" : "the data is not a DER certificate";
  return is_der_public_key(tlsa.data) ? "" : "the data is not a DER public key";
}

std::optional<unsigned> take_number(std::string_view& text) noexcept {
  text = trim_front(text);
  unsigned number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number > 255) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty() || !is_blank(text.front())) return std::nullopt;
  return number;
}

unsigned hex_value(char c) noexcept {
  return static_cast<unsigned>(is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10);
}

}  // namespace

std::optional<Tlsa> decode_tlsa(std::string_view rdata) noexcept {
  if (rdata.size() <= head_size) return std::nullopt;
  auto octet = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(rdata[at])); };
  return Tlsa{octet(0), octet(1), octet(2), rdata.substr(head_size)};
}

std::string_view why_unusable(const Tlsa& tlsa) noexcept {
  if (tlsa.usage < 2) return "usage PKIX-TA(0) and PKIX-EE(1) are not for SMTP (RFC 7672 section 3.1.3)";
  if (tlsa.usage > 3) return "the usage is not known";
  if (tlsa.selector > 1) return "the selector is not known";
  switch (tlsa.matching) {
    case 0: return bad_full_data(tlsa);
    case 1: return tlsa.data.size() == 32 ? "" : "a SHA2-256 digest has 32 octets";
    case 2: return tlsa.data.size() == 64 ? "" : "a SHA2-512 digest has 64 octets";
    default: return "the matching type is not known";
  }
}

std::optional<std::string> tlsa_rdata(std::string_view text) {
  std::string rdata;
  for (std::size_t i = 0; i < head_size; ++i) {
    auto number = take_number(text);
    if (!number) return std::nullopt;
    rdata += static_cast<char>(*number);
  }
  std::string digits;
  for (char c : text) {
    if (is_blank(c)) continue;
    if (!is_hex_digit(c)) return std::nullopt;
    digits += c;
  }
  if (digits.empty() || digits.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    rdata += static_cast<char>(hex_value(digits[i]) << 4 | hex_value(digits[i + 1]));
  return rdata;
}

std::string tlsa_text(const Tlsa& tlsa) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text = std::to_string(tlsa.usage) + ' ' + std::to_string(tlsa.selector) + ' ' +
                     std::to_string(tlsa.matching) + ' ';
  for (char c : tlsa.data) {
    text += hex[static_cast<unsigned char>(c) >> 4];
    text += hex[static_cast<unsigned char>(c) & 0xF];
  }
  return text;
}

std::string tlsa_name(std::uint16_t port, std::string_view base) {
  std::string name = '_' + std::to_string(port) + "._tcp." + std::string(base);
  if (name.size() > DomainName::max_size) name.clear();
  return name;
}

bool is_der_certificate(std::string_view der) noexcept {
  auto certificate = take(der, der_sequence);
  if (!certificate || !der.empty()) return false;
  return take(*certificate, der_sequence) && takes_algorithm(*certificate) &&
         takes_bit_string(*certificate) && certificate->empty();
}

bool is_der_public_key(std::string_view der) noexcept {
  auto key = take(der, der_sequence);
  if (!key || !der.empty()) return false;
  return takes_algorithm(*key) && takes_bit_string(*key) && key->empty();
}

}  // namespace mtasts
