#include "cli/new_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

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

}  // namespace

Result<bool> write_new_file(const std::string& path, std::string_view text) {
  struct stat status{};
  bool there = ::lstat(path.c_str(), &status) == 0;
  if (there && !S_ISREG(status.st_mode)) return not_written(path, "it exists and is not a regular file");
  std::string beside = path + ".XXXXXX";
  int descriptor = ::mkstemp(beside.data());  // mode 0600
  if (descriptor < 0) return not_written(path, std::strerror(errno));
  int error = write_all(descriptor, text);
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error == 0 && std::rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return there;
  ::unlink(beside.c_str());
  return not_written(path, std::strerror(error));
}

}  // namespace mtasts
