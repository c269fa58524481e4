// https_server - a scripted server on 127.0.0.0/8, in a thread of its own, one connection after the other.
//
// A script gets the connection and may do anything with it; the connection is closed when the script returns.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "tests/unit/net/certificates.hpp"

namespace mtasts {

std::shared_ptr<SSL_CTX> server_context(const Identity& identity, int highest_version = TLS1_3_VERSION);

// One accepted connection. Every call gives up after 10 s or when the server is stopped.
class Peer {
 public:
  Peer(int descriptor, const std::atomic<bool>& stop, std::atomic<bool>& waiting);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bool start_tls(const Identity& identity, int highest_version = TLS1_3_VERSION);
  bool start_tls(SSL_CTX& context);  // the caller keeps it, so that its sessions can be resumed
  bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  std::string read_head();                          // up to and with the empty line, over TLS if started
  std::string read_line();                          // without its end; "": the other side is gone
  bool has_input() const;                           // octets wait to be read, or the other side is gone
  bool write(std::string_view text);                // false: the other side is gone
  bool send_ticket();                               // one more (TLS 1.3); false: the other side is gone
  bool update_keys();                               // of TLS 1.3; false as above
  void say_goodbye();                               // TLS close_notify
  void hang_up() const;                             // ends our half, and waits until the other side ends its
  void reset() const;                               // the connection will end with a RST
  void wait(std::chrono::milliseconds time) const;  // ends early when the server is stopped
  bool stopping() const { return stop_; }
  std::string server_name() const;  // SNI

 private:
  std::string read_to(std::string_view end);

  int descriptor_;
  const std::atomic<bool>& stop_;
  std::atomic<bool>& waiting_;
  std::shared_ptr<SSL> ssl_;
};

using PeerScript = std::function<void(Peer&)>;

class StreamServer {
 public:
  // address: of 127.0.0.0/8, or ::1; port 0: any. Throws std::runtime_error if it can't be bound.
  explicit StreamServer(PeerScript script, const char* address = "127.0.0.1", std::uint16_t port = 0);
  ~StreamServer();
  StreamServer(const StreamServer&) = delete;
  StreamServer& operator=(const StreamServer&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  int connections() const noexcept { return connections_; }
  bool waiting() const noexcept { return waiting_; }  // the script has called Peer::wait(), so far

 private:
  void serve();

  PeerScript script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false}, waiting_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

}  // namespace mtasts
