// Implements class Listening of listener.hpp: system calls only, no event loop.
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "service/listener.hpp"
#include "sys/socket_address.hpp"

namespace mtasts {
namespace {

// As long as the kernel allows: if the backlog is full, connecting fails with EAGAIN, and Postfix defers the
// mail.
constexpr int backlog = SOMAXCONN;

std::string remedy(const Endpoint& endpoint, int error) {
  bool is_unix = endpoint.kind == Endpoint::Kind::unix_path;
  std::string folder = std::filesystem::path(endpoint.path).parent_path().string();
  switch (error) {
    case ENOENT: return is_unix ? "make the folder first: install -d -m 0755 " + folder : "";
    case EACCES: return is_unix ? "give this user write permission on " + folder : "use a port above 1023";
    case EADDRINUSE: return "another program listens there: stop it, or configure another address";
    case EADDRNOTAVAIL: return "no interface of this host has that address";
    default: return "";
  }
}

std::unexpected<Error> bind_error(const Endpoint& endpoint, std::string_view step, int error) {
  std::string detail =
      "can't listen on " + to_string(endpoint) + ": " + std::string(step) + ": " + std::strerror(error);
  std::string cure = remedy(endpoint, error);
  if (!cure.empty()) detail += "; " + cure;
  return fail(Fault::config, std::move(detail));
}

// Removes a unix socket that outlived its daemon, so that nobody accepts there. Anything but a socket is left
// alone.
bool remove_abandoned(const SocketAddress& address, const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return false;
  bool refused = ::connect(probe.get(), address.get(), address.size) != 0 && errno == ECONNREFUSED;
  return refused && ::unlink(path.c_str()) == 0;
}

int change_rights(const std::string& path, unsigned mode, std::optional<gid_t> group) {
  if (group && ::chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0) return errno;
  return ::chmod(path.c_str(), mode) == 0 ? 0 : errno;
}

std::unexpected<Error> too_long(const Endpoint& endpoint) {
  return fail(Fault::config, "can't listen on " + to_string(endpoint) + ": the path is longer than " +
                                 std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                                 " bytes; use a shorter one");
}

Result<void> check_unix(const Endpoint& endpoint) {
  if (!fits_socket_address(endpoint)) return too_long(endpoint);
  struct stat info{};
  if (::lstat(endpoint.path.c_str(), &info) == 0) {
    if (S_ISSOCK(info.st_mode)) return {};  // ours, or an abandoned one, which bind() replaces
    return bind_error(endpoint, "bind", EADDRINUSE);
  }
  std::string folder = std::filesystem::path(endpoint.path).parent_path().string();
  if (::eaccess(folder.c_str(), W_OK | X_OK) == 0) return {};
  return bind_error(endpoint, "bind", errno);
}

void set_options(const Fd& socket, const SocketAddress& address) noexcept {
  int on = 1;
  if (address.family() != AF_UNIX) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.family() == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
}

// Binds for a moment without listening, so nobody can connect meanwhile.
Result<void> check_inet(const Endpoint& endpoint) {
  SocketAddress address = socket_address(endpoint);
  Fd probe(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!probe) return bind_error(endpoint, "socket", errno);
  set_options(probe, address);
  int error = ::bind(probe.get(), address.get(), address.size) == 0 ? 0 : errno;
  if (error == 0 || error == EADDRINUSE) return {};  // in use: most likely by the running mtastsd
  return bind_error(endpoint, "bind", error);
}

std::uint64_t inode_of(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

}  // namespace

Result<gid_t> group_id(const std::string& name) {
  std::array<char, 64 * 1024> buffer;  // room for a group with many members
  struct group entry{}, *found = nullptr;
  int error = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found != nullptr) return found->gr_gid;
  return fail(Fault::config, "[listen] socket_group: there is no group \"" + name + "\"" +
                                 (error == 0 ? "" : std::string(" (") + std::strerror(error) + ")") +
                                 "; make it (addgroup --system " + name + "), or name another");
}

Listening::Listening(Fd socket, Endpoint endpoint)
    : socket_(std::move(socket)), endpoint_(std::move(endpoint)) {}

Listening::Listening(Listening&& other) noexcept
    : socket_(std::move(other.socket_)),
      endpoint_(std::move(other.endpoint_)),
      inode_(std::exchange(other.inode_, 0)) {}

Listening::~Listening() {
  if (inode_ != 0 && inode_of(endpoint_.path) == inode_) ::unlink(endpoint_.path.c_str());
}

bool Listening::reachable() const noexcept { return inode_ == 0 || inode_of(endpoint_.path) == inode_; }

Result<void> Listening::set_rights(unsigned mode, const std::string& group) {
  if (endpoint_.kind != Endpoint::Kind::unix_path) return {};
  std::optional<gid_t> id;
  if (!group.empty()) {
    auto found = group_id(group);
    if (!found) return std::unexpected(std::move(found.error()));
    id = *found;
  }
  int error = change_rights(endpoint_.path, mode, id);
  if (error == EPERM)
    return fail(Fault::config, "can't set the rights of " + to_string(endpoint_) +
                                   ": [listen] socket_group or socket_mode: Operation not permitted; is this "
                                   "user a member of that group?");
  if (error != 0) return bind_error(endpoint_, "set [listen] socket_group or socket_mode", error);
  return {};
}

// Works on a descriptor, so that nobody can make root change another file. On a failure root keeps the
// socket, and the next start replaces it.
void Listening::give_to(uid_t user, gid_t group) noexcept {
  if (endpoint_.kind != Endpoint::Kind::unix_path) return;
  Fd file(::open(endpoint_.path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return;
  struct stat info{};
  bool ours = ::fstat(file.get(), &info) == 0 && S_ISSOCK(info.st_mode) && info.st_ino == inode_;
  [[maybe_unused]] int given = ours ? ::fchownat(file.get(), "", user, group, AT_EMPTY_PATH) : -1;
}

Result<void> Listening::check(const Endpoint& endpoint) {
  return endpoint.kind == Endpoint::Kind::unix_path ? check_unix(endpoint) : check_inet(endpoint);
}

Result<Listening> Listening::bind(const Endpoint& endpoint, unsigned mode, const std::string& group) {
  bool is_unix = endpoint.kind == Endpoint::Kind::unix_path;
  if (is_unix && !fits_socket_address(endpoint)) return too_long(endpoint);
  SocketAddress address = socket_address(endpoint);
  Listening made(Fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)), endpoint);
  if (!made.socket_) return bind_error(endpoint, "socket", errno);
  set_options(made.socket_, address);
  if (::bind(made.socket_.get(), address.get(), address.size) != 0) {
    bool again = is_unix && errno == EADDRINUSE && remove_abandoned(address, endpoint.path);
    if (!again) return bind_error(endpoint, "bind", errno == 0 ? EADDRINUSE : errno);
    if (::bind(made.socket_.get(), address.get(), address.size) != 0)
      return bind_error(endpoint, "bind", errno);
  }
  if (is_unix) {
    made.inode_ = inode_of(endpoint.path);
    if (auto set = made.set_rights(mode, group); !set) return std::unexpected(std::move(set.error()));
  }
  if (::listen(made.socket_.get(), backlog) != 0) return bind_error(endpoint, "listen", errno);
  return made;
}

}  // namespace mtasts
