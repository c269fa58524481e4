#include "service/client/control_client.hpp"

#include <fmt/format.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/finding.hpp"
#include "sys/fd.hpp"
#include "sys/socket_address.hpp"

namespace mtasts {
namespace {

constexpr std::size_t longest_reply = 8 << 20;  // a configuration of 1 MiB, escaped as JSON
using Deadline = std::chrono::steady_clock::time_point;

std::string_view remedy(int error) noexcept {
  if (error == EACCES || error == EPERM)
    return "run it as root, or as a member of the socket's group (mtastsd)";
  if (error == ENAMETOOLONG) return "shorten [listen] control";
  return "start mtastsd (systemctl start mtastsd), or name its configuration (--config FILE)";
}

std::unexpected<Error> unreachable(const std::string& path, int error) {
  return fail(Fault::network, fmt::format("mtastsd can't be reached at {} ({}); {}", printable(path, 300),
                                          std::strerror(error), remedy(error)));
}

class Connection {
 public:
  explicit Connection(Deadline deadline)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), deadline_(deadline) {}

  // Returns 0 or errno.
  int connect(const std::string& path) {
    Endpoint endpoint = unix_endpoint(path);
    if (!socket_) return errno;
    if (!fits_socket_address(endpoint)) return ENAMETOOLONG;
    SocketAddress address = socket_address(endpoint);
    set_limits();
    return ::connect(socket_.get(), address.get(), address.size) == 0 ? 0 : errno;
  }

  int send(std::string_view text) noexcept {
    while (!text.empty()) {
      set_limits();
      auto count = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (count < 0 && errno != EINTR) return errno;
      if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
    }
    return 0;
  }

  // Reads until the end of the connection. Returns 0 or errno; EAGAIN: the time is up.
  int receive(std::string& text) {
    std::array<char, 16 * 1024> part;
    for (;;) {
      set_limits();
      auto count = ::recv(socket_.get(), part.data(), part.size(), 0);
      if (count == 0) return 0;
      if (count < 0 && errno != EINTR) return errno;
      if (count > 0) text.append(part.data(), static_cast<std::size_t>(count));
      if (text.size() > longest_reply) return EMSGSIZE;
    }
  }

 private:
  // Limits the next call to the time that is left, but at least a millisecond, because 0 means for ever.
  void set_limits() noexcept {
    auto left = std::chrono::ceil<std::chrono::microseconds>(deadline_ - std::chrono::steady_clock::now());
    auto us = std::max<std::int64_t>(left.count(), 1000);
    timeval limit{.tv_sec = us / 1'000'000, .tv_usec = us % 1'000'000};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }

  Fd socket_;
  Deadline deadline_;
};

Result<boost::json::object> as_object(const std::string& reply, const std::string& path) {
  boost::system::error_code error;
  auto value = boost::json::parse(reply, error);
  if (error || !value.is_object())
    return fail(Fault::protocol,
                fmt::format("the program at {} does not answer as mtastsd does; check that [listen] "
                            "control is mtastsd's socket",
                            printable(path, 300)));
  auto& object = value.get_object();
  const auto* trouble = object.if_contains("error");
  if (trouble == nullptr || !trouble->is_string()) return std::move(object);
  const auto& words = trouble->get_string();
  return fail(Fault::config, printable({words.data(), words.size()}, 1000));
}

}  // namespace

Result<boost::json::object> ask_daemon(const std::string& path, ControlVerb verb,
                                       std::chrono::milliseconds limit) {
  Connection connection(std::chrono::steady_clock::now() + limit);
  if (int error = connection.connect(path); error != 0) return unreachable(path, error);
  std::string reply;
  int error = connection.send(boost::json::serialize(boost::json::object{{"verb", words(verb)}}) + "\n");
  if (error == 0) error = connection.receive(reply);
  if (error == EAGAIN || error == EWOULDBLOCK)
    return fail(Fault::timeout, fmt::format("mtastsd at {} does not answer in time; its log may say why",
                                            printable(path, 300)));
  if (error != 0 && reply.empty()) return unreachable(path, error);
  return as_object(reply, path);
}

}  // namespace mtasts
