#include "sys/descriptor_budget.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace mtasts {

DescriptorBudget share_descriptors(std::size_t limit) noexcept {
  constexpr std::size_t own = 64, dns_at_most = 4096, fetches_at_most = 768;
  std::size_t rest = limit > own ? limit - own : 0;
  DescriptorBudget budget{};
  budget.dns = std::clamp<std::size_t>(rest / 8, 4, dns_at_most);
  budget.dns_tcp = std::clamp<std::size_t>(budget.dns / 4, 1, 64);
  budget.fetches = std::clamp<std::size_t>(rest / 8, 2, fetches_at_most);
  std::size_t lookups = 2 * (budget.dns + budget.dns_tcp) + budget.fetches;
  budget.connections = rest > lookups ? rest - lookups : 1;
  return budget;
}

DescriptorBudget descriptor_budget() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = 1024;
  return share_descriptors(static_cast<std::size_t>(limit.rlim_cur));
}

}  // namespace mtasts
