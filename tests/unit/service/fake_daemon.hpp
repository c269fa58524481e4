// fake_daemon - daemons that send the replies they are given, each a thread of the test.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "conf/config.hpp"
#include "core/netstring.hpp"
#include "sys/socket_address.hpp"

namespace mtasts::test {

// Accepts one connection on a unix socket and passes its descriptor to `talk`, which need not close it.
class OneConnection {
 public:
  using Talk = std::function<void(int client)>;

  OneConnection(const std::string& path, Talk talk) : listener_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    SocketAddress address = socket_address(unix_endpoint(path));
    if (bind(listener_, address.get(), address.size) != 0 || listen(listener_, 1) != 0)
      throw std::runtime_error("no socket");
    thread_ = std::thread([this, talk = std::move(talk)] {
      int client = accept(listener_, nullptr, nullptr);
      if (client < 0) return;
      talk(client);
      close(client);
    });
  }
  ~OneConnection() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  OneConnection(const OneConnection&) = delete;
  OneConnection& operator=(const OneConnection&) = delete;

 private:
  int listener_;
  std::thread thread_;
};

// A control socket: reads a line and sends the reply unchanged. With the reply "silence" it never answers.
class FakeDaemon {
 public:
  FakeDaemon(const std::string& path, std::string reply)
      : connection_(path, [this, reply = std::move(reply)](int client) { answer(client, reply); }) {}

  std::string request;  // valid once the client is done

 private:
  void answer(int client, std::string_view reply) {
    char c = 0;
    while (recv(client, &c, 1, 0) == 1 && c != '\n') request += c;
    if (reply == "silence") {
      reply = {};
      while (recv(client, &c, 1, 0) > 0) {  // until the client goes
      }
    }
    while (!reply.empty()) {
      auto sent = send(client, reply.data(), reply.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      reply.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  OneConnection connection_;
};

// A socketmap: answers each request from `replies`, whose octets are sent unchanged.
class FakeSocketmap {
 public:
  using Replies = std::map<std::string, std::string>;

  FakeSocketmap(const std::string& path, Replies replies)
      : path_(path),
        connection_(path, [replies = std::move(replies)](int client) { answer(client, replies); }) {}

  Endpoint endpoint() const { return unix_endpoint(path_); }

 private:
  static void answer(int client, const Replies& replies) {
    std::string input;
    char part[4096];
    for (ssize_t count; (count = recv(client, part, sizeof part, 0)) > 0;) {
      input.append(part, static_cast<std::size_t>(count));
      Frame frame = next_frame(input, 10'000);
      if (frame.state != Frame::State::whole) continue;
      auto reply = replies.find(std::string(frame.payload));
      if (reply == replies.end()) break;
      for (char c : reply->second)  // octet by octet: replies come in pieces
        if (send(client, &c, 1, MSG_NOSIGNAL) != 1) break;
      input.erase(0, frame.used);
    }
  }

  std::string path_;
  OneConnection connection_;
};

}  // namespace mtasts::test
