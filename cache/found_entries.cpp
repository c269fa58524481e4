#include "cache/found_entries.hpp"

#include <algorithm>
#include <limits>

#include "core/crc32c.hpp"

namespace mtasts::cache {

constexpr std::size_t most_prefetched = 1024;

// Somebody who chooses names that collide here only makes them be searched for each time.
std::size_t FoundEntries::at(std::string_view domain) const noexcept {
  return crc32c(domain) % entries_.size();
}

std::optional<FoundEntries::FoundEntry> FoundEntries::find(std::size_t commit,
                                                           std::string_view domain) const noexcept {
  if (entries_.empty() || domain.empty()) return std::nullopt;
  const Entry& entry = entries_[at(domain)];
  if (entry.commit != commit || !entry.is_for(domain)) return std::nullopt;
  // The caller reads all of the value next, and it is rarely in the processor's cache.
  for (std::size_t at = 0; at < entry.size && at < most_prefetched; at += 64)
    __builtin_prefetch(entry.data + at);
  return FoundEntry{{entry.data, entry.size}, entry.in_policy};
}

void FoundEntries::put(std::size_t commit, std::string_view domain, const FoundEntry& place) noexcept {
  bool fits = domain.size() <= std::tuple_size_v<decltype(Entry::name)> &&
              place.bytes.size() <= std::numeric_limits<std::uint32_t>::max();
  if (entries_.empty() || domain.empty() || !fits) return;
  Entry& entry = entries_[at(domain)];
  entry.commit = commit;
  entry.data = place.bytes.data();
  entry.size = static_cast<std::uint32_t>(place.bytes.size());
  entry.in_policy = place.in_policy;
  entry.name_size = static_cast<std::uint8_t>(domain.size());
  std::ranges::copy(domain, entry.name.begin());
}

}  // namespace mtasts::cache
