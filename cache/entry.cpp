#include "cache/entry.hpp"
#include "core/policy_life.hpp"

namespace mtasts::cache {

Entry judge_entry(std::string_view domain, std::string_view bytes, bool in_policy) {
  Entry entry;
  auto value = split_value(domain, bytes);
  if (!value) {
    entry.trouble = "it was stored for another domain, or its prefix is damaged";
    return entry;
  }
  entry.last_used = value->last_used;
  auto decoded = decode(value->record);
  if (decoded && decoded->has_policy == in_policy) {
    entry.record = *decoded;
    entry.record->last_used = value->last_used;
    return entry;
  }
  entry.trouble = decoded ? "it is in the wrong database" : decoded.error().detail;
  entry.newer_version = is_of_later_version(value->record);
  return entry;
}

IndexKeys index_keys_of(std::string_view domain, const RecordView& record, std::uint32_t last_used) noexcept {
  IndexKeys keys{used_key(rank_of(record), last_used, domain), {}, {}};
  if (!record.has_policy) return keys;
  keys.expiry = time_key(expires_at(record.policy, record.fetched_at, certain(record.fetched_at)), domain);
  keys.due = time_key(record.refresh_at, domain);
  return keys;
}

}  // namespace mtasts::cache
