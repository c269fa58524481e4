// listener - the listening sockets: binds them, sets their rights, and accepts connections.
//
// A reload keeps the listeners whose addresses stay, and binds the new ones before it closes any. If one
// can't be bound, nothing changes.
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

inline constexpr gid_t no_group = static_cast<gid_t>(-1);  // means: leave the group as it is

// A bound, listening, non-blocking socket. The destructor unlinks the path of a unix socket if it is still
// this socket.
class Listening {
 public:
  // mode and group are for a unix socket; an empty group leaves the group as it is. An abandoned unix socket
  // (nobody accepts there) is replaced; one in use is an error. Fault::config: detail names the endpoint, the
  // cause and the remedy.
  static Result<Listening> bind(const Endpoint& endpoint, unsigned mode, const std::string& group);

  // Checks whether this process could bind() the endpoint, as far as that can be seen without keeping it
  // bound. An address in use passes. Errors as for bind().
  static Result<void> check(const Endpoint& endpoint);

  Listening(Listening&& other) noexcept;
  Listening& operator=(Listening&&) = delete;
  ~Listening();

  // Sets mode and group of a unix socket, also at a reload. Does nothing for a TCP socket. Fault::config as
  // for bind().
  Result<void> set_rights(unsigned mode, const std::string& group);

  // Makes the user the owner of a unix socket, so that it may unlink it and change its rights later.
  void give_to(uid_t user, gid_t group) noexcept;

  // False if the path was removed or replaced, so that nobody can connect any more.
  bool reachable() const noexcept;

  int descriptor() const noexcept { return socket_.get(); }
  const Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  Listening(Fd socket, Endpoint endpoint);
  Fd socket_;
  Endpoint endpoint_;
  std::uint64_t inode_ = 0;
};

// The id of a group. Fault::config: there is no such group.
Result<gid_t> group_id(const std::string& name);

// Spare descriptors. When all others are in use, one is closed, so that a client that connects then, or asks
// for the status, can still be served. For the main thread.
class DescriptorReserve {
 public:
  explicit DescriptorReserve(std::size_t size) : size_(size) { fill(); }
  void fill() noexcept;         // up to size; fewer if descriptors run out
  bool give_one_up() noexcept;  // closes one; false if none is left

 private:
  std::size_t size_;
  std::vector<Fd> kept_;
};

class Listeners {
 public:
  // Takes ownership of the descriptor, which is non-blocking. scarce: it is one of the last that there are.
  using Accepted = std::function<void(int descriptor, bool scarce)>;
  // Called when a client waits and no descriptor is left for it. Listeners tries again soon.
  using NothingLeft = std::function<void()>;

  // loop, log, shortages and reserve must outlive this.
  Listeners(
      boost::asio::io_context& loop, Log& log, Shortages& shortages, DescriptorReserve& reserve,
      Accepted accepted, NothingLeft nothing_left = [] {});
  ~Listeners();

  // Binds and closes sockets to match the configuration. If [listen] socketmap is not configured, a default
  // socket that can't be bound is only a warning, as long as another works. Fault::config as for
  // Listening::bind(); then nothing has changed.
  Result<void> apply(const ListenConfig& config);

  void give_to(uid_t user, gid_t group = no_group) noexcept;  // Listening::give_to() of each
  // Accepts the connections that wait in the queues now. Call it before close(), which would reset them.
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
