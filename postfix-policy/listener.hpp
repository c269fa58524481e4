// listener - the listening sockets: binding, rights, and accepting into the least busy answer thread.
//
// A reload keeps a listener whose address stays, binds the new ones before anything is closed, and changes
// nothing if one of them can't be bound.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conf/config.hpp"
#include "core/result.hpp"
#include "postfix-policy/log.hpp"

namespace mtasts {

// A bound, listening, non-blocking socket. Unlinks its path when destroyed, if the path is still this socket.
class Listening {
 public:
  // Fault::config: detail names the endpoint, the cause and the remedy. An abandoned unix socket (nobody
  // answers there) is replaced; one in use is an error.
  static Result<Listening> bind(const Endpoint& endpoint, unsigned mode, const std::string& group);

  Listening(Listening&& other) noexcept;
  Listening& operator=(Listening&&) = delete;
  ~Listening();

  // Mode and group of a unix socket, also later on (reload); nothing for a TCP one. Fault::config as for
  // bind().
  Result<void> set_rights(unsigned mode, const std::string& group);

  // False: the path was removed or taken over, nobody can connect any more.
  bool reachable() const noexcept;

  int descriptor() const noexcept { return descriptor_; }
  const Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  Listening(int descriptor, Endpoint endpoint);
  int descriptor_;
  Endpoint endpoint_;
  std::uint64_t inode_ = 0;
};

class Listeners {
 public:
  using Accepted = std::function<void(int descriptor)>;  // takes ownership

  Listeners(boost::asio::io_context& loop, Log& log, Accepted accepted);
  ~Listeners();

  // Brings the set in line with the configuration. While no listener is configured, a default one that can't
  // be bound is only a warning as long as another works. On an error nothing has changed.
  Result<void> apply(const ListenConfig& config);

  void close();
  std::vector<std::string> endpoints() const;

 private:
  struct Acceptor;
  void accept_soon(std::shared_ptr<Acceptor> acceptor);
  bool accept_all(Acceptor& acceptor);

  boost::asio::io_context& loop_;
  Log& log_;
  Accepted accepted_;
  std::vector<std::shared_ptr<Acceptor>> acceptors_;
};

}  // namespace mtasts
