// unbound_context - a libunbound context with mtastsd's settings, checked as far as that goes before the
// first question.
//
// REQUIRES: made, used and deleted on one thread, never across a fork (UB-15). Deleting it joins libunbound's
// thread.
#pragma once

#include <unbound.h>

#include <memory>

#include "core/result.hpp"
#include "net/dns/unbound_dns.hpp"

namespace mtasts {

struct UbCtxDeleter {
  void operator()(ub_ctx* ctx) const noexcept { ub_ctx_delete(ctx); }
};
using UbCtx = std::unique_ptr<ub_ctx, UbCtxDeleter>;

// Thread mode, silent, settings final. Fault::config: detail names the file or the option, and what to do.
Result<UbCtx> make_unbound_context(const UnboundOptions& options);

}  // namespace mtasts
