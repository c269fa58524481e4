#include "net/https/proxy_credentials.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/finding.hpp"
#include "sys/small_file.hpp"

namespace mtasts {
namespace {

constexpr std::size_t max_size = 4096;

std::unexpected<Error> refuse(const std::string& path, std::string_view why) {
  return fail(Fault::config,
              "[https] proxy_credentials_file: " + printable(path, 300) + " " + std::string(why));
}

std::unexpected<Error> unreadable(const std::string& path, int error) {
  return refuse(path, "can't be read: " + std::system_category().message(error) +
                          "; check its name, and that mtastsd's user may read it");
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::string base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');  // one more for a NUL
  int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace

Result<std::string> proxy_authorization(std::string_view text, const std::string& path) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  std::size_t colon = text.find(':');
  bool one_line = std::ranges::none_of(text, is_control);
  if (!one_line || colon == std::string_view::npos || colon == 0)
    return refuse(path, "must hold one line, user:password");
  return "Basic " + base64(text);
}

Result<std::string> read_proxy_credentials(const std::string& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // so that a FIFO can't block the start
  struct stat found{};
  if (!file || ::fstat(file.get(), &found) != 0) return unreadable(path, errno);
  if (!S_ISREG(found.st_mode)) return refuse(path, "is not a regular file");
  if ((found.st_mode & (S_IRWXO | S_IWGRP)) != 0)
    return refuse(path, "may be read or changed by others; run chmod 600 on it");
  auto text = read_to_end(file, max_size + 1);
  if (!text) return unreadable(path, text.error());
  if (text->size() > max_size) return refuse(path, "is larger than 4 KiB; is it the right one?");
  return proxy_authorization(*text, path);
}

}  // namespace mtasts
