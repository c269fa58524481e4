#include "postfix-policy/privileges.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <vector>

#include "cache/folder.hpp"

namespace mtasts {
namespace {

bool is_of_the_cache(std::string_view name) noexcept {
  return name == "data.mdb" || name == "lock.mdb" || name == "daemon.lock" || name == "running" ||
         name == "data.mdb.new" || name.starts_with("data.mdb.bad-");
}

// Never follows a symbolic link, and never touches a file that has a second hard link.
void give_file(const std::string& path, const Account& account) noexcept {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink != 1) return;
  if (::lchown(path.c_str(), account.uid, account.gid) != 0) return;  // opening the cache reports it
}

}  // namespace

Result<void> give_folder(const std::string& folder, const Account& account) {
  if (auto made = cache::make_folder(folder); !made) return made;
  struct stat info{};
  bool of_root = ::lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == 0;
  if (!of_root || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return {};  // others could replace its files meanwhile
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& each : std::filesystem::directory_iterator(folder, error)) {
    if (!is_of_the_cache(each.path().filename().string())) return {};
    files.push_back(each.path().string());
  }
  if (error) return {};
  for (const std::string& file : files) give_file(file, account);
  if (::lchown(folder.c_str(), account.uid, account.gid) != 0 && errno != EROFS)
    return fail(Fault::config, "can't give the cache folder " + folder + " to the [listen] user \"" +
                                   account.name + "\": " + std::strerror(errno));
  ::chmod(folder.c_str(), cache::folder_mode);  // chown cleared the set-group-id bit
  return {};
}

}  // namespace mtasts
