// listener - the listening sockets: binding, rights, and accepting into the least busy answer thread.
//
// A reload keeps a listener whose address stays, binds the new ones before anything is closed, and changes
// nothing if one of them can't be bound.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conf/config.hpp"
#include "core/result.hpp"
#include "service/log.hpp"
#include "service/shortages.hpp"
#include "sys/fd.hpp"

namespace mtasts {

inline constexpr gid_t no_group = static_cast<gid_t>(-1);  // leaves the group as it is

// A bound, listening, non-blocking socket. Unlinks its path when destroyed, if the path is still this socket.
class Listening {
 public:
  // Fault::config: detail names the endpoint, the cause and the remedy. An abandoned unix socket (nobody
  // answers there) is replaced; one in use is an error.
  static Result<Listening> bind(const Endpoint& endpoint, unsigned mode, const std::string& group);

  // Whether bind() can succeed, apart from an address in use: by whoever asks, as far as that can be seen
  // without binding for good.
  static Result<void> check(const Endpoint& endpoint);

  Listening(Listening&& other) noexcept;
  Listening& operator=(Listening&&) = delete;
  ~Listening();

  // Mode and group of a unix socket, also later on (reload); nothing for a TCP one. Fault::config as for
  // bind().
  Result<void> set_rights(unsigned mode, const std::string& group);

  // Makes the user the owner of a unix socket, so that it may unlink it and change its rights later on.
  void give_to(uid_t user, gid_t group) noexcept;

  // False: the path was removed or taken over, nobody can connect any more.
  bool reachable() const noexcept;

  int descriptor() const noexcept { return socket_.get(); }
  const Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  Listening(Fd socket, Endpoint endpoint);
  Fd socket_;
  Endpoint endpoint_;
  std::uint64_t inode_ = 0;
};

// Fault::config: there is no such group.
Result<gid_t> group_id(const std::string& name);

// Descriptors that are kept to be given up when all others are in use: who connects then, or asks for the
// status, can still be served. For the main thread.
class DescriptorReserve {
 public:
  explicit DescriptorReserve(std::size_t size) : size_(size) { fill(); }
  void fill() noexcept;         // as far as there are descriptors
  bool give_one_up() noexcept;  // false: none is left

 private:
  std::size_t size_;
  std::vector<Fd> kept_;
};

class Listeners {
 public:
  // Takes ownership. scarce: it has one of the last descriptors.
  using Accepted = std::function<void(int descriptor, bool scarce)>;
  // A client waits, and there is no descriptor for it. It is tried again soon.
  using NothingLeft = std::function<void()>;

  // loop, log, shortages and reserve outlive this.
  Listeners(
      boost::asio::io_context& loop, Log& log, Shortages& shortages, DescriptorReserve& reserve,
      Accepted accepted, NothingLeft nothing_left = [] {});
  ~Listeners();

  // Brings the set in line with the configuration. While no listener is configured, a default one that can't
  // be bound is only a warning as long as another works. On an error nothing has changed.
  Result<void> apply(const ListenConfig& config);

  void give_to(uid_t user, gid_t group = no_group) noexcept;  // as Listening::give_to()
  // Takes what waits in the queues now: closing a listener would reset those connections.
  void accept_pending();
  void close();
  std::vector<std::string> endpoints() const;

 private:
  struct Acceptor;
  void accept_soon(std::shared_ptr<Acceptor> acceptor);
  bool accept_all(Acceptor& acceptor);

  boost::asio::io_context& loop_;
  Log& log_;
  Shortages& shortages_;
  DescriptorReserve& reserve_;
  Accepted accepted_;
  NothingLeft nothing_left_;
  std::vector<std::shared_ptr<Acceptor>> acceptors_;
};

}  // namespace mtasts
