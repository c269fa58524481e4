#include "service/account.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace mtasts {
namespace {

using Buffer = std::array<char, 16 * 1024>;

std::unexpected<Error> failed(const Account& account, std::string_view step) {
  return fail(Fault::config, "can't become the [listen] user \"" + account.name + "\": " + std::string(step) +
                                 ": " + std::strerror(errno));
}

}  // namespace

Result<std::optional<Account>> account_to_become(const ListenConfig& config) {
  if (config.user.empty()) return std::nullopt;
  Buffer buffer;
  passwd entry{}, *found = nullptr;
  int error = ::getpwnam_r(config.user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr && config.user_configured)
    return fail(Fault::config, "[listen] user: there is no user \"" + config.user + "\"" +
                                   (error == 0 ? "" : std::string(" (") + std::strerror(error) + ")") +
                                   "; make it (adduser --system --group " + config.user +
                                   "), or name another");
  if (found == nullptr || ::geteuid() != 0 || found->pw_uid == 0) return std::nullopt;
  return Account{config.user, found->pw_uid, found->pw_gid};
}

Result<void> become(const Account& account) {
  if (::initgroups(account.name.c_str(), account.gid) != 0) return failed(account, "initgroups");
  if (::setresgid(account.gid, account.gid, account.gid) != 0) return failed(account, "setresgid");
  if (::setresuid(account.uid, account.uid, account.uid) != 0) return failed(account, "setresuid");
  if (::setuid(0) == 0) {
    errno = EPERM;
    return failed(account, "the process could still become root again");
  }
  return {};
}

}  // namespace mtasts
