// unbound_context - a libunbound context with mtastsd's settings, checked as far as that goes before the
// first question.
//
// REQUIRES: made, used and deleted where the events are run, never across a fork (UB-15). Deleting it calls
// back with a failure for each question that is out.
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

// Silent, settings final; for ub_resolve_event() alone. events must outlive it. Fault::config: detail names
// the file or the option, and what to do.
Result<UbCtx> make_unbound_context(const UnboundOptions& options, ub_event_base& events);

}  // namespace mtasts
