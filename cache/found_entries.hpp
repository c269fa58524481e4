// found_entries - remembers where in the map a thread found entries, so that it need not search again for a
// domain that is asked for again.
//
// An address is valid for the commit in which it was found: LMDB never writes to a page of the last commit,
// and a reader that begins at that same commit sees the same bytes at the same address. The next commit makes
// all addresses invalid. Names of more than 42 octets are not remembered. For one thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace mtasts::cache {

class FoundEntries {
 public:
  struct FoundEntry {
    std::string_view bytes;  // of the value; lives as long as the transaction
    bool in_policy = false;  // it is in `policy`, and not in `negative`
  };

  explicit FoundEntries(std::size_t count = default_count) : entries_(count) {}

  // commit: mdb_txn_id() of the transaction that reads. nullopt: not remembered for that commit.
  std::optional<FoundEntry> find(std::size_t commit, std::string_view domain) const noexcept;
  // Remembers where a domain's entry is. May make it forget another domain.
  void put(std::size_t commit, std::string_view domain, const FoundEntry& place) noexcept;

  static constexpr std::size_t default_count = 16384;  // 1 MiB

 private:
  struct alignas(64) Entry {  // one line of the processor's cache
    std::size_t commit = 0;
    const char* data = nullptr;
    std::uint32_t size = 0;
    bool in_policy = false;
    std::uint8_t name_size = 0;  // 0: empty
    std::array<char, 42> name;

    bool is_for(std::string_view domain) const noexcept {
      return std::string_view(name.data(), name_size) == domain;
    }
  };
  static_assert(sizeof(Entry) == 64);

  std::size_t at(std::string_view domain) const noexcept;

  std::vector<Entry> entries_;
};

}  // namespace mtasts::cache
