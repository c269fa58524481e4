#include "cache/folder.hpp"
#include "sys/small_file.hpp"

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
#include <thread>

namespace mtasts::cache {
namespace {

constexpr std::size_t lock_text_size = 256;
constexpr std::string_view in_order = "stopped ", wants_check = "check", is_open = "open";

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

// "as OWNER or root"
std::string as_owner(const std::string& owner) {
  return owner == "root" ? "as root" : "as " + owner + " or root";
}

// "…: Permission denied; the folder belongs to OWNER, …"
std::unexpected<Error> system_error(std::string_view folder, std::string_view doing, int error) {
  auto failure = storage_error(folder, doing, error);
  struct stat info{};
  if ((error == EACCES || error == EPERM) && ::stat(std::string(folder).c_str(), &info) == 0) {
    auto owner = user_name(info.st_uid);
    failure.detail += "; the folder belongs to " + owner + " and this program runs as " +
                      user_name(geteuid()) + ": run it " + as_owner(owner) + ", or set another [cache] path";
  }
  return std::unexpected(std::move(failure));
}

Result<std::string> read_small(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return std::string();
  return read_to_end(fd, 4096).value_or("");
}

std::string utc_stamp(Time now) {
  auto seconds = static_cast<std::time_t>(now.time_since_epoch().count());
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts)};
}

// "SIZE SECONDS.NANOSECONDS" of data.mdb. While this text stays the same, the file is unchanged.
std::string state_of(const std::string& folder) {
  struct stat info{};
  if (::stat(data_file(folder).c_str(), &info) != 0) return "none";
  return std::to_string(info.st_size) + " " + std::to_string(info.st_mtim.tv_sec) + "." +
         std::to_string(info.st_mtim.tv_nsec);
}

// " TRANSACTION CHECKSUM" of the meta pages of data.mdb; empty if they are not sound.
std::string metas_of(const std::string& folder) try {
  PageFile file(data_file(folder));
  auto metas = read_metas(file);
  if (!metas || !metas->sound) return {};
  return " " + std::to_string(metas->best.txn) + " " + std::to_string(metas->checksum);
} catch (const LmdbFailure&) {
  return {};
}

// The lines of daemon.lock: process, "lock DEVICE INODE", how it stopped.
struct LockText {
  std::string process, lock_file, last;
};
LockText parse_lock(std::string_view text) {
  LockText lines;
  for (std::string* line : {&lines.process, &lines.lock_file, &lines.last}) {
    auto end = std::min(text.find('\n'), text.size());
    *line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  lines.process.resize(std::min(lines.process.find_first_not_of("0123456789"), lines.process.size()));
  return lines;
}

std::optional<FileIdentity> parse_identity(std::string_view line) {
  constexpr std::string_view word = "lock ";
  if (!line.starts_with(word)) return std::nullopt;
  FileIdentity identity;
  const char* end = line.data() + line.size();
  auto device = std::from_chars(line.data() + word.size(), end, identity.device);
  if (device.ec != std::errc() || device.ptr == end) return std::nullopt;
  auto inode = std::from_chars(device.ptr + 1, end, identity.inode);
  return inode.ec == std::errc() ? std::optional(identity) : std::nullopt;
}

// Reads "TRANSACTION CHECKSUM" of the meta pages. Empty if they are missing: an older mtastsd did not note
// them.
LastWriter parse_last(std::string_view text) noexcept {
  LastWriter last;
  std::uint32_t checksum = 0;
  const char* end = text.data() + text.size();
  auto txn = std::from_chars(text.data(), end, last.txn);
  if (txn.ec != std::errc() || txn.ptr == end || *txn.ptr != ' ') return {};
  if (std::from_chars(txn.ptr + 1, end, checksum).ec != std::errc()) return {};
  last.checksum = checksum;
  return last;
}

// Whether nobody writes: those who hold the lock only read.
bool is_held_by_readers(int fd) noexcept {
  bool shared = ::flock(fd, LOCK_SH | LOCK_NB) == 0;
  if (shared) ::flock(fd, LOCK_UN);
  return shared;
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
  if (seteuid(0) != 0 || setegid(getgid()) != 0)
    std::abort();  // it is not safe to go on with mixed identities
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
  if (::stat(folder.c_str(), &info) != 0) return system_error(folder, "check the folder", errno);
  if (!S_ISDIR(info.st_mode)) return refuse(folder, "is not a folder; set [cache] path to one");
  return {};
}

bool is_mounted_read_only(const std::string& folder) noexcept {
  return ::eaccess(folder.c_str(), W_OK) != 0 && errno == EROFS;
}

Result<void> check_writable(const std::string& folder) {
  if (::eaccess(folder.c_str(), R_OK | W_OK | X_OK) != 0)
    return system_error(folder, "write to the folder", errno);
  struct stat info{};
  if (::stat(data_file(folder).c_str(), &info) == 0 && info.st_uid != geteuid()) {
    auto owner = user_name(info.st_uid);
    return refuse(folder, "data.mdb belongs to " + owner + " and this program runs as " +
                              user_name(geteuid()) + ": run it " + as_owner(owner) +
                              ", or set another [cache] path");
  }
  return {};
}

Result<void> check_readable(const std::string& folder, bool no_lock_needed) {
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0) {
    if (errno != ENOENT) return system_error(folder, "check the folder", errno);
    return refuse(folder,
                  "there is no such folder; start mtastsd first, or name the right one in [cache] path");
  }
  for (const auto& file : {data_file(folder), lock_file(folder)})
    if (::stat(file.c_str(), &info) != 0) {
      // lock.mdb may be a link into memory whose target a reboot has removed.
      bool link = file == lock_file(folder) && ::lstat(file.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
      if (link && no_lock_needed) continue;
      if (link)
        return refuse(
            folder,
            "lock.mdb links into a memory file system that is not visible here; run this where mtastsd "
            "runs (in its container or mount namespace)");
      if (errno != ENOENT) return system_error(folder, "check " + file, errno);
      return refuse(
          folder, file +
                      " is missing: mtastsd has not made a cache here yet; start it first, or name the right "
                      "folder in [cache] path");
    }
  if (::eaccess(data_file(folder).c_str(), R_OK) != 0) return system_error(folder, "read data.mdb", errno);
  // LMDB's readers enter themselves in the lock file (LMDB-13).
  if (::eaccess(lock_file(folder).c_str(), R_OK | W_OK) != 0 && !(errno == ENOENT && no_lock_needed))
    return system_error(folder, "write lock.mdb", errno);
  return {};
}

std::optional<FileIdentity> identity_of(const std::string& path) noexcept {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return FileIdentity{info.st_dev, info.st_ino};
}

Result<WriterLock> WriterLock::take(const std::string& folder) {
  auto path = child(folder, "daemon.lock");
  WriterLock lock;
  lock.folder_ = folder;
  lock.fd_ = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, data_mode));
  bool read_only = !lock.fd_ && errno == EROFS;
  if (read_only) lock.fd_ = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (read_only && !lock.fd_ && errno == ENOENT) return lock;  // nobody else can make it either
  if (!lock.fd_) return system_error(folder, "open daemon.lock", errno);
  for (int tries = 0; ::flock(lock.fd_.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (errno != EWOULDBLOCK) return system_error(folder, "lock daemon.lock", errno);
    // Only the lock tells whether somebody writes: the process id in the file may be outdated.
    if (!is_held_by_readers(lock.fd_.get())) {
      auto process = parse_lock(read_small(path).value_or("")).process;
      return refuse(folder,
                    "another mtastsd" + (process.empty() ? "" : " (process " + process + ")") +
                        " has this cache open for writing; stop it first, or give this one another [cache] "
                        "path");
    }
    if (tries == 100)
      return refuse(
          folder,
          "another program (mtastsctl?) has been reading this cache for 5 seconds and keeps it from being "
          "opened for writing; end that program");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  auto text = parse_lock(read_small(path).value_or(""));
  lock.lock_line_ = text.lock_file;
  if (text.last == wants_check)
    lock.left_ = Left::wants_check;
  else if (text.last == is_open)
    lock.left_ = Left::unclean;
  else if (text.last.starts_with(in_order))
    lock.left_ = Left::in_order;
  auto state = std::string(in_order) + state_of(folder) + ' ';
  auto last = text.last + ' ';
  lock.unchanged_ = last.starts_with(state);
  if (lock.unchanged_) lock.last_ = parse_last(std::string_view(last).substr(state.size()));
  lock.last_.meta_in_doubt = lock.left_ == Left::wants_check;
  return lock;
}

// Overwrites the file in place, always with the same size: that works on a full disk too.
int WriterLock::write(std::string_view last_line) noexcept {
  auto text = std::to_string(getpid()) + "\n" + lock_line_ + "\n" + std::string(last_line) + "\n";
  text.resize(lock_text_size, '\n');
  auto written = ::pwrite(fd_.get(), text.data(), text.size(), 0);
  return written == static_cast<ssize_t>(text.size()) ? 0 : written < 0 ? errno : ENOSPC;
}

int WriterLock::opened(std::optional<FileIdentity> lock_file) noexcept {
  lock_line_ = lock_file
                   ? "lock " + std::to_string(lock_file->device) + " " + std::to_string(lock_file->inode)
                   : std::string();
  int rc = write(is_open);
  // Without this, a power cut could bring back the text of the last writer: that it stopped in order.
  return rc != 0 ? rc : ::fdatasync(fd_.get()) == 0 ? 0 : errno;
}

void WriterLock::demand_check() noexcept { write(wants_check); }

void WriterLock::stopped_in_order() noexcept {
  write(std::string(in_order) + state_of(folder_) + metas_of(folder_));
}

WriterSeen find_writer(const std::string& folder) {
  WriterSeen seen;
  auto path = child(folder, "daemon.lock");
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return seen;
  if (::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) {
    seen.hold = std::move(fd);
    return seen;
  }
  seen.writes = errno == EWOULDBLOCK;
  seen.lock_file = parse_identity(parse_lock(read_small(path).value_or("")).lock_file);
  return seen;
}

Result<std::string> replace_data(const std::string& folder, const std::string& new_file, Time now) {
  auto data = data_file(folder), base = data + ".bad-" + utc_stamp(now);
  auto target = base;
  // link() never replaces a file: an earlier one with this name stays as it is.
  for (int n = 2; ::link(data.c_str(), target.c_str()) != 0; ++n) {
    if (errno != EEXIST || n > 100) return system_error(folder, "keep the damaged data.mdb", errno);
    target = base + "-" + std::to_string(n);
  }
  if (::chmod(new_file.c_str(), data_mode) != 0 || ::rename(new_file.c_str(), data.c_str()) != 0)
    return system_error(folder, "put the salvaged data.mdb in its place", errno);
  Fd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) ::fsync(directory.get());  // otherwise a power cut could bring the damaged file back
  return target;
}

}  // namespace mtasts::cache
