// new_file - the data.mdb that a salvage writes: it is given entries and makes their index keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cache/databases.hpp"
#include "cache/handles.hpp"
#include "core/record.hpp"

namespace mtasts::cache {

// All functions throw LmdbFailure.
class NewFile {
 public:
  // Begins the file. path must not exist. map_size: address space for LMDB's map, in octets.
  NewFile(const std::string& path, std::uint64_t map_size);

  bool has(std::string_view domain);
  // value: the stored form of record, with its prefix.
  void add(std::string_view domain, std::string_view value, const RecordView& record,
           std::uint32_t last_used);
  void add(std::string_view domain, const Record& record, std::uint32_t last_used);
  // A value that this program cannot read but a newer one can.
  void add_raw(std::string_view domain, std::string_view value, bool in_policy);
  void add_meta(std::string_view key, std::string_view value) { put(dbs_.meta, key, value); }
  // Takes the newest fetch of the entries that were added; for when the damaged file's `meta` could
  // not be read.
  void guess_newest_fetch() { set_newest_fetch(txn_.get(), dbs_, newest_fetch_); }

  // Makes the file durable. Nothing can be added after this.
  void finish();

 private:
  void begin();
  bool in(MDB_dbi dbi, std::string_view key);
  void put(MDB_dbi dbi, std::string_view key, std::string_view value);

  std::string path_;
  Env env_;
  Txn txn_;
  Databases dbs_;
  Time newest_fetch_{};
  std::size_t added_ = 0;
};

}  // namespace mtasts::cache
