#include "postfix-policy/config_file.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <memory>

namespace mtasts {
namespace {

struct Free {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new()) {
    good_ = EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
  }
  void add(std::string_view octets) {
    good_ = good_ && EVP_DigestUpdate(context_.get(), octets.data(), octets.size()) == 1;
  }
  std::string hex() && {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<unsigned char, EVP_MAX_MD_SIZE> octets{};
    unsigned size = 0;
    good_ = good_ && EVP_DigestFinal_ex(context_.get(), octets.data(), &size) == 1;
    std::string text;
    for (unsigned i = 0; good_ && i < size; ++i) text += {digits[octets[i] >> 4], digits[octets[i] & 15]};
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, Free> context_;
  bool good_ = false;
};

}  // namespace

std::string sha256_hex(std::string_view octets) {
  Digest digest;
  digest.add(octets);
  return std::move(digest).hex();
}

std::optional<std::string> digest_now(const ConfigFile& file) {
  constexpr std::size_t most = 2 << 20;  // a file that is larger is refused anyway
  std::unique_ptr<std::FILE, Free> in(std::fopen(file.path.c_str(), "rbe"));
  if (!in) return std::nullopt;
  Digest digest;
  std::array<char, 16 * 1024> part;
  std::size_t sum = 0;
  for (std::size_t size; sum < most && (size = std::fread(part.data(), 1, part.size(), in.get())) > 0;
       sum += size)
    digest.add({part.data(), size});
  if (std::ferror(in.get()) != 0) return std::nullopt;
  return std::move(digest).hex();
}

}  // namespace mtasts
