#include "tests/unit/net/https_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>

#include "sys/socket_address.hpp"

namespace mtasts {

using namespace std::chrono_literals;

Peer::Peer(int descriptor, const std::atomic<bool>& stop, std::atomic<bool>& waiting)
    : descriptor_(descriptor), stop_(stop), waiting_(waiting) {
  timeval limit{60, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

Peer::~Peer() {
  ssl_.reset();
  ::close(descriptor_);
}

std::shared_ptr<SSL_CTX> server_context(const Identity& identity, int highest_version) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (highest_version < TLS1_2_VERSION) {
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    SSL_CTX_set_cipher_list(context.get(), "DEFAULT:@SECLEVEL=0");
  }
  SSL_CTX_set_max_proto_version(context.get(), highest_version);
  SSL_CTX_use_certificate(context.get(), identity.certificate.get());
  SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
  return context;
}

bool Peer::start_tls(const Identity& identity, int highest_version) {
  return start_tls(*server_context(identity, highest_version));
}

bool Peer::start_tls(SSL_CTX& context) {
  ssl_.reset(SSL_new(&context), SSL_free);
  SSL_set_fd(ssl_.get(), descriptor_);
  return SSL_accept(ssl_.get()) == 1;
}

std::string Peer::read_to(std::string_view end) {
  std::string text;
  char octet = 0;
  while (!text.ends_with(end)) {
    auto size = ssl_ ? SSL_read(ssl_.get(), &octet, 1) : ::recv(descriptor_, &octet, 1, 0);
    if (size != 1) break;
    text += octet;
  }
  return text;
}

std::string Peer::read_head() { return read_to("\r\n\r\n"); }

std::string Peer::read_line() {
  std::string line = read_to("\r\n");
  return line.ends_with("\r\n") ? line.substr(0, line.size() - 2) : "";
}

bool Peer::has_input() const {
  pollfd watched{descriptor_, POLLIN, 0};
  return ::poll(&watched, 1, 0) == 1;
}

void Peer::hang_up() const {
  ::shutdown(descriptor_, SHUT_WR);
  std::array<char, 4096> ignored;
  while (::recv(descriptor_, ignored.data(), ignored.size(), 0) > 0) {
  }
}

void Peer::reset() const {
  linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

bool Peer::write(std::string_view text) {
  if (text.empty()) return true;
  if (!ssl_)
    return ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) > 0;
}

bool Peer::send_ticket() {
  return SSL_new_session_ticket(ssl_.get()) == 1 && SSL_do_handshake(ssl_.get()) == 1;
}

bool Peer::update_keys() {
  return SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(ssl_.get()) == 1;
}

void Peer::say_goodbye() {
  if (ssl_) SSL_shutdown(ssl_.get());
}

void Peer::wait(std::chrono::milliseconds time) const {
  waiting_ = true;
  for (auto end = std::chrono::steady_clock::now() + time;
       !stop_ && std::chrono::steady_clock::now() < end;) {
    std::this_thread::sleep_for(5ms);
  }
}

std::string Peer::server_name() const {
  const char* name = ssl_ ? SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name) : nullptr;
  return name == nullptr ? "" : name;
}

StreamServer::StreamServer(PeerScript script, const char* address, std::uint16_t port)
    : script_(std::move(script)) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL's socket BIO writes without MSG_NOSIGNAL
  SocketAddress where = socket_address(parse_address(address).value(), port);
  auto* name = reinterpret_cast<sockaddr*>(&where.storage);
  listener_ = ::socket(where.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  int yes = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  bool ready = ::bind(listener_, name, where.size) == 0 && ::listen(listener_, 16) == 0;
  if (!ready || ::getsockname(listener_, name, &where.size) != 0) {
    ::close(listener_);
    throw std::runtime_error(std::string("can't listen on ") + address);
  }
  port_ = ntohs(where.family() == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(name)->sin6_port
                                           : reinterpret_cast<sockaddr_in*>(name)->sin_port);
  thread_ = std::thread([this] { serve(); });
}

StreamServer::~StreamServer() {
  stop_ = true;
  thread_.join();
  ::close(listener_);
}

void StreamServer::serve() {
  while (!stop_) {
    pollfd watched{listener_, POLLIN, 0};
    if (::poll(&watched, 1, 10) != 1) continue;
    int descriptor = ::accept(listener_, nullptr, nullptr);
    if (descriptor < 0) continue;
    ++connections_;
    Peer peer(descriptor, stop_, waiting_);
    script_(peer);
  }
}

}  // namespace mtasts
