// socketmap_server - a socketmap for many connections, whose answers a function of the test gives.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/endpoint.hpp"
#include "core/netstring.hpp"
#include "sys/socket_address.hpp"

namespace mtasts::test {

class SocketmapServer {
 public:
  // The octets to send for a request; nullopt: none, and the connection stays open; "": it is closed.
  using Answer = std::function<std::optional<std::string>(const std::string& request)>;

  SocketmapServer(const std::string& path, Answer answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ::unlink(path.c_str());
    SocketAddress address = socket_address(unix_endpoint(path));
    if (::bind(listener_, address.get(), address.size) != 0 || ::listen(listener_, 64) != 0)
      throw std::runtime_error("no socket");
    thread_ = std::thread([this] { accept_all(); });
  }
  ~SocketmapServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close_all();
    for (std::thread& each : threads_) each.join();
    ::close(listener_);
  }
  SocketmapServer(const SocketmapServer&) = delete;
  SocketmapServer& operator=(const SocketmapServer&) = delete;

  std::size_t connections() const { return connections_.load(); }
  std::vector<std::string> requests() const {
    std::scoped_lock hold(mutex_);
    return requests_;
  }
  // As mtastsd does with connections that were silent for long.
  void close_all() {
    std::scoped_lock hold(mutex_);
    for (int client : clients_) ::shutdown(client, SHUT_RDWR);
  }

 private:
  void accept_all() {
    for (int client; (client = ::accept(listener_, nullptr, nullptr)) >= 0;) {
      std::scoped_lock hold(mutex_);
      clients_.push_back(client);
      ++connections_;
      threads_.emplace_back([this, client] { serve(client); });
    }
  }

  void serve(int client) {
    std::string input;
    char part[4096];
    for (ssize_t count; (count = ::recv(client, part, sizeof part, 0)) > 0;) {
      input.append(part, static_cast<std::size_t>(count));
      Frame frame = next_frame(input, 10'000);
      if (frame.state != Frame::State::whole) continue;
      std::string request(frame.payload);
      input.erase(0, frame.used);
      {
        std::scoped_lock hold(mutex_);
        requests_.push_back(request);
      }
      auto reply = answer_(request);
      if (!reply) continue;
      if (reply->empty() || ::send(client, reply->data(), reply->size(), MSG_NOSIGNAL) < 0) break;
    }
    std::scoped_lock hold(mutex_);
    std::erase(clients_, client);
    ::close(client);
  }

  Answer answer_;
  int listener_;
  mutable std::mutex mutex_;
  std::vector<int> clients_;
  std::vector<std::string> requests_;
  std::vector<std::thread> threads_;
  std::atomic<std::size_t> connections_{0};
  std::thread thread_;
};

inline std::string framed(std::string_view payload) {
  std::string out;
  append_netstring(out, payload);
  return out;
}

}  // namespace mtasts::test
