// child - runs a function in a child process, for tests of what changes a process for good or ends it.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

namespace mtasts::test {

struct ChildEnd {
  int status = -1;     // its exit status; -1: a signal ended it
  std::string errors;  // what it wrote to standard error
};

// run: in the child; what it returns is the exit status.
template <class Run>
ChildEnd in_child(Run run) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) return {};
  pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe[1], STDERR_FILENO);
    ::close(pipe[0]);
    ::close(pipe[1]);
    ::_exit(run());
  }
  ::close(pipe[1]);
  ChildEnd end;
  std::array<char, 512> buffer{};
  for (ssize_t got = 0; (got = ::read(pipe[0], buffer.data(), buffer.size())) > 0;)
    end.errors.append(buffer.data(), static_cast<std::size_t>(got));
  ::close(pipe[0]);
  int status = 0;
  if (child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status))
    end.status = WEXITSTATUS(status);
  return end;
}

}  // namespace mtasts::test
