// sockets - what bench_load and bench_limit need from the system: sockets, a core, descriptors.
//
// Errors are Fault::network or Fault::config; detail has the endpoint or the option, and the system's error
// text.
#pragma once

#include "conf/config.hpp"
#include "core/result.hpp"
#include "sys/fd.hpp"

namespace mtasts::bench {

// Returns a connected, non-blocking socket. Waits for at most ten seconds while the server's backlog is full.
Result<Fd> connect_to(const Endpoint& endpoint);
// Returns a listening, non-blocking socket. A socket that exists at a unix path is replaced.
Result<Fd> listen_on(const Endpoint& endpoint);

Result<void> pin_to_core(int core);  // pins the calling thread; does nothing for a negative core
void raise_file_limit() noexcept;    // raises the limit of descriptors to the hard limit

}  // namespace mtasts::bench
