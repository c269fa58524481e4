#include "service/config_file.hpp"

#include <openssl/evp.h>

#include <array>

#include "sys/small_file.hpp"

namespace mtasts {

std::string sha256_hex(std::string_view octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(octets.data(), octets.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) return {};
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += {digits[digest[i] >> 4], digits[digest[i] & 15]};
  return text;
}

std::optional<std::string> digest_now(const ConfigFile& file) {
  constexpr std::size_t most = 2 << 20;  // loading refuses a larger file anyway
  auto text = read_file(file.path, most);
  if (!text) return std::nullopt;
  return sha256_hex(*text);
}

}  // namespace mtasts
