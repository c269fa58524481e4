#include "cli/installed_postfix.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "diagnose/tls_policy.hpp"
#include "sys/fd.hpp"

namespace mtasts {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// The process, whose standard output is the descriptor; 0: it could not be started.
pid_t start(const std::string& program, int output) {
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string name = "postconf", options = "-dh", parameter = "mail_version";
  std::array<char*, 4> arguments{name.data(), options.data(), parameter.data(), nullptr};
  pid_t process = 0;
  int error = ::posix_spawn(&process, program.c_str(), &files, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  return error == 0 ? process : 0;
}

// What comes until the end or the deadline; at most 64 octets.
std::string read_until(int descriptor, steady_clock::time_point deadline) {
  std::string text;
  std::array<char, 64> part{};
  while (text.size() < part.size()) {
    auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now()).count();
    pollfd waiting{descriptor, POLLIN, 0};
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) <= 0) break;
    ssize_t count = ::read(descriptor, part.data(), part.size() - text.size());
    if (count <= 0) break;
    text.append(part.data(), static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace

std::optional<std::string> installed_postfix(const std::string& postconf, milliseconds limit) {
  auto deadline = steady_clock::now() + limit;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  Fd reading(ends[0]);
  pid_t process = 0;
  {
    Fd writing(ends[1]);  // closed here, so that the end of the output is seen
    process = start(postconf, writing.get());
  }
  if (process == 0) return std::nullopt;
  std::string version = read_until(reading.get(), deadline);
  ::kill(process, SIGKILL);
  ::waitpid(process, nullptr, 0);
  version.resize(std::min(version.find('\n'), version.size()));
  return parse_postfix_version(version) ? std::optional(version) : std::nullopt;
}

}  // namespace mtasts
