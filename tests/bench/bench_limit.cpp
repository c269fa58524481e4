// bench_limit - what the machine can do: answers every request with the same bytes, and does nothing else.
//
// One thread; per request one epoll_wait (or a share of one), one recv, one send. Requests that come together
// are answered together and in order. Sends block: a client that asks without reading stops everybody. Ends
// with a signal. Exit: 2 not run.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <iostream>
#include <unordered_map>

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
};

class Limit {
 public:
  Limit(Fd listener, std::string reply)
      : listener_(std::move(listener)), reply_(std::move(reply)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    watch(listener_.get());
  }

  void serve() {
    epoll_event events[64];
    int count = ::epoll_wait(epoll_.get(), events, std::size(events), -1);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == listener_.get()) {
        accept_all();
      } else if (!answer(events[i].data.fd)) {
        clients_.erase(events[i].data.fd);
      }
    }
  }

 private:
  struct Client {
    Fd fd;
    std::string partial{};  // of a request that comes in pieces
  };

  void watch(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
  }

  void accept_all() {
    for (int fd; (fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      clients_.insert_or_assign(fd, Client{Fd(fd)});
      watch(fd);
    }
  }

  // False: the client is gone, or sent no netstring.
  bool answer(int fd) {
    auto got = ::recv(fd, input_, sizeof input_, 0);
    if (got <= 0) return got < 0 && errno == EINTR;
    std::string_view input(input_, static_cast<std::size_t>(got));
    std::string& partial = clients_.find(fd)->second.partial;
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

  Fd listener_;
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

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"bench_limit - a socketmap server that always says the same, as fast as the machine can"};
  Options options;
  app.add_option("--listen", options.listen, "unix:PATH or inet:HOST:PORT")->required();
  auto* reply = app.add_option("--reply", options.reply, "what it says (payload)");
  auto* bytes = app.add_option("--bytes", options.bytes, "or OK and so many bytes in all")->excludes(reply);
  app.add_option("--raw", options.raw, "or these bytes without a frame")->excludes(reply)->excludes(bytes);
  app.add_option("--cpu", options.cpu, "core to run on");
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
  Limit limit(std::move(*listener), framed(options));
  std::cout << "ready" << std::endl;
  for (;;) limit.serve();
}
