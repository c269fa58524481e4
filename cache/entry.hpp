// entry - a stored value judged: is it the domain's, is it whole, and which index keys belong to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cache/layout.hpp"
#include "core/record.hpp"

namespace mtasts::cache {

struct Entry {
  std::optional<RecordView> record;  // lives as long as the bytes; nullopt: bad bytes
  std::uint32_t last_used = 0;       // 0 if the prefix is bad
  bool newer_version = false;        // the record is bad because a newer mtastsd wrote it
  std::string trouble;               // why it is bad
};

// in_policy: it lies in the database `policy`. Allocates nothing for a good entry.
Entry judge_entry(std::string_view domain, std::string_view bytes, bool in_policy);

// The keys under which an entry is filed; due and expiry only with a policy.
struct IndexKeys {
  IndexKey used;
  std::optional<IndexKey> expiry, due;
};
IndexKeys index_keys_of(std::string_view domain, const RecordView& record, std::uint32_t last_used) noexcept;

}  // namespace mtasts::cache
