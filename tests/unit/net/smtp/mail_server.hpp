// mail_server - a scripted mail server to talk to, and what it heard. Shared by the tests of net/smtp.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/smtp/dialogue.hpp"
#include "tests/unit/net/certificates.hpp"
#include "tests/unit/net/https_server.hpp"
#include "tests/unit/net/run.hpp"
#include "tests/unit/net/temp_file.hpp"

namespace mtasts {

inline constexpr const char* mx_host = "mx.good.example";

inline const Authority& authority() {
  static const Authority one;
  return one;
}

inline Identity good_identity() { return authority().issue({.dns_names = {mx_host}}); }

// What a server has heard: commands, and the name in SNI as "SNI mx.example".
class Heard {
 public:
  void add(std::string line) {
    std::scoped_lock lock(mutex_);
    lines_.push_back(std::move(line));
  }
  std::vector<std::string> lines() const {
    std::scoped_lock lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

// What the server says at each step. An empty text ends the connection instead.
struct MailScript {
  std::string greeting = "220 mx.good.example ESMTP\r\n";
  std::string ehlo = "250-mx.good.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n";
  std::string helo = "250 mx.good.example\r\n";
  std::string starttls = "220 2.0.0 go ahead\r\n";
  std::string ehlo_in_tls = "250-mx.good.example\r\n250 AUTH PLAIN\r\n";
  bool implicit_tls = false;
  std::shared_ptr<SSL_CTX> tls = server_context(good_identity());
  std::shared_ptr<Heard> heard = std::make_shared<Heard>();

  // Ends with the connection.
  void operator()(Peer& peer) const {
    bool in_tls = implicit_tls;
    if (in_tls && !start_tls(peer)) return;
    if (!say(peer, greeting)) return;
    for (;;) {
      std::string line = peer.read_line();
      if (line.empty()) return;
      heard->add(line);
      std::string_view verb = std::string_view(line).substr(0, line.find(' '));
      if (verb == "QUIT") return leave(peer);
      const std::string& reply = verb == "STARTTLS" ? starttls
                                 : verb == "HELO"   ? helo
                                 : in_tls           ? ehlo_in_tls
                                                    : ehlo;
      if (!say(peer, reply)) return;
      if (verb == "STARTTLS" && reply.starts_with('2')) {
        in_tls = true;
        if (!start_tls(peer)) return;
      }
    }
  }

 private:
  static bool say(Peer& peer, const std::string& text) { return !text.empty() && peer.write(text); }
  static void leave(Peer& peer) {
    peer.write("221 bye\r\n");
    peer.say_goodbye();
  }
  bool start_tls(Peer& peer) const {
    bool done = peer.start_tls(*tls);
    if (!done) peer.hang_up();  // at once, a reset could take the alert away
    heard->add("SNI " + peer.server_name());
    return done;
  }
};

inline SslCtx client_context() {
  static const SslCtx one = [] {
    TempFile pem(authority().pem());
    return make_smtp_tls_context(pem.path(), "").value();
  }();
  return one;
}

struct Talker {
  boost::asio::io_context loop{1};
  DialogueJob job{.tls = client_context(),
                  .request = {.address = parse_address("127.0.0.1").value(), .host = mx_host},
                  .ehlo = "checker.example",
                  .host_name = {},
                  .done_by = {}};
  std::chrono::milliseconds timeout = std::chrono::seconds(60);

  SmtpDialogue talk(std::uint16_t port) {
    job.request.port = port;
    job.done_by = std::chrono::steady_clock::now() + timeout;
    auto dialogue = run(loop, hold_dialogue(job));
    if (auto what = contradiction_in(dialogue, job.request.implicit_tls); !what.empty())
      throw std::logic_error(std::string(what));
    return dialogue;
  }
};

inline SmtpDialogue talk_to(PeerScript script, bool implicit_tls = false) {
  StreamServer server(std::move(script));
  Talker talker;
  talker.job.request.implicit_tls = implicit_tls;
  return talker.talk(server.port());
}

}  // namespace mtasts
