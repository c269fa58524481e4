// bench_limit - shows what the machine can do: it answers every request with the same bytes, and does nothing
// else.
//
// It is one thread. Each request costs one epoll_wait (or a share of one), one recv and one send. Requests
// that come together are answered together, in order. Sends block, so a client that asks without reading
// stops all others. With --threads N, one thread accepts and spreads the connections over N threads that
// share nothing; what they cost beyond one thread is due to the machine. A signal ends it. Exit: 2 not run.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <iostream>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "conf/values.hpp"
#include "core/netstring.hpp"
#include "tests/bench/sockets.hpp"

namespace {

using namespace mtasts;
using namespace mtasts::bench;

constexpr std::size_t max_request = 100'000, input_size = 65'536;

struct Options {
  std::string listen, reply = "OK secure match=mx.example.com servername=hostname", raw;
  std::size_t bytes = 0;
  int cpu = -1;
  unsigned threads = 0;
};

class Limit {
 public:
  explicit Limit(std::string reply) : reply_(std::move(reply)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  // Accepts the connections itself.
  void listen(int listener) {
    listener_ = listener;
    adopt(listener);
  }
  // Takes ownership of a connection; any thread may call it.
  void adopt(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  }

  void serve() {
    epoll_event events[64];
    int count = ::epoll_wait(epoll_.get(), events, std::size(events), -1);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == listener_) {
        accept_all();
      } else if (!answer(events[i].data.fd)) {
        clients_.erase(events[i].data.fd);
      }
    }
  }

 private:
  struct Client {
    Fd fd;
    std::string partial{};  // what has come of an incomplete request
  };

  void accept_all() {
    for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) adopt(fd);
  }

  Client& client(int fd) {
    auto found = clients_.find(fd);
    return found != clients_.end() ? found->second : clients_.emplace(fd, Client{Fd(fd)}).first->second;
  }

  // False if the client is gone, or sent anything but netstrings.
  bool answer(int fd) {
    std::string& partial = client(fd).partial;
    auto got = ::recv(fd, input_, sizeof input_, 0);
    if (got <= 0) return got < 0 && errno == EINTR;
    std::string_view input(input_, static_cast<std::size_t>(got));
    if (!partial.empty()) input = partial.append(input);
    output_.clear();
    Frame frame = next_frame(input, max_request);
    for (; frame.state == Frame::State::whole; frame = next_frame(input, max_request)) {
      output_ += reply_;
      input.remove_prefix(frame.used);
    }
    if (!input.empty() || !partial.empty()) partial = std::string(input);
    return frame.state == Frame::State::partial && send_all(fd, output_);
  }

  static bool send_all(int fd, std::string_view output) {
    while (!output.empty()) {
      auto sent = ::send(fd, output.data(), output.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EINTR) return false;
      output.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
    }
    return true;
  }

  int listener_ = -1;
  std::string reply_, output_;
  Fd epoll_;
  std::unordered_map<int, Client> clients_;
  char input_[input_size];
};

std::string framed(const Options& o) {
  if (!o.raw.empty()) return o.raw;
  std::string payload = o.reply, out;
  if (o.bytes > 0) payload = "OK " + std::string(std::max<std::size_t>(o.bytes, 4) - 3, 'x');
  append_netstring(out, payload);
  return out;
}

Result<Fd> start(const Options& o) {
  auto endpoint = read_endpoint(o.listen);
  if (!endpoint) return fail(Fault::config, o.listen + ": " + endpoint.error());
  if (auto pinned = pin_to_core(o.cpu); !pinned) return std::unexpected(std::move(pinned.error()));
  raise_file_limit();
  return listen_on(*endpoint);
}

void serve_alone(int listener, const std::string& reply) {
  Limit limit(reply);
  limit.listen(listener);
  for (;;) limit.serve();
}

// Never returns.
void serve_by_threads(int listener, const std::string& reply, unsigned threads) {
  std::vector<std::unique_ptr<Limit>> limits;
  for (unsigned i = 0; i < threads; ++i) {
    limits.push_back(std::make_unique<Limit>(reply));
    std::thread([limit = limits.back().get()] {
      for (;;) limit->serve();
    }).detach();
  }
  pollfd wanted{.fd = listener, .events = POLLIN, .revents = 0};
  for (std::size_t turn = 0;;) {
    ::poll(&wanted, 1, -1);
    int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) limits[turn++ % threads]->adopt(fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "bench_limit - a socketmap server that always gives the same reply, as fast as the machine can"};
  Options options;
  app.add_option("--listen", options.listen, "unix:PATH or inet:HOST:PORT")->required();
  auto* reply = app.add_option("--reply", options.reply, "the reply's payload");
  auto* bytes =
      app.add_option("--bytes", options.bytes, "instead: OK, padded to this many bytes")->excludes(reply);
  app.add_option("--raw", options.raw, "instead: these bytes, not framed as a netstring")
      ->excludes(reply)
      ->excludes(bytes);
  app.add_option("--cpu", options.cpu, "core to run on");
  app.add_option("--threads", options.threads, "number of threads that answer, beside the one that accepts")
      ->check(CLI::Range(1u, 1024u));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  auto listener = start(options);
  if (!listener) {
    std::cerr << "bench_limit: " << listener.error().detail << '\n';
    return 2;
  }
  std::cout << "ready" << std::endl;
  if (options.threads == 0) serve_alone(listener->get(), framed(options));
  serve_by_threads(listener->get(), framed(options), options.threads);
}
