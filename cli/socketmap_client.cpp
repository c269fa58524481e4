#include "cli/socketmap_client.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "conf/values.hpp"
#include "core/netstring.hpp"

namespace mtasts {
namespace {

constexpr std::size_t max_reply_size = 100'000;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

template <class T>
SocketAddress address_from(const T& specific) noexcept {
  SocketAddress address;
  std::memcpy(&address.storage, &specific, sizeof specific);
  address.size = sizeof specific;
  return address;
}

// The path of a unix endpoint is at most 107 octets (conf/values.hpp), so it fits with its NUL.
SocketAddress socket_address(const Endpoint& endpoint) noexcept {
  if (endpoint.kind == Endpoint::Kind::unix_path) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    endpoint.path.copy(local.sun_path, sizeof local.sun_path - 1);
    return address_from(local);
  }
  if (endpoint.address.v6) {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(endpoint.port);
    std::memcpy(&six.sin6_addr, endpoint.address.octets.data(), sizeof six.sin6_addr);
    return address_from(six);
  }
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(endpoint.port);
  std::memcpy(&four.sin_addr, endpoint.address.octets.data(), sizeof four.sin_addr);
  return address_from(four);
}

// Waits until the descriptor is ready for events. False: the deadline has passed.
bool wait_for(int descriptor, short events, SocketmapClient::Deadline deadline) noexcept {
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{descriptor, events, 0};
    int count = poll(&ready, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (count > 0) return true;
    if (count == 0 || errno != EINTR) return false;
  }
}

// 0, or the errno that says why there is no connection.
int finish_connecting(int descriptor, const SocketAddress& address,
                      SocketmapClient::Deadline deadline) noexcept {
  if (::connect(descriptor, address.get(), address.size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_for(descriptor, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

SocketmapClient::SocketmapClient(SocketmapClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), name_(std::move(other.name_)) {}

SocketmapClient::~SocketmapClient() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<SocketmapClient> SocketmapClient::connect(const std::vector<Endpoint>& endpoints, Deadline deadline) {
  std::string tried;
  for (const Endpoint& endpoint : endpoints) {
    auto address = socket_address(endpoint);
    SocketmapClient client(socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                           to_string(endpoint));
    int error = client.descriptor_ < 0 ? errno : finish_connecting(client.descriptor_, address, deadline);
    if (error == 0) return client;
    tried += fmt::format("{}{} ({})", tried.empty() ? "" : ", ", client.name_, std::strerror(error));
  }
  return fail(Fault::network, fmt::format("mtastsd can't be reached at {}", tried));
}

Result<std::string> SocketmapClient::ask(std::string_view map, std::string_view key, Deadline deadline) {
  std::string request;
  append_netstring(request, fmt::format("{} {}", map, key));
  for (std::string_view rest = request; !rest.empty();) {
    if (!wait_for(descriptor_, POLLOUT, deadline))
      return fail(Fault::timeout, fmt::format("no answer from {} in time", name_));
    auto sent = send(descriptor_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent > 0)
      rest.remove_prefix(static_cast<std::size_t>(sent));
    else if (sent < 0 && errno != EINTR && errno != EAGAIN)
      return fail(Fault::network, fmt::format("asking {} failed: {}", name_, std::strerror(errno)));
  }
  return receive(deadline);
}

Result<std::string> SocketmapClient::receive(Deadline deadline) {
  std::string input;
  std::array<char, 16 * 1024> part;
  for (;;) {
    Frame frame = next_frame(input, max_reply_size);
    if (frame.state == Frame::State::whole && frame.used == input.size()) return std::string(frame.payload);
    if (frame.state != Frame::State::partial)
      return fail(Fault::protocol, fmt::format("what listens at {} does not speak socketmap", name_));
    if (!wait_for(descriptor_, POLLIN, deadline))
      return fail(Fault::timeout, fmt::format("no answer from {} in time", name_));
    auto count = recv(descriptor_, part.data(), part.size(), 0);
    if (count == 0)
      return fail(Fault::network, fmt::format("{} closed the connection without an answer", name_));
    if (count > 0)
      input.append(part.data(), static_cast<std::size_t>(count));
    else if (count < 0 && errno != EINTR && errno != EAGAIN)
      return fail(Fault::network, fmt::format("reading from {} failed: {}", name_, std::strerror(errno)));
  }
}

}  // namespace mtasts
