// open_environment - checks everything that must be right before a cache is trusted, and opens it.
//
// Opening for writing goes in this order: folder, owner, daemon.lock, data.mdb, LMDB, permissions, schema.
// The whole of data.mdb is checked if the last writer did not stop in order or if the file has changed since.
// A damaged file is salvaged and kept beside the new one; no other failure changes the file. If nothing can
// be written, an existing cache is opened for reading.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cache/environment.hpp"

namespace mtasts::cache {

struct WriteOptions {
  std::uint64_t max_size = 0;           // octets of pages in use
  std::string lock_memory;              // memory file system for lock.mdb; empty: none
  std::function<void()> on_panic = {};  // called once, on the store thread, when only a restart helps
};

// Fault::storage, with the remedy: the cache cannot be opened. now: for the name of a damaged file that is
// set aside, and for the times in the condition.
Result<std::unique_ptr<Environment>> open_for_writing(const std::string& path, WriteOptions options, Time now,
                                                      CacheLog log);
Result<std::unique_ptr<Environment>> open_for_reading(const std::string& path, CacheLog log);

}  // namespace mtasts::cache
