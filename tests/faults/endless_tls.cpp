// endless_tls - a policy host that never ends. It accepts TLS connections, and after the handshake sends one
// thing again and again, as fast as the client reads, until the client closes the connection or SIGTERM ends
// the program.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace {

constexpr std::uint16_t https = 443;
constexpr std::string_view usage = "usage: endless_tls PEM IPV4-ADDRESS WHAT\nWHAT: ";
constexpr std::string_view good_head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";

// Sends its thing once. False: the client is gone.
using Send = bool (*)(SSL&);

bool sent(SSL& ssl, std::string_view octets) {
  return SSL_write(&ssl, octets.data(), static_cast<int>(octets.size())) > 0;
}

const std::string& block() {
  static const std::string text(16384, 'a');
  return text;
}

bool nothing(SSL&) { return true; }
bool send_ticket(SSL& ssl) { return SSL_new_session_ticket(&ssl) == 1 && SSL_do_handshake(&ssl) == 1; }
bool update_keys(SSL& ssl) {
  return SSL_key_update(&ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(&ssl) == 1;
}
// The client's part of the handshake arrives while this side reads.
bool renegotiate(SSL& ssl) {
  std::array<char, 1> octet{};
  return SSL_renegotiate(&ssl) == 1 && SSL_do_handshake(&ssl) == 1 && SSL_peek(&ssl, octet.data(), 1) > 0;
}
bool begin_answer(SSL& ssl) { return sent(ssl, good_head); }
bool send_field(SSL& ssl) { return sent(ssl, "X-More: and more\r\n"); }
bool send_interim(SSL& ssl) { return sent(ssl, "HTTP/1.1 100 Continue\r\n\r\n"); }
bool begin_body(SSL& ssl) { return begin_answer(ssl) && sent(ssl, "\r\nversion: STSv1\r\n"); }
bool send_block(SSL& ssl) { return sent(ssl, block()); }
bool send_octet(SSL& ssl) { return sent(ssl, "a"); }
bool begin_chunk(SSL& ssl) {
  return begin_answer(ssl) && sent(ssl, "Transfer-Encoding: chunked\r\n\r\n1;x=");
}

struct Behaviour {
  std::string_view name;
  Send begin, again;
  int version = TLS1_3_VERSION;
};

constexpr std::array behaviours{
    Behaviour{"tickets", nothing, send_ticket},
    Behaviour{"key-updates", nothing, update_keys},
    Behaviour{"renegotiations", nothing, renegotiate, TLS1_2_VERSION},
    Behaviour{"header", begin_answer, send_field},
    Behaviour{"interim-answers", nothing, send_interim},
    Behaviour{"body", begin_body, send_block},
    Behaviour{"body-in-octets", begin_body, send_octet},
    Behaviour{"chunk-extension", begin_chunk, send_block},
};

const Behaviour& behaviour_named(std::string_view name) {
  std::string names;
  for (const Behaviour& each : behaviours) {
    if (each.name == name) return each;
    names.append(each.name).append(" ");
  }
  throw std::invalid_argument(std::string(usage) + names);
}

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

Context make_context(const char* pem, int version) {
  Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context || SSL_CTX_use_certificate_chain_file(context.get(), pem) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), pem, SSL_FILETYPE_PEM) != 1)
    throw std::runtime_error(std::string(pem) + ": " + ERR_error_string(ERR_get_error(), nullptr));
  SSL_CTX_set_min_proto_version(context.get(), version);
  SSL_CTX_set_max_proto_version(context.get(), version);
  return context;
}

int listen_at(const char* address) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(https);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (listener < 0 || inet_pton(AF_INET, address, &where.sin_addr) != 1 ||
      bind(listener, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
      listen(listener, SOMAXCONN) != 0)
    throw std::runtime_error(std::string("can't listen at ") + address);
  return listener;
}

// Serves one connection until it ends. Waits for the request before it sends anything.
void serve(SSL_CTX& context, int connection, const Behaviour& behaviour) {
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(&context), SSL_free);
  std::array<char, 4096> question{};
  if (ssl && SSL_set_fd(ssl.get(), connection) == 1 && SSL_accept(ssl.get()) == 1 &&
      SSL_read(ssl.get(), question.data(), question.size()) > 0 && behaviour.begin(*ssl)) {
    while (behaviour.again(*ssl)) {
    }
  }
  close(connection);
}

int run(const char* pem, const char* address, std::string_view name) {
  const Behaviour& behaviour = behaviour_named(name);
  Context context = make_context(pem, behaviour.version);
  int listener = listen_at(address);
  std::puts("ready");
  std::fflush(stdout);
  while (true) {
    int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return 1;
    std::thread(serve, std::ref(*context), connection, std::cref(behaviour)).detach();
  }
}

}  // namespace

int main(int argc, char** argv) try {
  std::signal(SIGPIPE, SIG_IGN);
  return run(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "", argc == 4 ? argv[3] : "");
} catch (const std::exception& error) {
  std::fprintf(stderr, "endless_tls: %s\n", error.what());
  return 2;
}
