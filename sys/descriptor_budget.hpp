// descriptor_budget - how the descriptors that this process may have are shared, so that no part can take
// those that another needs: else a client that connects, or a flood of lookups, would make lookups fail.
#pragma once

#include <cstddef>

namespace mtasts {

struct DescriptorBudget {
  std::size_t connections;  // of clients
  std::size_t dns;          // UDP sockets of one libunbound context; two may be in use
  std::size_t dns_tcp;      // TCP sockets of one
  std::size_t fetches;      // policy hosts asked at once
};

// Of a limit of so many (RLIMIT_NOFILE). Files, the log, the cache, the control socket and what is kept in
// reserve have the rest. Never 0.
DescriptorBudget share_descriptors(std::size_t limit) noexcept;

// Of this process's limit now.
DescriptorBudget descriptor_budget() noexcept;

}  // namespace mtasts
