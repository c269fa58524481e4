// shell - the thin layer between libmilter and Session: callbacks that never throw (MLT-8), and the
// process-wide calls of libmilter. A process has one filter (MLT-1), so there is one of these.
//
// libmilter runs the callbacks of one connection on changing threads, one at a time (MLT-4). The session
// belongs to the connection: it is made at the negotiation and freed when the connection closes.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

#include "conf/config.hpp"
#include "core/result.hpp"
#include "milter/asker.hpp"
#include "milter/session.hpp"

namespace mtasts {

struct MilterHooks {
  // The configuration for a connection that begins. Any thread calls it.
  std::function<std::shared_ptr<const MilterConfig>()> config;
  Session::Report report;                    // any thread
  std::function<void(const char*)> trouble;  // something that should not happen; any thread
  Asker* asker = nullptr;
};

// Registers the filter with libmilter. descriptor: a listening socket, which stays the caller's. hooks must
// live until close_milter() has returned. Fault::config: libmilter refuses; detail says which step.
Result<void> register_milter(MilterHooks& hooks, int descriptor);

// Serves connections. It does not return unless libmilter fails, because libmilter is kept from taking
// signals. It blocks SIGHUP, SIGTERM and SIGINT in its thread (MLT-6). False: libmilter failed.
bool serve_milter();

// From now on every callback is answered 4xx without touching the hooks. Waits for those that are running,
// which may take as long as a message may wait for mtastsd.
void close_milter() noexcept;

// How many messages are between MAIL and their end.
std::size_t messages_under_way() noexcept;

}  // namespace mtasts
