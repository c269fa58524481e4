// entry - checks a stored value: whether it belongs to the domain, whether it is intact, and which index keys
// it must have.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cache/layout.hpp"
#include "core/record.hpp"

namespace mtasts::cache {

struct Entry {
  std::optional<RecordView> record;  // lives as long as the bytes; nullopt: they cannot be read
  std::uint32_t last_used = 0;       // days since 1970-01-01 UTC; 0 if the prefix is damaged
  bool newer_version = false;        // it cannot be read because a newer mtastsd wrote it
  std::string trouble;               // why it cannot be read, for people
};

// bytes: the value stored for domain. in_policy: it is in the database `policy`, and not in `negative`.
// Allocates nothing if the entry is intact.
Entry judge_entry(std::string_view domain, std::string_view bytes, bool in_policy);

// The index keys of an entry. expiry and due are set only if it has a policy.
struct IndexKeys {
  IndexKey used;
  std::optional<IndexKey> expiry, due;
};
IndexKeys index_keys_of(std::string_view domain, const RecordView& record, std::uint32_t last_used) noexcept;

}  // namespace mtasts::cache
