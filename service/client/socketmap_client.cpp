#include "service/client/socketmap_client.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/netstring.hpp"
#include "sys/socket_address.hpp"

namespace mtasts {
namespace {

constexpr std::size_t max_reply_size = 100'000;

// Waits until the socket is ready for events. False if the deadline has passed.
bool wait_for(const Fd& socket, short events, SocketmapClient::Deadline deadline) noexcept {
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{socket.get(), events, 0};
    int count = poll(&ready, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (count > 0) return true;
    if (count == 0 || errno != EINTR) return false;
  }
}

// Returns 0, or the errno that says why there is no connection.
int finish_connecting(const Fd& socket, const SocketAddress& address,
                      SocketmapClient::Deadline deadline) noexcept {
  if (::connect(socket.get(), address.get(), address.size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_for(socket, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

Result<SocketmapClient> SocketmapClient::connect(const std::vector<Endpoint>& endpoints, Deadline deadline) {
  std::string tried;
  for (const Endpoint& endpoint : endpoints) {
    auto address = socket_address(endpoint);
    SocketmapClient client(Fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
                           to_string(endpoint));
    int error = client.socket_ ? finish_connecting(client.socket_, address, deadline) : errno;
    if (error == 0) return client;
    tried += fmt::format("{}{} ({})", tried.empty() ? "" : ", ", client.name_, std::strerror(error));
  }
  return fail(Fault::network, fmt::format("mtastsd can't be reached at {}", tried));
}

Result<std::string> SocketmapClient::ask(std::string_view map, std::string_view key, Deadline deadline) {
  std::string request;
  append_netstring(request, fmt::format("{} {}", map, key));
  for (std::string_view rest = request; !rest.empty();) {
    if (!wait_for(socket_, POLLOUT, deadline))
      return fail(Fault::timeout, fmt::format("no answer from {} in time", name_));
    auto sent = send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
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
      return fail(Fault::protocol, fmt::format("the program at {} does not speak socketmap", name_));
    if (!wait_for(socket_, POLLIN, deadline))
      return fail(Fault::timeout, fmt::format("no answer from {} in time", name_));
    auto count = recv(socket_.get(), part.data(), part.size(), 0);
    if (count == 0)
      return fail(Fault::network, fmt::format("{} closed the connection without an answer", name_));
    if (count > 0)
      input.append(part.data(), static_cast<std::size_t>(count));
    else if (count < 0 && errno != EINTR && errno != EAGAIN)
      return fail(Fault::network, fmt::format("reading from {} failed: {}", name_, std::strerror(errno)));
  }
}

}  // namespace mtasts
