#include "cache/folder.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <vector>

namespace mtasts::cache {
namespace {

constexpr std::chrono::minutes unclean_window{10};

std::string child(std::string_view folder, std::string_view name) {
  return std::string(folder).append("/").append(name);
}

std::string user_name(uid_t uid) {
  std::array<char, 4096> buffer;
  passwd entry{}, *found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return entry.pw_name;
  return "user " + std::to_string(uid);
}

std::unexpected<Error> refuse(std::string_view folder, std::string why) {
  return fail(Fault::storage, std::string("cache ").append(folder).append(": ").append(why));
}

// "…: Permission denied; it belongs to NAME: …"
std::unexpected<Error> system_error(std::string_view folder, std::string_view doing, int error) {
  auto failure = storage_error(folder, doing, error);
  struct stat info{};
  if ((error == EACCES || error == EPERM) && ::stat(std::string(folder).c_str(), &info) == 0) {
    auto owner = user_name(info.st_uid);
    failure.detail += "; the folder belongs to " + owner + " and this is " + user_name(geteuid()) +
                      ": run it as " + owner + " or root, or set another [cache] path";
  }
  return std::unexpected(std::move(failure));
}

Result<std::string> read_small(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return std::string();
  std::string text(4096, '\0');
  auto size = ::read(fd.get(), text.data(), text.size());
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

bool write_small(const std::string& path, std::string_view text) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, data_mode));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string utc_stamp(Time now) {
  auto seconds = static_cast<std::time_t>(now.time_since_epoch().count());
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts)};
}

// The times in the marker that are within the window before now.
std::vector<std::int64_t> recent_times(std::string_view text, Time now) {
  std::vector<std::int64_t> times;
  auto here = now.time_since_epoch().count();
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::int64_t when = 0;
    auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), when);
    bool whole = error == std::errc() && end == line.data() + line.size();
    if (whole && when <= here && here - when <= std::chrono::seconds(unclean_window).count())
      times.push_back(when);
  }
  return times;
}

}  // namespace

std::string data_file(std::string_view folder) { return child(folder, "data.mdb"); }
std::string lock_file(std::string_view folder) { return child(folder, "lock.mdb"); }

OwnerIdentity::OwnerIdentity(const std::string& folder) noexcept {
  struct stat info{};
  if (geteuid() != 0) return;
  if (::stat(data_file(folder).c_str(), &info) != 0 && ::stat(folder.c_str(), &info) != 0) return;
  if (info.st_uid == 0) return;
  changed_ = setegid(info.st_gid) == 0 && seteuid(info.st_uid) == 0;
}

OwnerIdentity::~OwnerIdentity() {
  if (!changed_) return;
  if (seteuid(0) != 0 || setegid(getgid()) != 0) std::abort();  // going on with mixed identities helps nobody
}

Result<void> make_folder(const std::string& folder) {
  if (folder.empty()) return refuse("(empty path)", "set [cache] path to a folder");
  std::error_code error;
  auto parent = std::filesystem::path(folder).lexically_normal().parent_path();
  if (!parent.empty() && !std::filesystem::exists(parent, error))
    std::filesystem::create_directories(parent, error);
  if (::mkdir(folder.c_str(), folder_mode & 0777) == 0) {
    if (::chmod(folder.c_str(), folder_mode) != 0)
      return system_error(folder, "set the folder's rights", errno);
    return {};
  }
  int cause = errno;
  struct stat info{};
  if (cause != EEXIST && ::stat(folder.c_str(), &info) != 0) {
    auto failure = system_error(parent.string(), "make the folder " + folder, cause);
    return failure;
  }
  if (::stat(folder.c_str(), &info) != 0) return system_error(folder, "look at the folder", errno);
  if (!S_ISDIR(info.st_mode)) return refuse(folder, "is not a folder; set [cache] path to one");
  return {};
}

Result<void> check_writable(const std::string& folder) {
  if (::eaccess(folder.c_str(), R_OK | W_OK | X_OK) != 0)
    return system_error(folder, "write to the folder", errno);
  struct stat info{};
  if (::stat(data_file(folder).c_str(), &info) == 0 && info.st_uid != geteuid()) {
    auto owner = user_name(info.st_uid);
    return refuse(folder, "data.mdb belongs to " + owner + " and this is " + user_name(geteuid()) +
                              ": run it as " + owner + " or root, or set another [cache] path");
  }
  return {};
}

Result<void> check_readable(const std::string& folder) {
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0) {
    if (errno != ENOENT) return system_error(folder, "look at the folder", errno);
    return refuse(folder,
                  "there is no such folder; start mtastsd first, or name the right one in [cache] path");
  }
  for (const auto& file : {data_file(folder), lock_file(folder)})
    if (::stat(file.c_str(), &info) != 0) {
      if (errno != ENOENT) return system_error(folder, "look at " + file, errno);
      return refuse(
          folder, file +
                      " is missing: no mtastsd has made a cache here yet; start it first, or name the right "
                      "folder in [cache] path");
    }
  if (::eaccess(data_file(folder).c_str(), R_OK) != 0) return system_error(folder, "read data.mdb", errno);
  // LMDB's readers enter themselves in the lock file (LMDB-13).
  if (::eaccess(lock_file(folder).c_str(), R_OK | W_OK) != 0)
    return system_error(folder, "write lock.mdb", errno);
  return {};
}

Result<Fd> take_lock(const std::string& folder) {
  auto path = child(folder, "daemon.lock");
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, data_mode));
  if (!fd) return system_error(folder, "open daemon.lock", errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error(folder, "lock daemon.lock", errno);
    auto holder = read_small(path).value_or("");
    holder.resize(std::min(holder.find_first_not_of("0123456789"), holder.size()));
    return refuse(
        folder, "another mtastsd" + (holder.empty() ? "" : " (process " + holder + ")") +
                    " has this cache open for writing; stop it first, or give this one another [cache] path");
  }
  auto self = std::to_string(getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), self.data(), self.size(), 0) < 0)
    return system_error(folder, "write daemon.lock", errno);
  return fd;
}

Result<std::string> set_aside(const std::string& folder, Time now) {
  auto base = data_file(folder) + ".bad-" + utc_stamp(now);
  auto target = base;
  // link() never replaces a file: an earlier one with this name stays as it is.
  for (int n = 2; ::link(data_file(folder).c_str(), target.c_str()) != 0; ++n) {
    if (errno != EEXIST || n > 100) return system_error(folder, "set the damaged data.mdb aside", errno);
    target = base + "-" + std::to_string(n);
  }
  if (::unlink(lock_file(folder).c_str()) != 0 && errno != ENOENT)
    return system_error(folder, "remove lock.mdb", errno);
  if (::unlink(data_file(folder).c_str()) != 0)
    return system_error(folder, "set the damaged data.mdb aside", errno);
  return target;
}

Result<Marker> Marker::put(const std::string& folder, Time now) {
  Marker marker;
  marker.path_ = child(folder, "running");
  marker.unclean_ = ::access(marker.path_.c_str(), F_OK) == 0;
  auto before = read_small(marker.path_).value_or("");
  bool check = before.starts_with("check");
  auto times = recent_times(before, now);
  if (check) marker.unclean_ = false;
  if (marker.unclean_) times.push_back(now.time_since_epoch().count());
  marker.suspicious_ = check || times.size() >= 2;
  std::string text = check ? "check\n" : "";
  for (auto when : times) text += std::to_string(when) + "\n";
  if (!write_small(marker.path_, text))
    return system_error(folder, "write the marker file \"running\"", errno);
  return marker;
}

void Marker::clear() noexcept { write_small(path_, ""); }

void Marker::demand_check() noexcept { write_small(path_, "check\n"); }

void Marker::remove(bool damage_seen) noexcept {
  if (damage_seen)
    demand_check();
  else
    ::unlink(path_.c_str());
}

}  // namespace mtasts::cache
