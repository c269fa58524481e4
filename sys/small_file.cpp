#include "sys/small_file.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace mtasts {

std::expected<std::string, int> read_to_end(const Fd& file, std::size_t most) {
  constexpr std::size_t part = 16 * 1024;
  std::string text;
  while (text.size() < most) {
    std::size_t before = text.size();
    text.resize(before + std::min(part, most - before));
    auto count = ::read(file.get(), text.data() + before, text.size() - before);
    int error = errno;
    text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) break;
    if (count < 0 && error != EINTR) return std::unexpected(error);
  }
  return text;
}

std::expected<std::string, int> read_file(const std::string& path, std::size_t most) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::unexpected(errno);
  return read_to_end(file, most);
}

std::string text_of_file(const std::string& path) { return read_file(path, 64 * 1024).value_or(""); }

}  // namespace mtasts
