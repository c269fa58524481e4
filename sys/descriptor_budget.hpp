// descriptor_budget - how this process's descriptors are shared out, so that no part can take those that
// another needs. Otherwise clients that connect, or a flood of lookups, would make lookups fail.
#pragma once

#include <cstddef>

namespace mtasts {

struct DescriptorBudget {
  std::size_t connections;  // of clients
  std::size_t dns;          // UDP sockets of one libunbound context; two may be in use
  std::size_t dns_tcp;      // TCP sockets of one libunbound context
  std::size_t fetches;      // fetches at once
};

// The shares of a limit (RLIMIT_NOFILE). The rest is for files, the log, the cache, the control socket and a
// reserve. No share is 0.
DescriptorBudget share_descriptors(std::size_t limit) noexcept;

// The shares of this process's current limit.
DescriptorBudget descriptor_budget() noexcept;

}  // namespace mtasts
