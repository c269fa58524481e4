#include "cli/new_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/finding.hpp"

namespace mtasts {
namespace {

std::unexpected<Error> not_written(const std::string& path, std::string_view why) {
  return fail(Fault::config,
              fmt::format("{} cannot be written: {}; name another file", printable(path, 300), why));
}

// Returns 0 or errno.
int write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    auto count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno != EINTR) return errno;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::fsync(descriptor) == 0 ? 0 : errno;
}

// The new file beside the old one.
struct Beside {
  std::string path;
  int descriptor;  // the caller closes it
  bool there;      // there is an old file
};

Result<Beside> open_beside(const std::string& path) {
  struct stat status{};
  bool there = ::lstat(path.c_str(), &status) == 0;
  if (there && !S_ISREG(status.st_mode)) return not_written(path, "it exists and is not a regular file");
  std::string beside = path + ".XXXXXX";
  int descriptor = ::mkstemp(beside.data());  // mode 0600
  if (descriptor < 0) return not_written(path, std::strerror(errno));
  return Beside{std::move(beside), descriptor, there};
}

}  // namespace

Result<bool> write_new_file(const std::string& path, std::string_view text) {
  auto beside = open_beside(path);
  if (!beside) return std::unexpected(std::move(beside.error()));
  int error = write_all(beside->descriptor, text);
  if (::close(beside->descriptor) != 0 && error == 0) error = errno;
  if (error == 0 && std::rename(beside->path.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return beside->there;
  ::unlink(beside->path.c_str());
  return not_written(path, std::strerror(error));
}

Result<void> try_new_file(const std::string& path) {
  auto beside = open_beside(path);
  if (!beside) return std::unexpected(std::move(beside.error()));
  ::close(beside->descriptor);
  ::unlink(beside->path.c_str());
  return {};
}

}  // namespace mtasts
