#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "conf/parse.hpp"

namespace mtasts {
namespace {

// Environment variables are read before any thread starts. Relative values are ignored (XDG Base Directory
// rules).
std::string folder_from(const char* variable) {
  const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
  std::string folder = value == nullptr ? "" : value;
  folder.resize(std::min(folder.find(':'), folder.size()));  // systemd may list several; ours is the first
  return folder.starts_with('/') ? folder : std::string();
}

// Whether the folder is there and writable, or can be made because its parent is writable.
bool usable(const std::string& folder) {
  if (access(folder.c_str(), F_OK) == 0) return access(folder.c_str(), W_OK | X_OK) == 0;
  auto parent = std::filesystem::path(folder).parent_path().string();
  return access(parent.c_str(), W_OK | X_OK) == 0;
}

std::string home() {
  auto folder = folder_from("HOME");
  if (!folder.empty()) return folder;
  const passwd* entry = getpwuid(geteuid());  // NOLINT(concurrency-mt-unsafe)
  return entry != nullptr && entry->pw_dir != nullptr ? entry->pw_dir : "";
}

std::string state_folder() {
  if (auto given = folder_from("STATE_DIRECTORY"); !given.empty()) return given;
  if (usable("/var/lib/mtastsd")) return "/var/lib/mtastsd";
  if (auto state = folder_from("XDG_STATE_HOME"); !state.empty()) return state + "/mtastsd";
  return home() + "/.local/state/mtastsd";
}

std::string control_socket(const std::string& state) {
  if (auto given = folder_from("RUNTIME_DIRECTORY"); !given.empty()) return given + "/control.sock";
  if (usable("/run/mtastsd")) return "/run/mtastsd/control.sock";
  if (auto run = folder_from("XDG_RUNTIME_DIR"); !run.empty()) return run + "/mtastsd/control.sock";
  return state + "/control.sock";
}

}  // namespace

DefaultPaths default_paths() {
  auto state = state_folder();
  return {state, control_socket(state)};
}

}  // namespace mtasts
