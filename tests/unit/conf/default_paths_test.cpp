// Where the cache and the control socket lie by default, as mtastsd(8) says under ENVIRONMENT.
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>

#include "conf/parse.hpp"

namespace mtasts {
namespace {

// Sets a variable for one scope.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before, had_ = true;
    if (value == nullptr)
      unsetenv(name);
    else
      setenv(name, value, 1);
  }
  ~Environment() {
    if (had_)
      setenv(name_, before_.c_str(), 1);
    else
      unsetenv(name_);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
  std::string before_;
  bool had_ = false;
};

bool writable(const char* folder) { return access(folder, W_OK) == 0; }

}  // namespace

TEST_CASE("Default paths: systemd's folders come first", "[conf]") {
  Environment state("STATE_DIRECTORY", "/srv/state:/srv/other");
  Environment run("RUNTIME_DIRECTORY", "/srv/run");
  CHECK(default_paths().state == "/srv/state");
  CHECK(default_paths().control == "/srv/run/control.sock");
}

TEST_CASE("Default paths: then the system's, if this user can write there, else the user's", "[conf]") {
  Environment state("STATE_DIRECTORY", nullptr), run("RUNTIME_DIRECTORY", nullptr);
  Environment xdg("XDG_STATE_HOME", "/home/u/state"), xdg_run("XDG_RUNTIME_DIR", "/run/user/7");
  auto paths = default_paths();
  if (writable("/var/lib"))
    CHECK(paths.state == "/var/lib/mtastsd");
  else if (!writable("/var/lib/mtastsd"))
    CHECK(paths.state == "/home/u/state/mtastsd");
  if (writable("/run"))
    CHECK(paths.control == "/run/mtastsd/control.sock");
  else if (!writable("/run/mtastsd"))
    CHECK(paths.control == "/run/user/7/mtastsd/control.sock");
}

TEST_CASE("Default paths: relative folders in the environment are ignored", "[conf]") {
  Environment state("STATE_DIRECTORY", "state"), run("RUNTIME_DIRECTORY", "");
  Environment xdg("XDG_STATE_HOME", "state"), home("HOME", "/home/u"), xdg_run("XDG_RUNTIME_DIR", nullptr);
  auto paths = default_paths();
  CHECK(paths.state.starts_with('/'));
  CHECK(paths.control.starts_with('/'));
  if (!writable("/var/lib") && !writable("/var/lib/mtastsd"))
    CHECK(paths.state == "/home/u/.local/state/mtastsd");
}

}  // namespace mtasts
