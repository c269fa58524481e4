// socketmap_client - asks a running mtastsd as Postfix would (SM-1 to SM-3). Each call blocks until its
// deadline at the latest.
//
// A reply above 100,000 octets is refused (SM-7). Fault::network: nobody listens, or the connection broke.
// Fault::timeout: the deadline has passed. Fault::protocol: the reply is not a socketmap reply. detail names
// the endpoint.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/endpoint.hpp"
#include "core/result.hpp"
#include "sys/fd.hpp"

namespace mtasts {

class SocketmapClient {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // Connects to the first endpoint that accepts the connection. If none does, the error names them all.
  static Result<SocketmapClient> connect(const std::vector<Endpoint>& endpoints, Deadline deadline);

  // The payload of the reply: "OK …", "NOTFOUND ", "TEMP …", "PERM …".
  Result<std::string> ask(std::string_view map, std::string_view key, Deadline deadline);

  // The socket, for shutdown(2): it ends an ask() that waits in another thread.
  int descriptor() const noexcept { return socket_.get(); }

 private:
  SocketmapClient(Fd socket, std::string name) : socket_(std::move(socket)), name_(std::move(name)) {}
  Result<std::string> receive(Deadline deadline);

  Fd socket_;
  std::string name_;
};

}  // namespace mtasts
