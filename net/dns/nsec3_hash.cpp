#include <openssl/evp.h>

#include <array>

#include "core/text.hpp"
#include "net/dns/delegation.hpp"

namespace mtasts {
namespace {

// Lower case, without compression (RFC 4034 §6.2). The names are plain host names, without escapes.
std::string wire_form(std::string_view name) {
  std::string wire;
  if (name.ends_with('.')) name.remove_suffix(1);
  while (!name.empty()) {
    std::string_view label = name.substr(0, name.find('.'));
    if (label.empty() || label.size() > 63) return {};
    wire += static_cast<char>(label.size());
    for (char c : label) wire += to_lower(c);
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  return wire + '\0';
}

std::string sha1(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) return {};
  return std::string(digest.begin(), digest.begin() + size);
}

// 20 octets are 32 characters without padding (RFC 4648 §7).
std::string base32hex(std::string_view octets) {
  constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuv";
  std::string text;
  unsigned bits = 0, waiting = 0;
  for (char c : octets) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xFFFF;
    for (waiting += 8; waiting >= 5; waiting -= 5) text += digits[bits >> (waiting - 5) & 31];
  }
  return text;
}

}  // namespace

std::string nsec3_hash(std::string_view name, std::string_view salt, unsigned iterations) {
  std::string hash = wire_form(name);
  if (hash.empty()) return {};
  for (unsigned i = 0; i <= iterations; ++i) hash = sha1(hash.append(salt));
  return base32hex(hash);
}

}  // namespace mtasts
