// sockets - what the load generator and its counterpart need of the system: sockets, a core, descriptors.
//
// Errors: Fault::network or Fault::config, detail names the endpoint or the option and the system's words.
#pragma once

#include "conf/config.hpp"
#include "core/result.hpp"
#include "sys/fd.hpp"

namespace mtasts::bench {

// Connected, nonblocking. Waits while the server's backlog is full, at most ten seconds.
Result<Fd> connect_to(const Endpoint& endpoint);
// Listening, nonblocking. A socket that lies at a unix path is replaced.
Result<Fd> listen_on(const Endpoint& endpoint);

Result<void> pin_to_core(int core);  // the calling thread; a negative core: leaves it free
void raise_file_limit() noexcept;    // as many descriptors as the hard limit allows

}  // namespace mtasts::bench
