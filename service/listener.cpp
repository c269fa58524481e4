#include "service/listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "sys/local_shortage.hpp"

namespace mtasts {

namespace asio = boost::asio;

struct Listeners::Acceptor {
  Acceptor(asio::io_context& loop, Listening socket)
      : listening(std::move(socket)), readiness(loop, listening.descriptor()), pause(loop) {}
  ~Acceptor() { readiness.release(); }  // listening owns the descriptor

  Listening listening;
  asio::posix::stream_descriptor readiness;
  asio::steady_timer pause;
  bool closed = false;
};

void DescriptorReserve::fill() noexcept try {
  while (kept_.size() < size_) {
    Fd spare(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
    if (!spare) return;
    kept_.push_back(std::move(spare));
  }
} catch (const std::bad_alloc&) {  // out of memory: try again later
}

bool DescriptorReserve::give_one_up() noexcept {
  if (kept_.empty()) return false;
  kept_.pop_back();
  return true;
}

Listeners::Listeners(asio::io_context& loop, Log& log, Shortages& shortages, DescriptorReserve& reserve,
                     Accepted accepted, NothingLeft nothing_left)
    : loop_(loop),
      log_(log),
      shortages_(shortages),
      reserve_(reserve),
      accepted_(std::move(accepted)),
      nothing_left_(std::move(nothing_left)) {}

Listeners::~Listeners() { close(); }

void Listeners::close() {
  for (auto& acceptor : acceptors_) {
    acceptor->closed = true;
    boost::system::error_code ignored;
    acceptor->readiness.cancel(ignored);
    acceptor->pause.cancel();
  }
  acceptors_.clear();
}

void Listeners::accept_pending() {
  for (auto& acceptor : acceptors_) accept_all(*acceptor);
}

void Listeners::give_to(uid_t user, gid_t group) noexcept {
  for (auto& acceptor : acceptors_) acceptor->listening.give_to(user, group);
}

std::vector<std::string> Listeners::endpoints() const {
  std::vector<std::string> names;
  for (const auto& acceptor : acceptors_) names.push_back(to_string(acceptor->listening.endpoint()));
  return names;
}

Result<void> Listeners::apply(const ListenConfig& config) {
  std::vector<std::shared_ptr<Acceptor>> next;
  std::vector<std::shared_ptr<Acceptor>> fresh;
  std::string trouble;
  for (const Endpoint& endpoint : config.socketmap) {
    auto same = std::ranges::find_if(acceptors_, [&](const auto& a) {
      return a->listening.endpoint() == endpoint && a->listening.reachable();
    });
    if (same != acceptors_.end()) {
      next.push_back(*same);
      continue;
    }
    auto bound = Listening::bind(endpoint, config.socket_mode, config.socket_group);
    if (!bound) {
      if (config.socketmap_configured) return std::unexpected(std::move(bound.error()));
      log_.say(Log::Level::warning, "listen", bound.error().detail);
      trouble = bound.error().detail;
      continue;
    }
    fresh.push_back(std::make_shared<Acceptor>(loop_, *std::move(bound)));
    next.push_back(fresh.back());
  }
  if (next.empty())
    return fail(Fault::config,
                trouble.empty() ? "[listen] socketmap has no address; name at least one" : trouble);
  for (auto& acceptor : next) {  // from here on nothing fails; kept sockets may need other rights
    auto set = acceptor->listening.set_rights(config.socket_mode, config.socket_group);
    if (!set) log_.say(Log::Level::warning, "listen", set.error().detail);
  }
  std::swap(acceptors_, next);
  for (auto& old : next) {
    if (std::ranges::find(acceptors_, old) != acceptors_.end()) continue;
    old->closed = true;
    boost::system::error_code ignored;
    old->readiness.cancel(ignored);
  }
  for (auto& acceptor : fresh) {
    log_.say(Log::Level::info, "listen", to_string(acceptor->listening.endpoint()));
    accept_soon(acceptor);
  }
  return {};
}

// The handler owns the acceptor, so the descriptor stays open until the wait on it has ended.
void Listeners::accept_soon(std::shared_ptr<Acceptor> acceptor) {
  auto& readiness = acceptor->readiness;
  readiness.async_wait(
      asio::posix::stream_descriptor::wait_read,
      [this, acceptor = std::move(acceptor)](boost::system::error_code error) mutable {
        if (error || acceptor->closed) return;
        if (accept_all(*acceptor)) return accept_soon(std::move(acceptor));
        auto& pause = acceptor->pause;
        pause.expires_after(std::chrono::milliseconds(100));
        pause.async_wait([this, acceptor = std::move(acceptor)](boost::system::error_code) mutable {
          if (!acceptor->closed) accept_soon(std::move(acceptor));
        });
      });
}

// False: out of descriptors or memory. The caller tries again after a pause; clients wait in the backlog.
bool Listeners::accept_all(Acceptor& acceptor) {
  for (bool scarce = false;;) {
    int fd = ::accept4(acceptor.listening.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      accepted_(fd, scarce);
      continue;
    }
    int errno_of_accept = errno;
    if (errno_of_accept == EAGAIN) return true;
    if (errno_of_accept == EINTR || errno_of_accept == ECONNABORTED) continue;
    if (is_local_shortage(errno_of_accept)) {
      shortages_.note(Shortage::descriptors);
      note_local_shortage();
      reserve_.fill();
      if ((errno_of_accept == EMFILE || errno_of_accept == ENFILE) && reserve_.give_one_up()) {
        scarce = true;
        continue;
      }
      nothing_left_();
      log_.event(Log::Level::error, "listen",
                 {{"text", "can't accept connections now; clients wait"},
                  {"detail", std::strerror(errno_of_accept)}});
      return false;
    }
    return true;
  }
}

}  // namespace mtasts
