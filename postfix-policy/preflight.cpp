#include "postfix-policy/preflight.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <vector>

#include "cache/file_check.hpp"
#include "cache/folder.hpp"
#include "resolver/network.hpp"
#include "service/account.hpp"
#include "service/listener.hpp"

namespace mtasts {
namespace {

struct Problems {
  std::string lines;
  void add(const Result<void>& checked) {
    if (!checked) lines += (lines.empty() ? "" : "\n") + checked.error().detail;
  }
  Result<void> result() && {
    if (lines.empty()) return {};
    return fail(Fault::config, std::move(lines));
  }
};

std::string parent_of(const std::string& path) {
  return std::filesystem::path(path).lexically_normal().parent_path().string();
}

bool is_member(gid_t group) {
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  return group == ::getegid() || std::ranges::find(groups, group) != groups.end();
}

Result<void> check_group(const std::string& name, bool root) {
  if (name.empty()) return {};
  auto group = group_id(name);
  if (!group) return std::unexpected(std::move(group.error()));
  if (root || is_member(*group)) return {};
  return fail(Fault::config, "[listen] socket_group: this user is not a member of \"" + name +
                                 "\", so it can't give its sockets to that group; add the user to the group");
}

// A default socket that can't be bound is only a warning, so it is not checked.
Result<void> check_sockets(const ListenConfig& listen) {
  if (!listen.socketmap_configured) return {};
  Problems problems;
  for (const Endpoint& endpoint : listen.socketmap) problems.add(Listening::check(endpoint));
  return std::move(problems).result();
}

// The nearest parent folder that exists.
std::string existing_parent(std::string path) {
  struct stat info{};
  do path = parent_of(path);
  while (!path.empty() && path != "/" && ::stat(path.c_str(), &info) != 0);
  return path.empty() ? "." : path;
}

Result<void> check_missing_folder(const std::string& folder) {
  std::string parent = existing_parent(folder);
  if (::eaccess(parent.c_str(), W_OK | X_OK) == 0) return {};
  return fail(Fault::config, "[cache] path: " + folder + " can't be created in " + parent + " (" +
                                 std::strerror(errno) +
                                 "); create it, owned by the user that mtastsd runs as");
}

Result<void> check_owner(const std::string& folder, uid_t owner, const Account& account) {
  if (owner == 0 || owner == account.uid) return {};
  return fail(Fault::config, "[cache] path: " + folder + " belongs neither to root nor to \"" + account.name +
                                 "\", the [listen] user; give it to that user (chown -R)");
}

Result<void> check_folder(const std::string& folder, const std::optional<Account>& account) {
  struct stat info{};
  bool found = ::stat(folder.c_str(), &info) == 0;
  if (!found && (errno == ENOENT || errno == ENOTDIR)) return check_missing_folder(folder);
  if (found && !S_ISDIR(info.st_mode))
    return fail(Fault::config, "[cache] path: " + folder + " is not a folder; name one");
  bool has_cache = ::access(cache::data_file(folder).c_str(), F_OK) == 0;
  if (has_cache && cache::is_mounted_read_only(folder))
    return {};  // mtastsd serves from it, and `status` reports it
  if (found && account) return check_owner(folder, info.st_uid, *account);
  cache::OwnerIdentity owner(folder);
  return cache::check_writable(folder);
}

}  // namespace

Result<void> check_cache_format(const std::string& folder) try {
  auto why = cache::refusal(cache::check_file(cache::data_file(folder)));
  if (why.empty()) return {};
  return fail(Fault::storage, "[cache] path: " + folder + ": data.mdb: " + why);
} catch (const cache::LmdbFailure&) {  // it can't be read, so its format is unknown
  return {};
}

Result<void> check_start(const Config& config, bool root, const MakeNetwork& make_network) {
  Problems problems;
  auto account = account_to_become(config.listen);
  if (!account) problems.add(std::unexpected(account.error()));
  problems.add(check_group(config.listen.socket_group, root));
  problems.add(check_sockets(config.listen));
  problems.add(check_folder(config.cache.path, account ? *account : std::nullopt));
  problems.add(make_network(config));
  return std::move(problems).result();
}

Result<void> try_network(const Config& config) {
  boost::asio::io_context loop;
  auto dns = make_unbound_dns(loop, first_options(config.dns, system_resolvers()));
  if (!dns) return std::unexpected(std::move(dns.error()));
  auto fetch = make_https_fetch(loop, https_options(config.https));
  if (!fetch) return std::unexpected(std::move(fetch.error()));
  return {};
}

}  // namespace mtasts
