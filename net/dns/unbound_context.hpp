// unbound_context - makes a libunbound context with mtastsd's settings, which are checked as far as is
// possible before the first question.
//
// REQUIRES: it is made, used and deleted on the thread that runs the events, and never across a fork (UB-15).
// Deleting it calls the callback of each question that is out, with a failure.
#pragma once

#include <unbound-event.h>
#include <unbound.h>

#include <memory>

#include "core/result.hpp"
#include "net/dns/unbound_dns.hpp"

namespace mtasts {

struct UbCtxDeleter {
  void operator()(ub_ctx* ctx) const noexcept { ub_ctx_delete(ctx); }
};
using UbCtx = std::unique_ptr<ub_ctx, UbCtxDeleter>;

// It writes no log, and its settings are final. It is for ub_resolve_event() only. events must outlive it.
// Fault::config: detail names the file or the option, and says what to do.
Result<UbCtx> make_unbound_context(const UnboundOptions& options, ub_event_base& events);

}  // namespace mtasts
