// fake_daemon - a control socket that says what it is told to say.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace mtasts::test {

// Takes one connection, reads a line, sends the reply as it stands there, and closes.
class FakeDaemon {
 public:
  FakeDaemon(const std::string& path, std::string reply)
      : reply_(std::move(reply)), listener_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_, 1) != 0)
      throw std::runtime_error("no socket");
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeDaemon() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  std::string request;  // once the client is done

 private:
  void serve() {
    int client = accept(listener_, nullptr, nullptr);
    if (client < 0) return;
    char c = 0;
    while (recv(client, &c, 1, 0) == 1 && c != '\n') request += c;
    if (reply_ == "silence") {
      reply_.clear();
      while (recv(client, &c, 1, 0) > 0) {  // until the client goes
      }
    }
    for (std::string_view rest = reply_; !rest.empty();) {
      auto sent = send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    close(client);
  }

  std::string reply_;
  int listener_;
  std::thread thread_;
};

}  // namespace mtasts::test
